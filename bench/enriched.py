"""Whole workers on a real Kafka, with and without features from Redis: the second part of
bench/run features. Four of the model's columns come from Redis in place of the event."""

import os
from statistics import median

import msgpack
import numpy as np
import redis

import stream
import worker

FEW = 10000
ENTITIES = 50000  # the keys of stream.records
FROM_REDIS = ("balance", "spent", "refunded", "distance")
AGGREGATE = """\
aggregates:
  card:
    entity: key
    over: 1h
    of: {balance: {count: {}}, spent: {sum: event.amount}, refunded: {max: event.amount},
         distance: {mean: event.amount}}
"""
LOOKUP = 'lookups: {card: {key: "{key}", format: FORMAT}}\n'

# What each adds to the configuration.
SIDES = {
    "no_redis": None,
    "hash": LOOKUP.replace("FORMAT", "hash"),
    "packed": LOOKUP.replace("FORMAT", "msgpack"),
    "packed_cached": LOOKUP.replace("FORMAT", "msgpack"),
    "aggregates": AGGREGATE.replace("{count: {}}", "{}"),
}


class Workers:
    def __init__(self, bed, events):
        self.bed = bed
        self.model = stream.forest(100)
        self.url = os.environ["REDIS_URL"]
        self.redis = redis.Redis.from_url(self.url)
        self.few = self.publish(FEW)
        self.many = self.publish(events)

    def publish(self, n):
        topic = self.bed.topic("enriched")
        self.bed.publish(topic, stream.records(n))
        return topic, n

    def fill(self, side):
        """The cards that lookups find: packed, or as hashes."""
        self.redis.flushall()
        pipeline = self.redis.pipeline(transaction=False)
        for i in range(ENTITIES if side not in ("no_redis", "aggregates") else 0):
            values = {name: float(i % 100) for name in FROM_REDIS}
            if side == "hash":
                pipeline.hset(f"card-{i:05}", mapping=values)
            else:
                pipeline.set(f"card-{i:05}", msgpack.packb(values))
            if i % 5000 == 4999:
                pipeline.execute()
        pipeline.execute()

    def cost(self, side, source, n):
        self.fill(side)
        sink = self.bed.topic("enriched-out")
        cache = ", cache: {entries: 100000}" if side == "packed_cached" else ""
        more = f'redis: {{url: "{self.url}", timeout: 1s{cache}}}\n' + (SIDES[side] or "")
        origins = {name: f"card.{name}" for name in FROM_REDIS} if SIDES[side] else {}
        started = worker.leat(self.bed.brokers, source, sink, self.model, stream.FEATURES,
                              origins=origins, more=more)
        started.wait_until(lambda: self.bed.count(sink) >= n, f"{n} predictions")
        cpu = started.stop()
        self.bed.remove(sink)
        return cpu

    def measure(self, runs):
        """CPU-seconds per million events, medians, without start-up."""
        spent = {side: [] for side in SIDES}
        for run in range(1, runs + 1):
            for side in SIDES:
                few, many = (self.cost(side, *of) for of in (self.few, self.many))
                spent[side].append((many - few) / (self.many[1] - self.few[1]) * 1e6)
                print(f"run {run}: {side:13} {spent[side][-1]:7.3f} CPU-seconds per million "
                      "events", flush=True)
        return {side: float(np.round(median(of), 3)) for side, of in spent.items()}
