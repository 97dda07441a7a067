"""Users and cards whose every value says whose it is, in Redis and in a stream of events.

A user is a HASH, read with HMGET; a card a msgpack map in a string, read with MGET. Field j of
user u is 32 u + j, of card c 32 c + 16 + j: a value in another place, or of another one, shows.
Some lack a field, some are absent, some users are of another type. The model hands all values
through to the prediction (tests/aggregates/through.onnx)."""

import json
import os

import msgpack
import numpy as np

from redis_proxy import FIRST

CARDS = 4000
# User u has card u // 4, which is the key of the event, so that both are of one lane.
USERS = 4 * CARDS
VALUES = 7
SENTINEL = -7e300  # what the model makes of a missing value
MODEL = os.path.join(os.path.dirname(__file__), "..", "aggregates", "through.onnx")
OF_THE_EVENT = ("n", "user", "card", "spare")
FIELDS = (*(f"f{j}" for j in range(VALUES)), "stamp")
COLUMNS = (*OF_THE_EVENT, *(f"user_{f}" for f in FIELDS), *(f"card_{f}" for f in FIELDS))


class Part:
    """What stands in Redis of one lookup."""

    def __init__(self, name, first, base, gap, absent, broken):
        self.name, self.first, self.base = name, first, base
        self.columns = COLUMNS[first:first + len(FIELDS)]
        self.gap, self.absent, self.broken = gap, absent, broken

    def is_absent(self, entity):
        return entity % self.absent[0] == self.absent[1]

    def is_broken(self, entity):
        """Of another type, which Redis refuses."""
        return self.broken is not None and entity % self.broken[0] == self.broken[1]

    def values(self, entity):
        """By field, without those that it lacks."""
        lacks = entity % self.gap[0] == self.gap[1]
        return {f"f{j}": 32 * entity + self.base + j for j in range(VALUES - lacks)}

    def row(self, entity):
        """What the model is given where Redis answers, without the stamp."""
        values = {} if self.is_absent(entity) else self.values(entity)
        return [values.get(f, SENTINEL) for f in FIELDS[:-1]]


USER = Part("user", 4, 0, gap=(13, 3), absent=(101, 7), broken=(997, 5))
CARD = Part("card", 12, 16, gap=(17, 4), absent=(103, 9), broken=None)
PARTS = (USER, CARD)


def fill(client):
    client.flushall()
    pipeline = client.pipeline(transaction=False)
    for user in range(USERS):
        if USER.is_broken(user):
            pipeline.set(f"user:{user}", "of another type")
        elif not USER.is_absent(user):
            pipeline.hset(f"user:{user}", mapping=USER.values(user) | {"stamp": FIRST})
    for card in range(CARDS):
        if not CARD.is_absent(card):
            # The stamp is last, and takes the last four bytes.
            pipeline.set(f"card:{card}", msgpack.packb(CARD.values(card) | {"stamp": FIRST}))
    pipeline.execute()
    client.save()


class Traffic:
    """Event n of the stream of that seed is of users()[n]."""

    LENGTH = 1 << 22

    def __init__(self, seed):
        self.seed = seed

    def users(self):
        return np.random.default_rng(self.seed).integers(0, USERS, self.LENGTH, dtype=np.int32)

    def records(self):
        for n, user in enumerate(self.users().tolist()):
            card = user // 4
            yield (b"%d" % card, msgpack.packb({"n": n, "user": user, "card": card, "spare": 0}),
                   [])


def configuration(bed, topic, group, sink, dead, redis_port, timeout_ms, policy, cache, lanes):
    consumer = json.dumps({"session.timeout.ms": 30000, "heartbeat.interval.ms": 500})
    features = [f"  {name}: {{from: event.{name}}}" for name in OF_THE_EVENT]
    features += [f"  {part.name}_{f}: {{from: {part.name}.{f}}}" for part in PARTS for f in FIELDS]
    kept = f", cache: {json.dumps(cache)}" if cache else ""
    return f"""\
kafka: {{bootstrap.servers: "{bed.brokers}"}}
source:
  topics: [{topic}]
  group: {group}
  start: earliest
  kafka: {consumer}
window: {{max_events: 256, max_wait: 20ms}}
model:
  path: {MODEL}
  inputs: {{features: [{", ".join(COLUMNS)}]}}
features:
{chr(10).join(features)}
lookups:
  user: {{key: "user:{{event.user}}", on_unavailable: {policy}}}
  card: {{key: "card:{{event.card}}", format: msgpack, on_unavailable: {policy}}}
redis: {{url: "redis://127.0.0.1:{redis_port}", timeout: {timeout_ms}ms{kept}}}
sink: {{topic: {sink}, include: [event.n]}}
dead_letter: {{topic: {dead}, max_rate: 1}}
lanes: {lanes}
http: {{listen: "127.0.0.1:0"}}
"""
