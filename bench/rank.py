"""bench/run rank: what it costs to rank 200 candidates an event, end to end on a real Kafka.

Each side consumes all events from the beginning in a fresh group and publishes the best ten
candidates of each. Sides take turns; the figures are medians of the CPU-seconds of the
worker's process a million candidates, and of the events a second that it took. Each turn also
runs over a few events, and that is subtracted, so that start-up and the end cancel out. What
the sides publish is compared before anything is timed."""

import argparse
import sys
import time
from statistics import median

import msgpack
import numpy as np

import outcome
import rank_stream
import worker
from bed import Bed

FEW = 1000
WANTED = 3.0  # times the CPU

SIDES = {
    "leat": "build/release/leat run: one lane, window of 32 events, no Redis",
    "python": "bench/python_ranker.py: confluent-kafka consume(32), msgpack, numpy, one "
              "inplace_predict a batch, nthread 1; the same properties of librdkafka",
}

CONFIG = """\
kafka: {{bootstrap.servers: "{brokers}"}}
source: {{topics: [{source}], group: {group}, start: earliest}}
window: {{max_events: 32}}
model: {{name: ranker, path: {model}}}
rank: {{over: event.candidates, item: candidate.id, top: {top}}}
features:
{features}
sink: {{topic: {sink}, include: [event.request]}}
lanes: 1
"""


def parse():
    parser = argparse.ArgumentParser(prog="bench/run rank")
    parser.add_argument("--events", type=int, default=20000)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--report")
    options = parser.parse_args()
    if options.events <= FEW:
        parser.error(f"--events is more than {FEW}")
    return options


class Bench:
    def __init__(self, bed, options):
        self.bed = bed
        self.model = rank_stream.model(options.trees)
        self.many = self.publish("many", options.events)
        self.few = self.publish("few", FEW)

    def publish(self, what, n):
        topic = self.bed.topic(what)
        _, self.event_size = self.bed.publish(topic, rank_stream.records(n))
        return topic, n

    def start(self, side, source, sink):
        group = worker.new_group()
        if side == "python":
            return worker.Worker("python", [sys.executable, "bench/python_ranker.py",
                                            self.bed.brokers, group, source, sink, self.model],
                                 {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
        features = [f"  {name}: {{from: event.{name}}}" for name in rank_stream.EVENT]
        features += [f"  {name}: {{from: candidate.{name}}}" for name in rank_stream.CANDIDATE]
        path = f"{worker.LOGS}/rank.yaml"
        with open(path, "w") as config:
            config.write(CONFIG.format(brokers=self.bed.brokers, source=source, group=group,
                                       model=self.model, sink=sink, top=rank_stream.TOP,
                                       features="\n".join(features)))
        return worker.Worker("leat", [worker.LEAT, "run", "-c", path])

    def run(self, side, events):
        """CPU and wall seconds of one side, and what it published."""
        source, n = events
        sink = self.bed.topic(side)
        started = self.start(side, source, sink)
        started.wait_until(lambda: self.bed.count(sink) >= n, f"{n} predictions")
        wall = time.monotonic() - started.started
        cpu = started.stop()
        published = [msgpack.unpackb(payload) for payload in self.bed.read(sink)]
        self.bed.remove(sink)
        if len(published) != n:
            started.fail(f"published {len(published)} predictions for {n} events")
        return np.array([cpu, wall]), published

    def compare(self):
        rankings = [{said["event"]["request"]: said["ranking"]
                     for said in self.run(side, self.few)[1]} for side in SIDES]
        if rankings[0] != rankings[1]:
            sys.exit("the sides rank differently")

    def cost(self, side):
        """CPU and wall seconds an event, without start-up."""
        few, many = (self.run(side, events)[0] for events in (self.few, self.many))
        return (many - few) / (self.many[1] - self.few[1])


def main():
    options = parse()
    with Bed() as bed:
        bench = Bench(bed, options)
        bench.compare()
        costs = {side: [] for side in SIDES}
        for _ in range(options.runs):
            for side in SIDES:
                costs[side].append(bench.cost(side))
        spent = {side: np.array([median(column) for column in zip(*of)])
                 for side, of in costs.items()}
    figures = {"payload_bytes": round(bench.event_size)}
    for side, (cpu, wall) in spent.items():
        figures[f"{side}_cpu_s_per_million_candidates"] = round(
            cpu / rank_stream.CANDIDATES * 1e6, 3)
        figures[f"{side}_events_per_s"] = round(1 / wall)
    ratio = round(spent["python"][0] / spent["leat"][0], 1)
    outcome.finish({"name": "rank", "ratios": {"python": ratio}, "figures": figures,
                    "runs": options.runs, "sides": SIDES},
                   [("python", ratio, ratio >= WANTED, f">= {WANTED}")], options.report)


if __name__ == "__main__":
    main()
