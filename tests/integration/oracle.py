"""The judge: what went in, what came out, and whether each event came out as it should.

It reads records, so that planted faults can be judged like real ones: `oracle.py` alone
plants them and fails when one of them passes."""

import sys
from collections import namedtuple

import msgpack
import numpy as np

from malformed import KINDS
from stream import MODELS, Stream, reference, train

FAULTS = ("lost", "duplicated", "reordered", "unexpected", "score_errors", "wrong_fields",
          "dead_letter_errors")


def ulps(a, b):
    """How many numbers of their type lie between, elementwise; equal bits are 0."""
    integer = np.int32 if a.dtype == np.float32 else np.int64
    def ordered(x):
        bits = x.view(integer).astype(object)
        return np.where(bits < 0, -(bits & np.iinfo(integer).max), bits)
    return np.abs(ordered(a) - ordered(b))


class Oracle:
    """`expected`: the framework's scores, float32 or float64 as it gives them.
    `link_ulps`: how far a score may be from them: 0 where there is no link."""

    def __init__(self, stream, topic, group, expected, link_ulps):
        self.stream = stream
        self.topic = topic
        self.group = group
        self.expected = expected
        self.link_ulps = link_ulps
        self.id_prefix = ""  # of every prediction's id
        self.missing = stream.missing()
        self.coordinates = {}  # (partition, offset): which event
        self.key = [None] * stream.n
        self.timestamp = np.zeros(stream.n, dtype=np.int64)
        self.scored = np.zeros(stream.n, dtype=np.int32)  # how often it came out
        self.buried = np.zeros(stream.n, dtype=np.int32)
        self.excused = np.zeros(stream.n, dtype=bool)  # what need not come out
        self.last_of_key = {}  # partition, key: (partition of the output, offset of the event)
        self.arrivals = []  # per record out: event, (sink, partition, offset)
        self.count = dict.fromkeys(FAULTS, 0)
        self.complaints = []

    # --- what went in ----------------------------------------------------------------

    def sent(self, record):
        """A record of the input topic, read back."""
        i = int(dict(record.headers)["n"])
        self.coordinates[record.partition, record.offset] = i
        self.key[i] = record.key
        self.timestamp[i] = record.timestamp

    def cut(self, n):
        """Only the first n were sent."""
        self.stream.cut(n)
        self.scored, self.buried = self.scored[:n], self.buried[:n]
        self.excused = self.excused[:n]

    # --- what came out ---------------------------------------------------------------

    def complain(self, fault, text, *values):
        self.count[fault] += 1
        if len(self.complaints) < 20:
            self.complaints.append(f"{fault}: {text.format(*values)}")

    def find(self, topic, partition, offset, where):
        i = self.coordinates.get((partition, offset)) if topic == self.topic else None
        if i is None:
            self.complain("unexpected", "{}: no event at {}/{}/{}", where, topic, partition,
                          offset)
        return i

    def prediction(self, record):
        said = msgpack.unpackb(record.value)
        topic, partition, offset = said["id"].rsplit("/", 2)
        partition, offset = int(partition), int(offset)
        if not topic.startswith(self.id_prefix):
            self.complain("unexpected", "{} does not begin with {}", said["id"],
                          self.id_prefix)
            return
        topic = topic.removeprefix(self.id_prefix)
        i = self.find(topic, partition, offset, "prediction")
        if i is None:
            return
        if self.stream.kind[i] >= 0:
            self.complain("unexpected", "{} is malformed ({}) and has a prediction",
                          said["id"], KINDS[self.stream.kind[i]][0])
        self.judge_order(i, partition, offset, record)
        self.judge_scores(i, said)
        self.judge_fields(i, said, record)
        self.scored[i] += 1
        self.arrivals.append((i, ("prediction", record.partition, record.offset)))

    def judge_order(self, i, partition, offset, record):
        """The first prediction of each event of a key follows those of the events before."""
        if record.key is None or self.scored[i]:
            return
        before = self.last_of_key.get((partition, record.key))
        if before and (record.partition != before[0] or offset <= before[1]):
            self.complain("reordered", "key {}: offset {} in partition {} comes after {}",
                          record.key, offset, record.partition, before)
        self.last_of_key[partition, record.key] = (record.partition, offset)

    def judge_scores(self, i, said):
        scores = np.array(said.get("scores", [said.get("score")]), dtype=np.float64)
        expected = self.expected[i]
        cast = scores.astype(expected.dtype)
        if scores.shape != expected.shape or (cast != scores).any() or (
                ulps(cast, expected).max() > self.link_ulps):
            self.complain("score_errors", "{}: {}, the framework says {}", said["id"],
                          scores, expected)
        if len(expected) > 1 and said.get("label") != scores.argmax():
            self.complain("score_errors", "{}: label {} of {}", said["id"],
                          said.get("label"), scores)

    def judge_fields(self, i, said, record):
        missing = self.missing[i]
        wanted = {"quality": "defaulted" if missing else "complete", "event": {"n": i}}
        if missing:
            wanted["missing"] = missing
        found = {name: said[name] for name in ("quality", "missing", "event")
                 if name in said}
        if found != wanted:
            self.complain("wrong_fields", "{}: {}, expected {}", said["id"], found, wanted)
        if record.key != self.key[i]:
            self.complain("wrong_fields", "{}: key {}, expected {}", said["id"], record.key,
                          self.key[i])
        milliseconds = said["time"].to_unix_nano() // 1_000_000
        if milliseconds != self.timestamp[i]:
            self.complain("wrong_fields", "{}: time {}, expected {}", said["id"],
                          milliseconds, self.timestamp[i])

    def dead_letter(self, record):
        headers = {name: value.decode() for name, value in record.headers
                   if name.startswith("__connect.errors.")}
        said = {name.removeprefix("__connect.errors."): value
                for name, value in headers.items()}
        place = said.get("topic"), said.get("partition"), said.get("offset")
        if not (place[0] and str(place[1]).isdigit() and str(place[2]).isdigit()):
            self.complain("dead_letter_errors", "coordinates are {}", place)
            return
        i = self.find(place[0], int(place[1]), int(place[2]), "dead letter")
        if i is None:
            return
        kind = self.stream.kind[i]
        if kind < 0:
            self.complain("unexpected", "{} is a good event and a dead letter: {}", place,
                          said)
        else:
            self.judge_dead_letter(i, KINDS[kind], said, record, place)
        self.buried[i] += 1
        self.arrivals.append((i, ("dead letter", record.partition, record.offset)))

    def judge_dead_letter(self, i, kind, said, record, place):
        name, payload, stage, codes = kind
        wrong = []
        if said.get("stage") != stage or said.get("class.name") != f"leat.{stage}":
            wrong.append(f"stage {said.get('stage')}, class {said.get('class.name')}")
        if said.get("exception.class.name") not in codes:
            wrong.append(f"{said.get('exception.class.name')} is not of {codes}")
        if not said.get("exception.message"):
            wrong.append("no message")
        if said.get("connector.name") != f"leat:{self.group}":
            wrong.append(f"connector {said.get('connector.name')}")
        if not str(said.get("task.id")).isdigit():
            wrong.append(f"task {said.get('task.id')}")
        if record.value != payload or record.key != self.key[i]:
            wrong.append("key or value are not the event's")
        if record.timestamp != self.timestamp[i]:
            wrong.append(f"timestamp {record.timestamp}")
        if dict(record.headers).get("n") != str(i).encode():
            wrong.append("the event's own headers are gone")
        if wrong:
            self.complain("dead_letter_errors", "{} ({}): {}", place, name, "; ".join(wrong))

    # --- the verdict -----------------------------------------------------------------

    def outcomes(self):
        """How often each event came out where it belongs."""
        return np.where(self.stream.kind >= 0, self.buried, self.scored)

    def excuse(self, partition, before):
        """Events of the partition that were gone before somebody could read them."""
        for (p, offset), i in self.coordinates.items():
            if p == partition and offset < before:
                self.excused[i] = True

    def unseen(self):
        """Which events have not come out and should have."""
        return (self.outcomes() == 0) & ~self.excused

    def remaining(self):
        return int(self.unseen().sum())

    def verdict(self):
        outcomes = self.outcomes()
        here = {i: place for place, i in self.coordinates.items()}
        for i in np.flatnonzero(self.unseen()):
            self.complain("lost", "event {} at {}", i, here.get(i, "no offset: never sent"))
        self.count["duplicated"] = int((outcomes[outcomes > 1] - 1).sum())
        return {"events": self.stream.n, "predictions": int(self.scored.sum()),
                "dead_letters": int(self.buried.sum()), **self.count}


# --- the oracle's own test ---------------------------------------------------------------

Record = namedtuple("Record", "partition offset key value headers timestamp")


def prediction_of(topic, record, i, scores, missing):
    """What a worker that makes no mistake says of event i, which came in that record."""
    said = {"id": f"{topic}/{record.partition}/{record.offset}"}
    if len(scores) > 1:
        said |= {"scores": [float(s) for s in scores], "label": int(scores.argmax())}
    else:
        said["score"] = float(scores[0])
    said |= {"time": msgpack.Timestamp.from_unix_nano(record.timestamp * 1_000_000),
             "quality": "defaulted" if missing else "complete"}
    if missing:
        said["missing"] = missing
    return said | {"event": {"n": i}}


def flawless(stream, scores, group="g", topic="in"):
    """Inputs, predictions and dead letters of a worker that makes no mistake."""
    inputs, predictions, dead_letters = [], [], []
    missing = stream.missing()
    ends = [0] * 4
    for i, (key, value, headers) in enumerate(stream.records()):
        partition = hash(key) % 4
        offset = ends[partition]
        ends[partition] += 1
        record = Record(partition, offset, key, value, headers, 1000 + i)
        inputs.append(record)
        kind = stream.kind[i]
        if kind >= 0:
            _, _, stage, codes = KINDS[kind]
            said = {"topic": topic, "partition": partition, "offset": offset,
                    "connector.name": f"leat:{group}", "task.id": 0, "stage": stage,
                    "class.name": f"leat.{stage}", "exception.class.name": min(codes),
                    "exception.message": "why"}
            dead_letters.append(record._replace(headers=headers + [
                (f"__connect.errors.{name}", str(value).encode())
                for name, value in said.items()]))
            continue
        predictions.append(record._replace(
            value=prediction_of(topic, record, i, scores[i], missing[i])))
    return inputs, predictions, dead_letters


def judged(stream, scores, inputs, predictions, dead_letters, link_ulps=2):
    oracle = Oracle(stream, "in", "g", scores, link_ulps)
    for record in inputs:
        oracle.sent(record)
    packer = msgpack.Packer(use_single_float=scores.dtype == np.float32)
    for record in predictions:
        oracle.prediction(record._replace(value=packer.pack(record.value)))
    for record in dead_letters:
        oracle.dead_letter(record)
    return oracle.verdict()


def same_key(predictions):
    """Where two neighbouring predictions of one key stand."""
    seen = {}
    for at, record in enumerate(predictions):
        if record.key in seen and record.key is not None:
            return seen[record.key], at
        seen[record.key] = at
    raise AssertionError("no key comes twice")


def changed(records, at, **fields):
    record = records[at]
    records[at] = record._replace(value={**record.value, **fields})


def scores_of(record):
    return record.value.get("scores") or [record.value["score"]]


def rescored(records, at, scores):
    if "scores" in records[at].value:
        changed(records, at, scores=scores)
    else:
        changed(records, at, score=scores[0])


def with_header(records, at, name, value):
    name = f"__connect.errors.{name}"
    headers = [h for h in records[at].headers if h[0] != name] + [(name, value)]
    records[at] = records[at]._replace(headers=headers)


def moved(score, steps, dtype):
    for _ in range(steps):
        score = np.nextafter(dtype.type(score), dtype.type(np.inf))
    return float(score)


def plants(dtype):
    """Each plants one fault and names what has to show: (name, fault, plant(p, d)).
    `dtype`: of the scores."""
    def swap(p, d):
        a, b = same_key(p)
        p[a], p[b] = p[b], p[a]

    return [
        ("a loss", "lost", lambda p, d: p.pop(17)),
        ("the last one lost", "lost", lambda p, d: p.pop()),
        ("a dead letter lost", "lost", lambda p, d: d.pop(3)),
        ("a duplicate", "duplicated", lambda p, d: p.append(p[17])),
        ("a dead letter twice", "duplicated", lambda p, d: d.append(d[3])),
        ("a reorder in a key", "reordered", swap),
        ("a key in two partitions", "reordered", lambda p, d: p.__setitem__(
            same_key(p)[1], p[same_key(p)[1]]._replace(partition=7))),
        ("a score of another row", "score_errors", lambda p, d: rescored(
            p, 5, scores_of(p[6]))),
        ("a score 3 ulp off", "score_errors", lambda p, d: rescored(
            p, 5, [moved(score, 3, dtype) for score in scores_of(p[5])])),
        ("another quality", "wrong_fields", lambda p, d: changed(
            p, 5, quality="unavailable")),
        ("another time", "wrong_fields", lambda p, d: changed(
            p, 5, time=msgpack.Timestamp(1, 0))),
        ("another event's fields", "wrong_fields", lambda p, d: changed(
            p, 5, event=p[6].value["event"])),
        ("another key", "wrong_fields", lambda p, d: p.__setitem__(
            5, p[5]._replace(key=b"other"))),
        ("an event that never was", "unexpected", lambda p, d: changed(
            p, 5, id="in/0/999999")),
        ("another topic", "unexpected", lambda p, d: changed(
            p, 5, id=p[5].value["id"].replace("in", "out"))),
        ("a prediction of a malformed one", "unexpected", lambda p, d: p.append(
            p[5]._replace(value={**p[5].value, "id": "in/%d/%d" % d[3][:2]}))),
        ("a dead letter of a good one", "unexpected", lambda p, d: d.append(
            d[3]._replace(headers=d[3].headers)) or [with_header(
                d, -1, name, str(value).encode())
                for name, value in zip(("partition", "offset"), p[5][:2])]),
        ("a dead letter's wrong place", "dead_letter_errors", lambda p, d: with_header(
            d, 3, "offset", b"")),
        ("a dead letter's wrong code", "dead_letter_errors", lambda p, d: with_header(
            d, 3, "exception.class.name", b"E_MODEL")),
        ("a dead letter's wrong stage", "dead_letter_errors", lambda p, d: with_header(
            d, 3, "stage", b"model")),
        ("a dead letter of other bytes", "dead_letter_errors", lambda p, d: d.__setitem__(
            3, d[3]._replace(value=b"x"))),
        ("a dead letter without headers", "dead_letter_errors", lambda p, d: d.__setitem__(
            3, d[3]._replace(headers=d[3].headers[1:]))),
    ]


def plant_all(stream, kind, scores):
    """How many faults were not caught."""
    failures = 0
    inputs, predictions, dead_letters = flawless(stream, scores)
    verdict = judged(stream, scores, inputs, predictions, dead_letters, link_ulps=0)
    if any(verdict[fault] for fault in FAULTS):
        print(f"{kind}: no fault planted, and it says {verdict}")
        failures += 1
    for name, fault, plant in plants(scores.dtype):
        p, d = list(predictions), list(dead_letters)
        plant(p, d)
        verdict = judged(stream, scores, inputs, p, d)
        if not verdict[fault]:
            print(f"{kind}: {name} was planted, and it says {verdict}")
            failures += 1
    return failures


def selftest():
    failures = 0
    for kind in MODELS:
        stream = Stream(3000, seed=2, malformed_share=0.05)
        scores = reference(train(kind), stream)
        failures += plant_all(stream, kind, scores)
    print(f"oracle: {len(plants(scores.dtype))} faults planted per model, "
          f"{failures} not caught")
    return failures


if __name__ == "__main__":
    sys.exit(1 if selftest() else 0)
