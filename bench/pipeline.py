"""bench/run pipeline: CPU-seconds per million events, end to end on a real Kafka.

Each side consumes all events from the beginning in a fresh group and publishes a
prediction for each. Sides take turns; the figures are medians. With --delivery exactly_once
the other side is the same worker at least once. What is measured is the
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
# Of CPU, by the number of trees: times what Leat spends; the bare loop's times are a most.
WANTED = {100: {"python": 5.0}, 500: {"python": 15.0, "plain_c": 8.0, "bare": 1.9}}

WANTED_RATE = 0.8  # exactly once, of at least once

LEAT = "build/release/leat run: one lane, window of 256 events, no Redis"
SIDES = {
    "leat": LEAT,
    "python": "bench/python_worker.py: confluent-kafka consume(256), msgpack, numpy, "
              "inplace_predict, nthread 1; the same properties of librdkafka",
    "plain_c": "bench/plain_worker.c: librdkafka consume_batch_queue(256) and producev, "
               "msgpack-c, the Python worker's XGBoost by its C interface, nthread 1",
    "bare": "bench/bare_loop.c: the same librdkafka, properties and calls as leat; it "
            "neither decodes nor scores; records as large as leat's predictions",
}
DELIVERIES = {"leat": f"{LEAT}, delivery: exactly_once",
              "at_least_once": f"{LEAT}, delivery: at_least_once"}


def parse():
    parser = argparse.ArgumentParser(prog="bench/run pipeline")
    parser.add_argument("--delivery", choices=["at_least_once", "exactly_once"],
                        default="at_least_once")
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
        self.exactly_once = options.delivery == "exactly_once"
        self.sides = DELIVERIES if self.exactly_once else SIDES
        self.model = stream.forest(options.trees)
        self.prediction_size = None
        self.many = self.publish("many", options.events)
        self.few = self.publish("few", FEW)

    def publish(self, what, n):
        topic = self.bed.topic(what)
        _, self.event_size = self.bed.publish(topic, stream.records(n))
        return topic, n

    def start(self, side, source, sink):
        if side in DELIVERIES:
            delivery = "exactly_once" if self.is_transactional(side) else "at_least_once"
            return worker.leat(self.bed.brokers, source, sink, self.model,
                               stream.FEATURES, delivery=delivery)
        if side == "python":
            return worker.python(self.bed.brokers, source, sink, self.model)
        if side == "plain_c":
            return worker.plain_c(self.bed.brokers, source, sink, self.model,
                                  stream.FEATURES)
        return worker.bare(self.bed.brokers, source, sink, self.prediction_size)

    def is_transactional(self, side):
        return self.exactly_once and side == "leat"

    def run(self, side, events):
        """CPU and wall seconds of one side, and the topic with what it published. A
        prediction is there when it is committed, its event's offset with it."""
        source, n = events
        sink = self.bed.topic(side)
        started = self.start(side, source, sink)
        if self.is_transactional(side):
            started.wait_until(lambda: self.bed.committed(started.group, source) >= n,
                               f"{n} events committed")
        else:
            started.wait_until(lambda: self.bed.count(sink) >= n, f"{n} predictions")
        wall = time.monotonic() - started.started
        cpu = started.stop()
        published = sum(1 for _ in self.bed.read(sink))
        if published != n:
            started.fail(f"published {published} predictions for {n} events")
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
        """Before anything is measured: all that score do the same job."""
        payloads = {side: self.predictions(side) for side in self.sides if side != "bare"}
        self.prediction_size = round(np.mean([len(p) for p in payloads["leat"]]))
        said = {side: {p["id"]: p for p in map(msgpack.unpackb, some)}
                for side, some in payloads.items()}
        ours = said.pop("leat")
        if len(ours) != FEW:
            raise SystemExit(f"leat scored {len(ours)} of {FEW} events")
        for side, theirs in said.items():
            same_predictions(side, ours, theirs)


def same_predictions(side, ours, theirs):
    if ours.keys() != theirs.keys():
        raise SystemExit(f"leat and {side} did not score the same events")
    for id, prediction in theirs.items():
        if any(ours[id][name] != prediction[name] for name in ("version", "event")):
            raise SystemExit(f"{ours[id]} differs from {side}'s {prediction}")
    score = [np.array([some[id]["score"] for id in theirs], dtype=np.float32)
             for some in (ours, theirs)]
    if (np.abs(score[0].view(np.int32) - score[1].view(np.int32)) > 2).any():
        raise SystemExit(f"scores of leat and {side} are more than 2 ulp apart")


def measure(bench, runs):
    """CPU and wall seconds per million events of each run of each side."""
    spent = {side: [] for side in bench.sides}
    for run in range(1, runs + 1):
        for side in bench.sides:
            spent[side].append(bench.cost(side))
            cpu, wall = spent[side][-1]
            print(f"run {run}: {side:13} {cpu:7.3f} CPU-seconds per million events, "
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


def beside_others(cpu, options):
    ratios = {side: round(cpu[side] / cpu["leat"], 2) for side in ("python", "plain_c")}
    ratios["bare"] = round(cpu["leat"] / cpu["bare"], 2)
    targets = []
    for side, wanted in WANTED[options.trees].items():
        is_most = side == "bare"
        holds = ratios[side] <= wanted if is_most else ratios[side] >= wanted
        targets.append((side, ratios[side], holds, f"{'<=' if is_most else '>='} {wanted}"))
    return ratios, targets


def beside_at_least_once(cpu, figures):
    rate = round(figures["leat_events_per_second"]
                 / figures["at_least_once_events_per_second"], 3)
    ratios = {"at_least_once_rate": rate,
              "at_least_once": round(cpu["at_least_once"] / cpu["leat"], 3)}
    return ratios, [("at_least_once_rate", rate, rate >= WANTED_RATE, f">= {WANTED_RATE}")]


def main():
    options = parse()
    with Bed() as bed:
        bench = Bench(bed, options)
        print(f"{options.events} events of {bench.event_size:.0f} bytes published",
              flush=True)
        bench.compare()
        figures = figures_of(bench, options, measure(bench, options.runs))
    cpu = {side: figures[f"{side}_s_per_million"] for side in bench.sides}
    ratios, targets = (beside_at_least_once(cpu, figures) if bench.exactly_once
                       else beside_others(cpu, options))
    outcome.finish({"name": "pipeline", "ratios": ratios, "figures": figures,
                    "runs": options.runs, "sides": bench.sides}, targets, options.report)


if __name__ == "__main__":
    main()
