"""Records that the brokers refuse: found, buried, and nothing else lost.

The topic of predictions takes records of a few thousand bytes. Some events carry a note that
makes their prediction larger than that, which only the brokers find out. Each of them must
become one truncated dead letter; all others get a prediction, and with exactly once no second one. Where the
dead letter is refused as well, the worker ends and names the event."""

import argparse
import os
import sys

import msgpack

from bed import Bed, Feeder, Tail, hang_guard
from case import new_stream
from stream import configuration, train
from worker import Workers

EVENTS = 3000
POISON = frozenset({0, 7, 8, 1234, EVENTS - 1})
LIMIT = 8000


def records(stream):
    """The stream's, with notes that no compression makes small."""
    for i, (key, payload, headers) in enumerate(stream.records()):
        event = msgpack.unpackb(payload, strict_map_key=False)
        event = {name if isinstance(name, str) else name.decode(): value
                 for name, value in event.items()}
        event["note"] = os.urandom(10 * LIMIT).hex() if i in POISON else "short"
        yield key, msgpack.packb(event), headers


class Run:
    def __init__(self, bed, workers, stream, delivery, dead_limit):
        self.bed = bed
        name = f"refused-{delivery}-{dead_limit}-{os.getpid()}"
        self.topic, self.sink, self.dead, self.group = (
            f"{name}-{what}" for what in ("in", "out", "dead", "group"))
        bed.create_topics(self.topic)
        bed.create_topics(self.sink, **{"max.message.bytes": str(LIMIT)})
        bed.create_topics(self.dead, **{"max.message.bytes": str(dead_limit)})
        feeder = Feeder(bed, self.topic, records(stream))
        feeder.start()
        feeder.finish()
        model = os.path.join(workers.folder, "model.ubj")
        train("binary").save_model(model)
        text = configuration(bed, self.topic, model, self.group, self.sink, self.dead,
                             client=name, delivery=delivery)
        self.worker = workers.add(name, text.replace(
            "include: [event.n]", "include: [event.n, event.note]")).start()

    def is_settled(self):
        return self.bed.committed(self.group, self.topic) == self.bed.ends(self.topic)

    def read(self, topic):
        tail = Tail(self.bed, topic, isolation="read_committed")
        found = list(tail.read_to(tail.ends()))
        tail.close()
        return found


def fault_of(letter):
    """What is wrong with a dead letter of a refused record."""
    headers = dict(letter.headers)
    if headers["__connect.errors.exception.class.name"] != b"E_REFUSED":
        return "is not one of a refused record"
    if b"size too large" not in headers["__connect.errors.exception.message"]:
        return "does not say why"
    if int(headers["leat.truncated.size"]) <= len(letter.value):
        return "is not truncated"
    return None


def coordinates_of(letter):
    headers = dict(letter.headers)
    return tuple(int(headers[f"__connect.errors.{name}"]) for name in ("partition", "offset"))


def judge(run, once):
    """Every event at the place that it belongs to; `once`: and not twice."""
    faults = []
    seen = sorted if once else lambda numbers: sorted(set(numbers))
    scored = seen(msgpack.unpackb(record.value)["event"]["n"]
                  for record in run.read(run.sink))
    letters = run.read(run.dead)
    sent = {(record.partition, record.offset): int(dict(record.headers)["n"])
            for record in run.read(run.topic)}
    buried = seen(sent[coordinates_of(letter)] for letter in letters)
    if buried != sorted(POISON):
        faults.append(f"dead letters of {buried}, expected {sorted(POISON)}")
    if scored != [n for n in range(EVENTS) if n not in POISON]:
        twice = len(scored) - len(set(scored))
        faults.append(f"{len(scored)} predictions, {twice} of them again; expected one of "
                      f"each of {EVENTS - len(POISON)} events")
    faults += [f"a dead letter {fault}" for fault in map(fault_of, letters) if fault]
    return faults


def found_and_buried(bed, workers, stream, delivery):
    run = Run(bed, workers, stream, delivery, dead_limit=1 << 20)
    for _ in hang_guard("all events to be settled"):
        run.worker.check()
        if run.is_settled():
            break
    run.worker.terminate()
    return [f"{delivery}: {fault}" for fault in
            judge(run, once=delivery == "exactly_once")]


def refused_twice(bed, workers, stream, delivery):
    run = Run(bed, workers, stream, delivery, dead_limit=1000)
    for _ in hang_guard("the worker to end"):
        if not run.worker.is_alive():
            break
    code, words = run.worker.process.wait(), run.worker.last_words(30)
    expected = f"{run.topic}/"
    if code == 70 and expected in words and "its dead letter was refused" in words:
        return []
    return [f"{delivery}, dead letters refused: exit {code}, expected 70 and the event "
            f"named:\n{words}"]


def main():
    argparse.ArgumentParser(prog="refused", description=__doc__).parse_args()
    bed = Bed()
    stream = new_stream(EVENTS)
    stream.fill_redis(bed.redis)
    faults = []
    with Workers("refused") as workers:
        for delivery in ("at_least_once", "exactly_once"):
            faults += found_and_buried(bed, workers, stream, delivery)
            faults += refused_twice(bed, workers, stream, delivery)
        for fault in faults:
            print(f"refused: {fault}")
        print(f"refused: {len(faults)} faults")
        sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
