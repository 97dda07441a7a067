"""bench/run memory: what a worker and Redis hold when there are very many entities.

A worker looks up as many different keys as there are events, with a cache of its default
size in front: beside a worker that looks up nothing it may hold the cache, however many
there are. (A backlog of small events is memory, too: librdkafka fetches ahead by their
bytes, and each has a head.) Another one aggregates so many entities:
what Redis holds of each, by Redis's own count, with one window and with two."""

import argparse
import os
import time

import msgpack
import numpy as np
import redis
import xgboost

import outcome
import worker
from bed import Bed

CACHE_MIB = 64
ENTRIES = 1_000_000
ENTRY_BYTES = 40  # beside its key and values
SLACK_MIB = 32  # beside the cache
FEATURES = ("amount", "other")

CONFIG = """\
kafka: {{bootstrap.servers: "{brokers}"}}
source: {{topics: [{source}], group: {group}, start: earliest}}
model: {{name: memory, path: {model}}}
redis: {{url: "{redis}", timeout: 1s, cache: {{entries: {entries}, bytes: {cache}MiB}}}}
sink: {{topic: {sink}}}
lanes: 1
{features}
"""
NO_LOOKUP = """\
features: {amount: {from: event.amount}, other: {from: event.user}}
"""
LOOKUP = """\
features: {amount: {from: event.amount}, other: {from: user.avg}}
lookups: {user: {key: "user:{event.user}"}}
"""
WINDOW = "{name}: {{entity: key, over: {over}, of: {{count: {{}}, spent: {{sum: event.amount}}}}}}"
ONE_WINDOW = """\
features: {amount: {from: hour.count}, other: {from: hour.spent}}
aggregates: {HOUR}
"""
TWO_WINDOWS = """\
features: {amount: {from: hour.count}, other: {from: hour.spent}, third: {from: day.count},
           fourth: {from: day.spent}}
aggregates: {HOUR_DAY}
"""


def parse():
    parser = argparse.ArgumentParser(prog="bench/run memory")
    parser.add_argument("--keys", type=int, default=10_000_000)
    parser.add_argument("--entities", type=int, default=1_000_000)
    parser.add_argument("--report")
    return parser.parse_args()


def model(n_features):
    """A stump that knows its columns by name."""
    names = ["amount", "other", "third", "fourth"][:n_features]
    rng = np.random.default_rng(1)
    rows = rng.random((64, n_features))
    data = xgboost.DMatrix(rows, rows[:, 0] > 0.5, feature_names=names)
    path = f"{worker.LOGS}/memory-{n_features}.ubj"
    os.makedirs(worker.LOGS, exist_ok=True)
    xgboost.train({"max_depth": 1, "objective": "binary:logistic"}, data, 1).save_model(path)
    return path


def records(n):
    pack = msgpack.Packer().pack
    for i in range(n):
        yield f"card-{i:08}", pack({"user": i, "amount": 1.5})


class Bench:
    def __init__(self, bed, options):
        self.bed = bed
        self.options = options
        self.redis_url = os.environ["REDIS_URL"]
        self.redis = redis.Redis.from_url(self.redis_url)

    def start(self, name, source, features, n_features):
        sink = self.bed.topic(name)
        forest = os.path.abspath(model(n_features))
        path = f"{worker.LOGS}/{name}.yaml"
        group = worker.new_group()
        with open(path, "w") as config:
            config.write(CONFIG.format(brokers=self.bed.brokers, source=source, sink=sink,
                                       group=group, model=forest,
                                       redis=self.redis_url, cache=CACHE_MIB, entries=ENTRIES,
                                       features=features))
        started = worker.Worker(name, [worker.LEAT, "run", "-c", path])
        started.group = group
        return started, sink

    def worker(self, source, name, features):
        """Mebibytes of the worker after a tenth of the keys, and the most of all after it."""
        n = self.options.keys
        started, sink = self.start(name, source, features, 2)
        started.wait_until(lambda: self.bed.count(sink) >= n // 10, f"{n // 10} predictions",
                           patience=3600)
        early = most = started.rss_mib()
        while self.bed.count(sink) < n:
            most = max(most, started.rss_mib())
            started.wait_until(lambda: True, "")
            time.sleep(0.5)
        most = max(most, started.rss_mib())
        started.stop()
        self.bed.remove(sink)
        return early, most

    def aggregates(self, source, name, features, n_features):
        """Bytes that Redis holds of an entity, key and all."""
        n = self.options.entities
        self.redis.flushall()
        before = self.redis.info("memory")["used_memory"]
        started, sink = self.start(name, source, features, n_features)
        started.wait_until(lambda: self.bed.count(sink) >= n, f"{n} predictions",
                           patience=3600)
        rss = started.rss_mib()
        started.stop()
        keys = self.redis.dbsize()
        if keys < n:
            raise SystemExit(f"{name}: Redis has {keys} keys of {n} entities")
        held = self.redis.info("memory")["used_memory"] - before
        self.redis.flushall()
        self.bed.remove(sink)
        return held / n, rss


def main():
    options = parse()
    hour = WINDOW.format(name="hour", over="1h")
    day = WINDOW.format(name="day", over="24h")
    one = ONE_WINDOW.replace("HOUR", hour)
    two = TWO_WINDOWS.replace("HOUR_DAY", f"{hour}, {day}")
    with Bed() as bed:
        bench = Bench(bed, options)
        source = bed.topic("entities")
        bed.publish(source, records(options.entities))
        one_bytes, one_rss = bench.aggregates(source, "one_window", one, 2)
        two_bytes, two_rss = bench.aggregates(source, "two_windows", two, 4)
        bed.remove(source)
        source = bed.topic("keys")
        bed.publish(source, records(options.keys))
        _, bare = bench.worker(source, "no_lookups", NO_LOOKUP)
        early, most = bench.worker(source, "lookups", LOOKUP)
    more = most - bare
    bound = round(CACHE_MIB + ENTRIES * ENTRY_BYTES / 2**20 + SLACK_MIB)
    figures = {"keys": options.keys, "rss_mib_at_a_tenth": round(early, 1),
               "rss_mib_most": round(most, 1),
               "rss_mib_most_without_lookups": round(bare, 1), "cache_mib": CACHE_MIB,
               "entities": options.entities,
               "redis_bytes_an_entity_one_window": round(one_bytes, 1),
               "redis_bytes_an_entity_two_windows": round(two_bytes, 1),
               "redis_bytes_a_window_more": round(two_bytes - one_bytes, 1),
               "rss_mib_one_window": round(one_rss, 1),
               "rss_mib_two_windows": round(two_rss, 1)}
    outcome.finish({"name": "memory", "ratios": {}, "figures": figures, "runs": 1},
                   [("more than without lookups", round(more, 1),
                     more <= bound, f"<= {bound} MiB")],
                   options.report)


if __name__ == "__main__":
    main()
