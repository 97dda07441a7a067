"""bench/run latency: how soon a prediction is there.

Two lanes without Redis: the time from exec to the first assignment, the CPU of an idle
worker, its memory, and the time from an event's timestamp to the arrival of its prediction
at a consumer: at one event a second, and at steady rates (bench/open_loop.c). Exactly once,
that consumer reads committed records. Both ends of a latency are read from one clock."""

import argparse
import json
import struct
import subprocess
import time
from statistics import median

import numpy as np
from confluent_kafka import OFFSET_END

import outcome
import stream
import worker
from bed import Bed

WANTED_P99_MS = 25.0
WANTED_P99_MS_AT_10000 = 15.0  # at least once
RATES = (1000, 10000, 50000)
PAYLOADS = "build/bench/payloads"
OPEN_LOOP = "build/release/bench/open_loop"
WANTED_IDLE = 0.01  # of a core
WARM_UP_S = 40  # a broker is several times slower until its JVM has compiled what it does
TREES = 100
LANES = 2


def parse():
    parser = argparse.ArgumentParser(prog="bench/run latency")
    parser.add_argument("--seconds", type=int, default=60, help="of each measurement")
    parser.add_argument("--runs", type=int, default=5, help="starts of the worker")
    parser.add_argument("--delivery", choices=["at_least_once", "exactly_once"],
                        default="at_least_once")
    parser.add_argument("--rates", type=int, nargs="*", default=RATES, metavar="N",
                        help="events a second")
    parser.add_argument("--report")
    return parser.parse_args()


class Bench:
    def __init__(self, bed, delivery):
        self.bed = bed
        self.delivery = delivery
        self.isolation = ("read_committed" if delivery == "exactly_once"
                          else "read_uncommitted")
        self.source = self.bed.topic("events")
        self.sink = self.bed.topic("predictions")
        self.model = stream.forest(TREES)

    def start(self):
        """A worker that has its first partitions, and how long that took it."""
        started = worker.leat(self.bed.brokers, self.source, self.sink, self.model,
                              stream.FEATURES, start="latest", lanes=LANES,
                              delivery=self.delivery)
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

    def at_rate(self, rate, seconds):
        said = subprocess.run([OPEN_LOOP, self.bed.brokers, self.source, self.sink,
                               str(rate), str(seconds), self.isolation, PAYLOADS],
                              stdout=subprocess.PIPE, check=True)
        print(f"{rate} events a second: {said.stdout.decode().strip()}", flush=True)
        return json.loads(said.stdout)


def write_payloads():
    with open(PAYLOADS, "wb") as file:
        for _, payload in stream.records(10000):
            file.write(struct.pack("=I", len(payload)) + payload)


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
    write_payloads()
    print("warming the broker up")
    bench.at_rate(RATES[1], WARM_UP_S)
    for rate in options.rates:
        figures[f"at_{rate}"] = bench.at_rate(rate, options.seconds)
    started.stop()
    return figures


def targets_of(figures):
    wanted = {"one_a_second": WANTED_P99_MS, "at_10000": WANTED_P99_MS_AT_10000}
    return [(f"p99_ms {name}", figures[name]["p99_ms"],
             figures[name]["p99_ms"] <= most, f"<= {most}")
            for name, most in wanted.items() if name in figures]


def main():
    options = parse()
    with Bed() as bed:
        figures = measure(Bench(bed, options.delivery), options)
    idle = figures["idle_share_of_a_core"]
    targets = [("idle_share_of_a_core", idle, idle <= WANTED_IDLE, f"<= {WANTED_IDLE}")]
    if options.delivery == "at_least_once":
        targets += targets_of(figures)
    report = {"name": "latency", "ratios": {}, "figures": figures, "runs": options.runs,
              "sides": {"leat": f"build/release/leat run: {LANES} lanes, {TREES} trees, "
                                f"no Redis, the default window, {options.delivery}"}}
    outcome.finish(report, targets, options.report)


if __name__ == "__main__":
    main()
