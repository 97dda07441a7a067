"""Records that the brokers refuse: found, buried, and nothing else lost.

The topic of predictions takes records of a few thousand bytes. Some events carry a note that
makes their prediction larger than that, which only the brokers find out. Each of them must
become one truncated dead letter; all others get a prediction, and with exactly once no second
one, also where the brokers are away meanwhile. Where the dead letter is refused as well, the
worker ends and names the event. So it does where the producer itself finds the prediction too
large and there is no topic of dead letters: the event must not count as done then."""

import argparse
import os
import sys
import time

import msgpack

from bed import Bed, Feeder, Tail, hang_guard, tell_broker
from case import new_stream
from stream import configuration, train
from worker import Workers

EVENTS = 3000
POISON = frozenset({0, 7, 8, 1234, EVENTS - 1})
LIMIT = 8000
MANY_POISONS = 24


AWAY_SECONDS = 12  # longer than the worker waits for acknowledgements


def records(stream, poison):
    """The stream's, with notes that no compression makes small."""
    for i, (key, payload, headers) in enumerate(stream.records()):
        event = msgpack.unpackb(payload, strict_map_key=False)
        event = {name if isinstance(name, str) else name.decode(): value
                 for name, value in event.items()}
        event["note"] = os.urandom(10 * LIMIT).hex() if i in poison else "short"
        yield key, msgpack.packb(event), headers


class Run:
    """`dead_limit`: of a dead letter's bytes; None: there is no topic for them, and predictions
    are bounded by the producer instead of their topic."""

    def __init__(self, bed, workers, stream, delivery, dead_limit, poison=POISON):
        self.bed = bed
        self.poison = poison
        name = f"refused-{delivery}-{dead_limit}-{stream.n}-{os.getpid()}"
        self.topic, self.sink, self.dead, self.group = (
            f"{name}-{what}" for what in ("in", "out", "dead", "group"))
        bed.create_topics(self.topic)
        bed.create_topics(self.sink, **{"max.message.bytes": str(LIMIT)})
        if dead_limit:
            bed.create_topics(self.dead, **{"max.message.bytes": str(dead_limit)})
        feeder = Feeder(bed, self.topic, records(stream, poison))
        feeder.start()
        feeder.finish()
        model = os.path.join(workers.folder, "model.ubj")
        train("binary").save_model(model)
        text = configuration(bed, self.topic, model, self.group, self.sink,
                             self.dead if dead_limit else None, client=name,
                             delivery=delivery,
                             kafka=None if dead_limit else {"message.max.bytes": LIMIT})
        self.worker = workers.add(name, text.replace(
            "include: [event.n]", "include: [event.n, event.note]")).start()

    def is_settled(self):
        committed = self.bed.committed(self.group, self.topic)
        return all(committed.get(partition, 0) == end
                   for partition, end in self.bed.ends(self.topic).items())

    def await_settled(self):
        for _ in hang_guard("all events to be settled"):
            self.worker.check()
            if self.is_settled():
                return

    def await_end(self):
        for _ in hang_guard("the worker to end"):
            if not self.worker.is_alive():
                return self.worker.process.wait(), self.worker.last_words(30)

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


def numbers_of(run):
    """Which event of the stream lies where."""
    return {(record.partition, record.offset): int(dict(record.headers)["n"])
            for record in run.read(run.topic)}


def judge(run, once):
    """Every event at the place that it belongs to; `once`: and not twice."""
    faults = []
    seen = sorted if once else lambda numbers: sorted(set(numbers))
    scored = seen(msgpack.unpackb(record.value)["event"]["n"]
                  for record in run.read(run.sink))
    letters = run.read(run.dead)
    sent = numbers_of(run)
    buried = seen(sent[coordinates_of(letter)] for letter in letters)
    if buried != sorted(run.poison):
        faults.append(f"dead letters of {buried}, expected {sorted(run.poison)}")
    if scored != [n for n in range(len(sent)) if n not in run.poison]:
        twice = len(scored) - len(set(scored))
        faults.append(f"{len(scored)} predictions, {twice} of them again; expected one of "
                      f"each of {len(sent) - len(run.poison)} events")
    faults += [f"a dead letter {fault}" for fault in map(fault_of, letters) if fault]
    return faults


def found_and_buried(bed, workers, stream, delivery):
    run = Run(bed, workers, stream, delivery, dead_limit=1 << 20)
    run.await_settled()
    run.worker.terminate()
    return judge(run, once=delivery == "exactly_once")


def found_though_brokers_are_away(bed, workers, stream):
    """At least once, since transactions are taken back then anyway. Every event is refused, so
    that the lanes search all the time."""
    run = Run(bed, workers, stream, "at_least_once", dead_limit=1 << 20,
              poison=range(stream.n))
    for _ in hang_guard("the first dead letters"):
        run.worker.check()
        if sum(bed.ends(run.dead).values()):
            break
    tell_broker(1, "freeze")
    try:
        time.sleep(AWAY_SECONDS)
    finally:
        tell_broker(1, "thaw")
    if run.is_settled():
        return ["brokers away: all were found before"]
    run.await_settled()
    run.worker.terminate()
    return [f"brokers away: {fault}" for fault in judge(run, once=False)]


def refused_twice(bed, workers, stream, delivery):
    run = Run(bed, workers, stream, delivery, dead_limit=1000)
    code, words = run.await_end()
    if code == 70 and f"{run.topic}/" in words and "its dead letter was refused" in words:
        return []
    return [f"exit {code}, expected 70 and the event named:\n{words}"]


def no_place_for_it(bed, workers, stream, delivery):
    run = Run(bed, workers, stream, delivery, dead_limit=None)
    code, words = run.await_end()
    faults = []
    if code != 65 or "dead_letter.topic" not in words:
        faults.append(f"exit {code}, expected 65 and a word of dead_letter.topic:\n{words}")
    committed = bed.committed(run.group, run.topic)
    for (partition, offset), n in numbers_of(run).items():
        if n in run.poison and committed.get(partition, 0) > offset:
            faults.append(f"{partition}/{offset} counts as done, nothing came of it")
    return faults


def main():
    argparse.ArgumentParser(prog="refused", description=__doc__).parse_args()
    bed = Bed()
    stream = new_stream(EVENTS)
    stream.fill_redis(bed.redis)
    short = new_stream(MANY_POISONS)
    short.fill_redis(bed.redis)
    with Workers("refused") as workers:
        faults = found_though_brokers_are_away(bed, workers, short)
        for delivery in ("at_least_once", "exactly_once"):
            for play in (found_and_buried, refused_twice, no_place_for_it):
                faults += [f"{play.__name__}, {delivery}: {fault}"
                           for fault in play(bed, workers, stream, delivery)]
        for fault in faults:
            print(f"refused: {fault}")
        print(f"refused: {len(faults)} faults")
        sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
