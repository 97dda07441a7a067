"""bench/run pipeline: CPU-seconds per million events, end to end on a real Kafka.

Each side consumes all events from the beginning in a fresh group and publishes a
prediction for each. Sides take turns; the figures are medians. What is measured is the
user and system time of the worker's process, of all its threads. Each turn also runs over
a few events, and that is subtracted: start-up, imports, the group's join and the end
cancel out."""

import argparse
import time
from statistics import median

import msgpack
import numpy as np

import outcome
import stream
import worker
from bed import Bed

FEW = 10000
WANTED = {100: 5.0, 500: 4.0}  # times the Python worker's CPU

SIDES = {
    "leat": "build/release/leat run: one lane, window of 256 events, no Redis",
    "python": "bench/python_worker.py: confluent-kafka consume(256), msgpack, numpy, "
              "inplace_predict, nthread 1; the same properties of librdkafka",
    "bare": "bench/bare_loop.c: the same librdkafka, properties and calls as leat; it "
            "neither decodes nor scores; records as large as leat's predictions",
}


def parse():
    parser = argparse.ArgumentParser(prog="bench/run pipeline")
    parser.add_argument("--delivery", choices=["at_least_once"], default="at_least_once")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--trees", type=int, choices=sorted(WANTED), default=100)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--report")
    options = parser.parse_args()
    if options.events <= FEW:
        parser.error(f"--events is more than {FEW}")
    return options


class Bench:
    def __init__(self, bed, options):
        self.bed = bed
        self.delivery = options.delivery
        self.model = stream.forest(options.trees)
        self.prediction_size = None
        self.many = self.publish("many", options.events)
        self.few = self.publish("few", FEW)

    def publish(self, what, n):
        topic = self.bed.topic(what)
        _, self.event_size = self.bed.publish(topic, stream.records(n))
        return topic, n

    def start(self, side, source, sink):
        if side == "leat":
            return worker.leat(self.bed.brokers, source, sink, self.model,
                               stream.FEATURES, delivery=self.delivery)
        if side == "python":
            return worker.python(self.bed.brokers, source, sink, self.model)
        return worker.bare(self.bed.brokers, source, sink, self.prediction_size)

    def run(self, side, events):
        """CPU and wall seconds of one side, and the topic with what it published."""
        source, n = events
        sink = self.bed.topic(side)
        started = self.start(side, source, sink)
        started.wait_until(lambda: self.bed.count(sink) >= n, f"{n} predictions")
        wall = time.monotonic() - started.started
        cpu = started.stop()
        if self.bed.count(sink) != n:
            started.fail(f"published {self.bed.count(sink)} predictions for {n} events")
        return np.array([cpu, wall]), sink

    def cost(self, side):
        """CPU and wall seconds per million events, without start-up."""
        spent = []
        for events in (self.few, self.many):
            seconds, sink = self.run(side, events)
            self.bed.remove(sink)
            spent.append(seconds)
        return (spent[1] - spent[0]) / (self.many[1] - self.few[1]) * 1e6

    def predictions(self, side):
        _, sink = self.run(side, self.few)
        payloads = list(self.bed.read(sink))
        self.bed.remove(sink)
        return payloads

    def compare(self):
        """Before anything is measured: both workers do the same job."""
        payloads = {side: self.predictions(side) for side in ("leat", "python")}
        self.prediction_size = round(np.mean([len(p) for p in payloads["leat"]]))
        said = {side: {p["id"]: p for p in map(msgpack.unpackb, payloads[side])}
                for side in payloads}
        ours, theirs = said["leat"], said["python"]
        if len(ours) != FEW or ours.keys() != theirs.keys():
            raise SystemExit("leat and python did not score the same events")
        for id, prediction in theirs.items():
            if any(ours[id][name] != prediction[name] for name in ("version", "event")):
                raise SystemExit(f"{ours[id]} differs from {prediction}")
        score = [np.array([said[side][id]["score"] for id in theirs], dtype=np.float32)
                 for side in said]
        if (np.abs(score[0].view(np.int32) - score[1].view(np.int32)) > 2).any():
            raise SystemExit("scores of leat and python are more than 2 ulp apart")


def measure(bench, runs):
    """CPU and wall seconds per million events of each run of each side."""
    spent = {side: [] for side in SIDES}
    for run in range(1, runs + 1):
        for side in SIDES:
            spent[side].append(bench.cost(side))
            cpu, wall = spent[side][-1]
            print(f"run {run}: {side:6} {cpu:7.3f} CPU-seconds per million events, "
                  f"{1e6 / wall:9.0f} events/s", flush=True)
    return spent


def figures_of(bench, options, spent):
    figures = {"trees": options.trees, "depth": stream.DEPTH, "events": options.events,
               "event_bytes": round(bench.event_size),
               "prediction_bytes": bench.prediction_size, "delivery": options.delivery}
    for side, runs in spent.items():
        figures[f"{side}_s_per_million"] = round(median(cpu for cpu, _ in runs), 3)
        figures[f"{side}_s_per_million_runs"] = [round(cpu, 3) for cpu, _ in runs]
        figures[f"{side}_events_per_second"] = round(1e6 / median(w for _, w in runs))
    return figures


def main():
    options = parse()
    with Bed() as bed:
        bench = Bench(bed, options)
        print(f"{options.events} events of {bench.event_size:.0f} bytes published",
              flush=True)
        bench.compare()
        figures = figures_of(bench, options, measure(bench, options.runs))
    cpu = {side: figures[f"{side}_s_per_million"] for side in SIDES}
    ratios = {"python": round(cpu["python"] / cpu["leat"], 2),
              "bare": round(cpu["leat"] / cpu["bare"], 2)}
    wanted = WANTED[options.trees]
    outcome.finish({"name": "pipeline", "ratios": ratios, "figures": figures,
                    "runs": options.runs, "sides": SIDES},
                   [("python", ratios["python"], ratios["python"] >= wanted,
                     f">= {wanted}")], options.report)


if __name__ == "__main__":
    main()
