"""Plants faults in what a flawless worker would have left, and insists that each is seen.

The worker is features/aggregate/state.c itself (run_state), fed with the events of each entity."""

import copy
import os
import subprocess
import sys
from collections import namedtuple
from zlib import crc32

import msgpack
import numpy as np

import streams
from configured import ENTITIES, SENTINEL
from expected import DEAD_LETTER, NOTHING, PREDICTION, Expected, Record, Topic
from seen import FAULTS, Seen, judge
from traffic import Traffic

DRIVER = os.environ["LEAT_DRIVER"]
N_PARTITIONS = 4
Output = namedtuple("Output", "value headers timestamp")


def say(*_):
    pass


def make_topic(n, keyed):
    partitions = {p: [] for p in range(N_PARTITIONS)}
    for key, value, _, timestamp in Traffic(n, 3, keyed).records():
        partitions[crc32(key or b"") % N_PARTITIONS].append(Record(key, value, timestamp))
    return Topic(partitions)


def run_driver(entity, events):
    """The answers to the events, and the state behind them."""
    text = streams.text(entity.of_the_reference(), [event[1:] for event in events])
    *answers, state = subprocess.run([DRIVER], input=text + "bytes\n", text=True, check=True,
                                     capture_output=True).stdout.splitlines()
    def number(bits):
        return SENTINEL if bits == "nan" else np.array(int(bits, 16), np.uint64).view(
            np.float64)
    return [[number(bits) for bits in line.split()] for line in answers], bytes.fromhex(state)


class Flawless:
    """What a worker leaves that makes no mistake."""

    def __init__(self, expected):
        self.expected = expected
        self.scores = np.full((len(expected.outcome), expected.first[-1]), SENTINEL)
        self.states = [{} for _ in expected.entities]
        for i, events in enumerate(expected.events):
            for name in events:
                self.work(i, name, expected.in_order(i, name))
        self.rows = list(np.flatnonzero(expected.outcome == PREDICTION))
        self.quality = {}
        self.others = {}  # arrival: scores of its own
        self.buried = list(np.flatnonzero(expected.outcome == DEAD_LETTER))

    def work(self, i, name, events):
        answers, self.states[i][name] = run_driver(self.expected.entities[i], events)
        first = self.expected.first
        for (row, *_), answer in zip(events, answers):
            self.scores[row, first[i]:first[i + 1]] = answer

    def outputs(self):
        place = self.expected.topic.place
        predictions = [Output(msgpack.packb({
            "id": f"in/{place(row)}", "scores": list(self.others.get(at, self.scores[row])),
            "quality": self.quality.get(at, "complete")}), [], at)
            for at, row in enumerate(self.rows)]
        dead_letters = []
        for row in self.buried:
            where = zip(("topic", "partition", "offset"), ("in", *place(row).split("/")))
            dead_letters.append(Output(b"", [(f"__connect.errors.{name}", value.encode())
                                             for name, value in where], 0))
        return predictions, dead_letters

    def verdict(self, exactly_once=False):
        expected = self.expected
        seen = Seen(expected.topic, "in", expected.first[-1])
        predictions, dead_letters = self.outputs()
        for record in predictions:
            seen.prediction(record)
        for record in dead_letters:
            seen.dead_letter(record)
        found, _ = expected.work_out(
            lambda i, names: [self.states[i].get(name) for name in names], DRIVER, say)
        return {**judge(seen, expected, exactly_once), **found}


# --- faults ----------------------------------------------------------------------------


def hottest(worker, i):
    events = worker.expected.events[i]
    return max(events, key=lambda name: len(events[name]))


def worked_otherwise(change, i=0):
    """One entity's events are changed before they are applied."""
    def plant(worker):
        name = hottest(worker, i)
        events = worker.expected.in_order(i, name)
        worker.work(i, name, change(list(events)))
    return plant


def lost(events):
    return events[:len(events) // 2] + events[len(events) // 2 + 1:]


def doubled(events):
    middle = len(events) // 2
    return events[:middle + 1] + events[middle:]


def swapped(events):
    middle = next(i for i in range(len(events) // 2, len(events))
                  if events[i][2] != events[i + 1][2])
    events[middle], events[middle + 1] = events[middle + 1], events[middle]
    return events


def last_lost(worker):
    """Nobody is answered wrongly yet."""
    name = hottest(worker, 0)
    _, worker.states[0][name] = run_driver(worker.expected.entities[0],
                                           worker.expected.in_order(0, name)[:-1])


def again(worker, scores=None):
    """The hottest card's first event comes again."""
    events = worker.expected.events[0][hottest(worker, 0)]
    worker.rows.append(events[0][0])
    if scores is not None:
        worker.others[len(worker.rows) - 1] = scores(worker, events)


def from_now(worker, events):
    return worker.scores[events[-1][0]]


def a_bit_off(worker):
    row = worker.rows[17]
    worker.scores[row, 0] = np.nextafter(worker.scores[row, 0], np.inf)


def row_of(worker, outcome):
    return np.flatnonzero(worker.expected.outcome == outcome)[0]


PLANTS = (  # name, what has to show, how, exactly once
    ("an update lost", "differing", worked_otherwise(lost), False),
    ("an update lost, in the state", "states_differing", last_lost, False),
    ("an update twice", "differing", worked_otherwise(doubled), False),
    ("an update twice, in the state", "states_differing", worked_otherwise(doubled), False),
    ("updates in another order", "differing", worked_otherwise(swapped), False),
    ("a shared update lost", "states_differing", worked_otherwise(lost, 1), False),
    ("a shared update twice", "states_differing", worked_otherwise(doubled, 1), False),
    ("another answer on redelivery", "differing_again", lambda w: again(w, from_now), False),
    ("an answer a bit off", "differing", a_bit_off, False),
    ("a state lost", "states_missing", lambda w: w.states[0].pop(hottest(w, 0)), False),
    ("a prediction lost", "lost", lambda w: w.rows.pop(), False),
    ("a prediction twice, exactly once", "duplicated", again, True),
    ("a dead letter lost", "dead_letters_lost", lambda w: w.buried.pop(), False),
    ("a prediction of a malformed event", "unexpected",
     lambda w: w.rows.append(row_of(w, DEAD_LETTER)), False),
    ("a prediction of a tombstone", "unexpected",
     lambda w: w.rows.append(row_of(w, NOTHING)), False),
    ("a dead letter of a good event", "unexpected",
     lambda w: w.buried.append(row_of(w, PREDICTION)), False),
    ("Redis not there", "without_redis", lambda w: w.quality.update({3: "unavailable"}), False),
)


def main():
    expected = Expected(make_topic(3000, True), ENTITIES["keyed"])
    worker = Flawless(expected)
    unseen = 0
    again(worker)  # as it may
    verdict = worker.verdict()
    everything = (*FAULTS, "states_missing", "states_differing")
    if any(verdict.get(fault) for fault in everything):
        print(f"nothing was planted, and it says {verdict}")
        unseen += 1
    for name, fault, plant, exactly_once in PLANTS:
        worker.rows = worker.rows[:np.count_nonzero(expected.outcome == PREDICTION)]
        planted = copy.copy(worker)
        for part in ("scores", "states", "rows", "quality", "others", "buried"):
            setattr(planted, part, copy.deepcopy(getattr(worker, part)))
        plant(planted)
        verdict = planted.verdict(exactly_once)
        seen = bool(verdict.get(fault))
        print(f"{name}: {'seen' if seen else f'NOT SEEN: {verdict}'}", flush=True)
        unseen += not seen
    print(f"aggregates: {len(PLANTS)} faults planted, {unseen} not seen")
    sys.exit(1 if unseen else 0)


if __name__ == "__main__":
    main()
