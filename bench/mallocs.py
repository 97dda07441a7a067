"""bench/run mallocs: calls of malloc per event, by Leat's own code and by its libraries,
in the second half of a stream. Own ones have to be 0; where one is made is listed."""

import argparse
import os
import struct
import subprocess

import outcome
import stream
import worker
from bed import Bed

COUNTER = "build/release/bench/libmalloc_count.so"
COUNTS = f"{worker.LOGS}/malloc_counts"
TREES = 100


def parse():
    parser = argparse.ArgumentParser(prog="bench/run mallocs")
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--report")
    return parser.parse_args()


def read_counts():
    """Own calls, others' calls, and own ones by address (bench/malloc_count.c)."""
    with open(COUNTS, "rb") as file:
        numbers = [n for n, in struct.iter_unpack("=Q", file.read())]
    own, others, *sites = numbers
    return own, others, {a: n for a, n in zip(sites[::2], sites[1::2]) if a}


def line_of(address):
    """The call that returns to the address lies just before it."""
    command = ["addr2line", "-e", worker.LEAT, "-f", "-s", hex(address - 1)]
    function, line = subprocess.check_output(command, text=True).split("\n")[:2]
    return f"{function} ({line})"


def count(bed, n):
    """Counts at half of the stream and at its end, and the events between."""
    source, sink = bed.topic("events"), bed.topic("predictions")
    bed.publish(source, stream.records(n))
    os.makedirs(worker.LOGS, exist_ok=True)
    if os.path.exists(COUNTS):
        os.remove(COUNTS)
    counting = {"LD_PRELOAD": os.path.abspath(COUNTER),
                "LEAT_MALLOC_COUNTS": os.path.abspath(COUNTS)}
    started = worker.leat(bed.brokers, source, sink, stream.forest(TREES),
                          stream.FEATURES, environment=counting)
    started.wait_until(lambda: bed.count(sink) >= n // 2, "half of it", every=0.01)
    half, events = read_counts(), n - bed.count(sink)
    started.wait_until(lambda: bed.count(sink) >= n, "all of it")
    end = read_counts()
    started.stop()
    if not half[0]:
        raise SystemExit("leat has not called malloc even once: the counter is blind")
    return half, end, events


def main():
    options = parse()
    with Bed() as bed:
        half, end, events = count(bed, options.events)
    own, others = end[0] - half[0], end[1] - half[1]
    sites = {line_of(address): calls - half[2].get(address, 0)
             for address, calls in end[2].items() if calls > half[2].get(address, 0)}
    figures = {"events": events, "own": own, "own_per_event": own / events,
               "libraries_per_event": round(others / events, 2), "own_before": half[0],
               "own_sites": sites}
    report = {"name": "mallocs", "ratios": {}, "figures": figures, "runs": 1,
              "sides": {"leat": "build/release/leat run: one lane, window of 256 events, "
                                f"{TREES} trees, no Redis; malloc_count.c preloaded"}}
    outcome.finish(report, [("own", own, own == 0, "0 once warm")], options.report)


if __name__ == "__main__":
    main()
