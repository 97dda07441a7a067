"""What came out of a worker: every prediction of every event, however often, beside what was
expected."""

from array import array
from collections import Counter

import msgpack
import numpy as np

from configured import SENTINEL
from expected import DEAD_LETTER, NOTHING, PREDICTION

MOST_WORDS = 12
FAULTS = ("lost", "unexpected", "duplicated", "differing", "differing_again",
          "without_redis", "dead_letters_lost")


class Seen:
    def __init__(self, topic, name, n_columns):
        self.topic, self.name, self.n_columns = topic, name, n_columns
        self.rows, self.at = array("q"), array("q")
        self.scores = array("d")
        self.buried = Counter()  # row: how often
        self.count = Counter()
        self.words = []

    def say(self, fault, text):
        self.count[fault] += 1
        if len(self.words) < MOST_WORDS:
            self.words.append(f"{fault}: {text}")

    def find(self, topic, partition, offset, what):
        row = self.topic.row(int(partition), int(offset)) if topic == self.name else None
        if row is None:
            self.say("unexpected", f"{what} of {topic}/{partition}/{offset}")
        return row

    def prediction(self, record):
        said = msgpack.unpackb(record.value)
        row = self.find(*said["id"].rsplit("/", 2), "prediction")
        if row is None:
            return
        if len(said["scores"]) != self.n_columns:
            self.say("unexpected", f"{len(said['scores'])} scores of {said['id']}")
            return
        if said["quality"] == "unavailable":
            self.say("without_redis", said["id"])
        self.rows.append(row)
        self.at.append(record.timestamp)
        self.scores.extend(said["scores"])

    def dead_letter(self, record):
        said = {name.removeprefix("__connect.errors."): value for name, value in record.headers}
        row = self.find(said["topic"].decode(), said["partition"], said["offset"],
                        "dead letter")
        if row is not None:
            self.buried[row] += 1


def as_bits(numbers):
    return np.where(np.isnan(numbers), SENTINEL, numbers).view(np.uint64)


def judge(seen, expected, exactly_once):
    """The verdict: of how many predictions how many are not what they should be. Answers about
    shared entities are judged apart (shared.py)."""
    rows = np.array(seen.rows, np.int64)
    scores = np.array(seen.scores).reshape(-1, seen.n_columns)
    times = np.bincount(rows, minlength=len(expected.outcome))
    wanted = expected.outcome == PREDICTION
    buried = np.zeros(len(expected.outcome), bool)
    buried[list(seen.buried)] = True
    for row in np.flatnonzero(wanted & (times == 0)):
        seen.say("lost", expected.topic.place(row))
    for row in np.flatnonzero((expected.outcome == DEAD_LETTER) & ~buried):
        seen.say("dead_letters_lost", expected.topic.place(row))
    for row in np.flatnonzero((~wanted & (times > 0)) | (buried & (expected.outcome !=
                                                                  DEAD_LETTER))):
        what = {PREDICTION: "a prediction", DEAD_LETTER: "a dead letter", NOTHING: "nothing"}
        seen.say("unexpected", f"{expected.topic.place(row)}: found something else than "
                               f"{what[expected.outcome[row]]}")
    again = np.zeros(len(rows), bool)
    _, first = np.unique(rows, return_index=True)
    again[:] = True
    again[first] = False
    if exactly_once:
        for row in rows[again]:
            seen.say("duplicated", expected.topic.place(row))
    judge_answers(seen, expected, rows, scores, again)
    return {"events": len(expected.outcome), "predictions": len(rows),
            "numbers": int(scores.size), "dead_letters": sum(seen.buried.values()),
            "repeated": int(again.sum()),
            **{fault: seen.count[fault] for fault in FAULTS}}


def judge_answers(seen, expected, rows, scores, again):
    is_keyed = np.repeat([not entity.is_shared for entity in expected.entities],
                         np.diff(expected.first))
    names = [".".join(value[:2]) for entity in expected.entities for value in entity.values]
    wrong = (as_bits(scores) != as_bits(expected.answers[rows])) & is_keyed
    for i in np.flatnonzero(wrong.any(axis=1)):
        column = np.flatnonzero(wrong[i])[0]
        seen.say("differing_again" if again[i] else "differing",
                 f"{expected.topic.place(rows[i])}: {names[column]} is "
                 f"{scores[i, column]!r}, expected {expected.answers[rows[i], column]!r}")
