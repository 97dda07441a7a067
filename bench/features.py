"""bench/run features: what features from Redis cost, Leat's way and others.

Every side does the same for the same events, 256 at a time, against one redis-server of its
own by TCP on the loopback; what they make of them is compared before anything is timed. Sides take
turns; figures are medians. Lookups: a call for each event beside one trip for all. Aggregates:
a script for each event, in a pipeline, beside Leat's one read and one write a batch. The
server's CPU is what Redis itself says of its process. Then whole workers on a real Kafka,
with and without Redis (enriched.py)."""

import argparse
import atexit
import socket
import subprocess
import tempfile
import time
from statistics import median

import msgpack
import numpy as np
import redis

import enriched
import outcome
from bed import Bed
from side import Side, print_table

WAY = "build/release/bench/feature_way"
ITEMS = 16384
BATCH = 256
FIELDS = 8

LOOKUPS = ("one_by_one_hash", "one_by_one_packed", "leat_hash", "leat_packed")
AGGREGATES = ("script", "keyed_cold", "keyed_warm", "shared")
SIDES = {
    "one_by_one_hash": "hiredis redisCommand: HMGET of eight fields an event, strtof",
    "one_by_one_packed": "hiredis redisCommand: GET an event, msgpack-c",
    "leat_hash": "leat_features_send and receive over 256 events, format hash",
    "leat_packed": "the same, format msgpack",
    "script": "hiredis, 256 EVALSHA in a pipeline: bench/features/script.c",
    "keyed_cold": "leat_features over 256 events, entity: key, states never in memory",
    "keyed_warm": "the same, states always in memory",
    "shared": "the same, an entity that is not the key",
}
FACTORS = {"one_by_one_hash": 12, "one_by_one_packed": 40}
MOST_OF_SCRIPT = 0.5


def parse():
    parser = argparse.ArgumentParser(prog="bench/run features")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--report")
    return parser.parse_args()


class Server:
    """A redis-server of our own, with the entities."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--dir", self.folder.name], stdout=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        self.client = redis.Redis(port=self.port)
        while not self.answers():
            time.sleep(0.02)
        self.fill()

    def answers(self):
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False

    def fill(self):
        pipeline = self.client.pipeline(transaction=False)
        for i in range(ITEMS):
            values = {f"f{f}": float(np.float32(i + f / 8)) for f in range(FIELDS)}
            pipeline.hset(f"user:{i}", mapping=values)
            pipeline.set(f"pack:{i}", msgpack.packb(values))
            if i % 1024 == 1023:
                pipeline.execute()
        pipeline.execute()

    def cpu(self):
        info = self.client.info("cpu")
        return info["used_cpu_user"] + info["used_cpu_sys"]

    def commands(self):
        """Trips of readers and writers: every command but our own INFO."""
        return {name: of["calls"] for name, of in self.client.info("commandstats").items()}


def compare(sides):
    made = {side.name: side.outputs() for side in sides}
    for names in (LOOKUPS, AGGREGATES):
        for name in names[1:]:
            if (made[name] != made[names[0]]).any():
                raise SystemExit(f"{name} makes something else of the events than {names[0]}")


def turn(server, side):
    """Nanoseconds an event: wall, CPU of the client, CPU of the server."""
    before = server.cpu()
    wall, client = map(float, side.ask(f"turn {BATCH}").split())
    return wall, client, (server.cpu() - before) / ITEMS * 1e9


def measure(server, sides, runs):
    spent = {side.name: [] for side in sides}
    for _ in range(runs):
        for side in sides:
            spent[side.name].append(turn(server, side))
    return {name: [median(column) for column in zip(*turns)] for name, turns in spent.items()}


def trips(server, side, names):
    """Commands of these names a batch."""
    before = server.commands()
    side.ask(f"turn {BATCH}")
    after = server.commands()
    sent = sum(after.get(f"cmdstat_{name}", 0) - before.get(f"cmdstat_{name}", 0)
               for name in names)
    return sent / (ITEMS / BATCH)


def main():
    options = parse()
    server = Server()
    sides = {name: Side(name, [WAY, name, str(server.port), str(ITEMS)]) for name in SIDES}
    compare(sides.values())
    ns = measure(server, sides.values(), options.runs)
    print_table("ns an event", ["wall", "client", "server"],
                {name: dict(zip(("wall", "client", "server"), of)) for name, of in ns.items()})
    ratios = {name: round(ns[name][0] / ns[name.replace("one_by_one", "leat")][0], 1)
              for name in FACTORS}
    ratios["script"] = round(ns["script"][2] / ns["keyed_cold"][2], 2)
    figures = {f"{name}_{what}_ns": round(cost, 1) for name, of in ns.items()
               for what, cost in zip(("wall", "client", "server"), of)}
    figures["read_trips_packed"] = trips(server, sides["leat_packed"], ["mget"])
    figures["trips_keyed_cold"] = trips(server, sides["keyed_cold"], ["mget", "eval"])
    share = round(ns["keyed_cold"][2] / ns["script"][2], 3)
    figures["keyed_cold_of_script_server_cpu"] = share
    with Bed() as bed:
        workers = enriched.Workers(bed, options.events).measure(options.runs)
    figures["events"] = options.events
    figures |= {f"worker_{side}_s_per_million": cost for side, cost in workers.items()}
    targets = [(name, ratios[name], ratios[name] >= wanted, f">= {wanted}")
               for name, wanted in FACTORS.items()]
    targets += [("read trips a batch", figures["read_trips_packed"],
                 figures["read_trips_packed"] <= 1, "<= 1"),
                ("trips a batch with aggregates", figures["trips_keyed_cold"],
                 figures["trips_keyed_cold"] <= 2, "<= 2"),
                ("server CPU of script", share, share <= MOST_OF_SCRIPT,
                 f"<= {MOST_OF_SCRIPT}")]
    outcome.finish({"name": "features", "ratios": ratios, "figures": figures,
                    "runs": options.runs, "sides": SIDES}, targets, options.report)


if __name__ == "__main__":
    main()
