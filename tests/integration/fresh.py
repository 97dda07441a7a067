"""A worker killed while its group is new skips nothing.

Each round is a group that never committed, on a stream that goes on: a worker starts, gets
SIGKILL within two seconds, and starts again. With `start: earliest` everything has to be
scored. With `start: latest` everything from the first position that the first life took
has to be, and nothing may be published before that position is committed: without it the
second life would begin at a later end and skip what came between."""

import argparse
import random
import time

import msgpack

from bed import PARTITIONS, Bed, Tail, hang_guard
from case import Case, conclude, new_stream
from worker import Workers


def holes(begin, offsets, end):
    """Offsets in [begin, end) that are not among those published."""
    return [offset for offset in range(begin, end) if offset not in offsets]


class Published:
    """The offsets that have a prediction, per partition of the input."""

    def __init__(self, bed, sink):
        self.tail = Tail(bed, sink)
        self.offsets = [set() for _ in range(PARTITIONS)]

    def take(self, records):
        for record in records:
            _, partition, offset = msgpack.unpackb(record.value)["id"].rsplit("/", 2)
            self.offsets[int(partition)].add(int(offset))

    def read_all(self):
        self.take(self.tail.read_to(self.tail.ends()))
        return [set(offsets) for offsets in self.offsets]

    def poll(self):
        self.take(self.tail.poll())


def beginnings(start, first, committed, second, committed_later):
    """Where each partition has to be scored from, and what is already wrong."""
    begins, early = [], 0
    for p in range(PARTITIONS):
        known = set(first[p])
        if p in committed:
            known.add(committed[p])
        elif first[p] and start == "latest":
            early += 1
        if start == "earliest":
            known = {0}
        begins.append(min(known or second[p] | {committed_later[p]}))
    return begins, early


def one_round(bed, workers, stream, start, rate, rng):
    case = Case(bed, workers, stream)
    topic = case.topic
    case.use_model("binary")
    feeder = case.feed(rate)
    for _ in hang_guard("events before the worker's first life"):
        if min(bed.ends(topic).values()) > 0:
            break
    worker = case.worker("w", start=start, consumer={"session.timeout.ms": 1500})
    at_launch = bed.ends(topic)
    worker.start()
    time.sleep(rng.uniform(0.02, 2))
    worker.kill()
    published = Published(bed, case.sink)
    first = published.read_all()
    committed = bed.committed(case.group, topic)

    worker.start()
    for _ in hang_guard("a start position in every partition"):
        worker.check()
        later = bed.committed(case.group, topic)
        if len(later) == PARTITIONS:
            break
    ends = bed.ends(topic)
    for _ in hang_guard("the predictions of the second life", 60):
        published.poll()
        worker.check()
        if all(max(published.offsets[p], default=-1) >= ends[p] - 1
               or later.get(p, 0) >= ends[p] for p in range(PARTITIONS)):
            break
        later = later | bed.committed(case.group, topic)
    workers.terminate()
    feeder.stop()
    second = published.read_all()
    published.tail.close()

    begins, early = beginnings(start, first, committed, second, later)
    lost = [(p, offset) for p in range(PARTITIONS)
            for offset in holes(begins[p], second[p], ends[p])]
    before_launch = sum(begins[p] < at_launch[p] for p in range(PARTITIONS)
                        ) if start == "latest" else 0
    return {"start": start, "lost": len(lost), "published_before_commit": early,
            "began_before_launch": before_launch, "first_life": sum(map(len, first)),
            "had_committed": len(committed), "where": lost[:5]}


def main():
    parser = argparse.ArgumentParser(prog="fresh", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--rate", type=int, default=1000, help="events a second")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)

    bed = Bed()
    stream = new_stream(arguments.rate * 120)
    stream.fill_redis(bed.redis)
    with Workers("fresh") as workers:
        rounds = [one_round(bed, workers, stream, ("latest", "earliest")[i % 2],
                            arguments.rate, rng) for i in range(arguments.rounds)]
        faults = ("lost", "published_before_commit", "began_before_launch")
        total = {name: sum(r[name] for r in rounds) for name in faults}
        verdict = {"rounds": len(rounds), "seed": arguments.seed, **total,
                   "killed_before_commit": sum(r["had_committed"] == 0 for r in rounds),
                   "killed_after_output": sum(r["first_life"] > 0 for r in rounds)}
        conclude("fresh", {"binary": verdict}, {k: v for k, v in total.items() if v},
                 [str(r) for r in rounds if any(r[name] for name in faults)], arguments.report)


if __name__ == "__main__":
    main()
