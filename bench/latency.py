"""bench/run latency: a worker with little to do.

Two lanes without Redis: the time from exec to the first assignment, the CPU of an idle
worker, its memory, and at one event a second the time from an event's timestamp to the
arrival of its prediction at a consumer. Producer and consumer are in the bench's process,
so both ends of a latency are read from one clock."""

import argparse
import time
from statistics import median

import numpy as np
from confluent_kafka import OFFSET_END

import outcome
import stream
import worker
from bed import Bed

WANTED_P99_MS = 25.0
WANTED_IDLE = 0.01  # of a core
TREES = 100
LANES = 2


def parse():
    parser = argparse.ArgumentParser(prog="bench/run latency")
    parser.add_argument("--seconds", type=int, default=60, help="of each measurement")
    parser.add_argument("--runs", type=int, default=5, help="starts of the worker")
    parser.add_argument("--report")
    return parser.parse_args()


class Bench:
    def __init__(self, bed):
        self.bed = bed
        self.source = self.bed.topic("events")
        self.sink = self.bed.topic("predictions")
        self.model = stream.forest(TREES)

    def start(self):
        """A worker that has its first partitions, and how long that took it."""
        started = worker.leat(self.bed.brokers, self.source, self.sink, self.model,
                              stream.FEATURES, start="latest", lanes=LANES)
        started.wait_until(lambda: started.said("assigned"), "an assignment", every=0.002)
        return started, time.monotonic() - started.started

    def start_ms(self, runs):
        taken = []
        for _ in range(runs):
            started, seconds = self.start()
            started.stop()
            taken.append(seconds * 1000)
        return median(taken)

    def latencies_ms(self, n):
        """Of n events, one a second; the first one opens connections and is left out."""
        producer = self.bed.producer(**{"linger.ms": 0})
        tail = self.bed.tail(self.sink, OFFSET_END)
        tail.consume(1, 2.0)
        taken = []
        for key, payload in stream.records(n + 1):
            sent = time.time()
            producer.produce(self.source, payload, key, timestamp=int(sent * 1000))
            producer.poll(0)
            record = tail.poll(30)
            if record is None or record.error():
                raise SystemExit("an event got no prediction within 30 s")
            taken.append((time.time() - sent) * 1000)
            time.sleep(max(0.0, sent + 1 - time.time()))
        producer.flush(30)
        tail.close()
        return taken[1:]


def idle_share(started, seconds):
    time.sleep(5)  # the assignment and the first commits are over
    before = started.cpu()
    time.sleep(seconds)
    return (started.cpu() - before) / seconds


def measure(bench, options):
    start_ms = bench.start_ms(options.runs)
    started, _ = bench.start()
    idle = idle_share(started, options.seconds)
    p50, p99 = np.percentile(bench.latencies_ms(options.seconds), [50, 99],
                             method="higher")
    figures = {"one_a_second": {"p50_ms": round(p50, 2), "p99_ms": round(p99, 2)},
               "idle_share_of_a_core": round(idle, 4),
               "rss_mib": round(started.rss_mib(), 1), "start_ms": round(start_ms)}
    started.stop()
    return figures


def main():
    options = parse()
    with Bed() as bed:
        figures = measure(Bench(bed), options)
    p99, idle = figures["one_a_second"]["p99_ms"], figures["idle_share_of_a_core"]
    report = {"name": "latency", "ratios": {}, "figures": figures, "runs": options.runs,
              "sides": {"leat": f"build/release/leat run: {LANES} lanes, {TREES} trees, "
                                "no Redis, the default window"}}
    outcome.finish(report, [
        ("p99_ms", p99, p99 <= WANTED_P99_MS, f"<= {WANTED_P99_MS}"),
        ("idle_share_of_a_core", idle, idle <= WANTED_IDLE, f"<= {WANTED_IDLE}"),
    ], options.report)


if __name__ == "__main__":
    main()
