"""Judges what a worker made of Redis's answers: by the log of the proxy that they came
through (redis_proxy.py), and by values that say whose they are (entities.py).

What a prediction was given has to be an answer for its own entity, sent before it was
published, and the latest one; or one that the cache may still have. What it was not given has
to be absent in Redis, or there is a reason in the log: since the last good answer to its lane
a question was not answered as Redis answers, or a connection was lost. `quality` and `missing`
have to say so."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import product

import msgpack

from entities import COLUMNS, OF_THE_EVENT, PARTS, SENTINEL, USER, VALUES
from redis_proxy import FIRST

FAULTS = ("lost", "duplicated", "reordered", "unexpected", "cross_entity", "wrong_quality",
          "wrong_missing", "dead_letter_errors")
QUALITIES = ("complete", "defaulted", "stale", "unavailable")  # the worst one stands
COMPLETE, DEFAULTED, STALE, UNAVAILABLE = range(4)
MS = 0.001  # a record's time is that much too early at most
SLACK = 1.0  # from a look into the cache to publication, on a machine that is busy


@dataclass
class Prediction:
    n: int
    partition: int
    offset: int
    at: float  # when it was published
    place: tuple  # partition and offset of the sink
    quality: str
    missing: list
    row: list


@dataclass
class DeadLetter:
    n: int
    partition: int
    offset: int
    reason: str
    place: tuple


@dataclass
class Promise:
    policy: str  # on_unavailable
    timeout: float
    ttl: float = 0.0  # of the cache; 0: none
    stale: float = 0.0


def prediction(record):
    said = msgpack.unpackb(record.value)
    _, partition, offset = said["id"].rsplit("/", 2)
    return Prediction(said["event"]["n"], int(partition), int(offset), record.timestamp / 1000,
                      (record.partition, record.offset), said["quality"],
                      said.get("missing", []), said["scores"])


def dead_letter(record):
    said = {name.removeprefix("__connect.errors."): value.decode()
            for name, value in record.headers if name.startswith("__connect.errors.")}
    return DeadLetter(msgpack.unpackb(record.value)["n"], int(said["partition"]),
                      int(said["offset"]), said["exception.class.name"],
                      (record.partition, record.offset))


class Lane:
    """What the log has of one partition: it is one lane's."""

    def __init__(self):
        self.good = []  # (answered, asked)
        self.marks = []  # what went wrong: (when the proxy saw it, when it may have begun)
        self.typed = []  # of them, those in which users were refused by type

    def sort(self):
        self.good.sort()
        self.marks.sort()

    def was_in_trouble(self, at, until=None):
        """Whether something went wrong between the last good answer before `at` and `until`."""
        before = bisect_right(self.good, (at + MS, float("inf")))
        since = self.good[before - 1][1] if before else 0.0
        mark = bisect_left(self.marks, (since,))
        return mark < len(self.marks) and self.marks[mark][1] <= (until or at) + MS


class Answers:
    """The log, by partition and by key."""

    def __init__(self, log, promise, partition_of_card):
        self.log = log
        self.lanes = defaultdict(Lane)
        self.by_key = defaultdict(list)  # (asked, number), in the order of asking
        self.good = set()  # (partition, when it was asked) of trips that were good
        for connection in log.connections:
            self.take(connection, promise, partition_of_card)
        for lane in self.lanes.values():
            lane.sort()
        for number, (key, _, asked, _) in enumerate(log.answers):
            self.by_key[key].append((asked, number))
        for asked in self.by_key.values():
            asked.sort()

    def take(self, connection, promise, partition_of_card):
        lane = None
        for trip in connection.trips:
            partition = partition_of_card.get(card_of(trip.key))
            lane = self.lanes[partition]
            if trip.fault or trip.answered is None or (
                    trip.answered - trip.since > promise.timeout / 2):
                lane.marks.append((trip.asked, trip.since))
                if trip.fault == "wrongtype":
                    lane.typed.append((trip.asked, trip.since))
            else:
                lane.good.append((trip.answered, trip.asked))
                self.good.add((partition, trip.asked))
        if lane and connection.closer != "worker" and connection.closed:
            lane.marks.append((connection.closed, connection.closed))

    def get(self, number):
        return self.log.answers[number] if 0 <= number < len(self.log.answers) else None

    def before(self, key, at):
        """The last one that was asked for before: (asked, number)."""
        asked = self.by_key[key]
        i = bisect_left(asked, (at,))
        return asked[i - 1] if i else None

    def may_count(self, key, at, partition):
        """Answers to it that may be the last that arrived: the latest of those that had been
        sent, and those before it, back to one of a trip that was good."""
        for asked, number in reversed(self.by_key[key][:bisect_left(self.by_key[key], (at,))]):
            answer = self.get(number)
            if answer[3] > at:
                continue
            yield answer
            if (partition, asked) in self.good:
                return

    def asked_again(self, key, asked):
        """When the key was asked for the next time, and answered."""
        every = self.by_key[key]
        i = bisect_right(every, (asked, float("inf")))
        return every[i][0] if i < len(every) else float("inf")


def card_of(key):
    kind, entity = key.split(b":")
    return int(entity) // 4 if kind == b"user" else int(entity)


class Judge:
    """`users`: of event n."""

    def __init__(self, promise, users, sent, predictions, dead_letters, log):
        self.promise, self.users, self.sent = promise, users, sent
        self.predictions, self.dead_letters = predictions, dead_letters
        self.count = dict.fromkeys(FAULTS, 0)
        self.qualities = dict.fromkeys(QUALITIES, 0)
        self.complaints = []
        self.answers = Answers(log, promise, {
            int(users[one.n]) // 4: one.partition for one in (*predictions, *dead_letters)
            if 0 <= one.n < sent})

    def complain(self, fault, text):
        self.count[fault] += 1
        if len(self.complaints) < 20:
            self.complaints.append(f"{fault}: {text}")

    def verdict(self):
        self.judge_coming_out()
        for said in self.predictions:
            if 0 <= said.n < self.sent:
                self.judge_row(said)
        if self.dead_letters:
            self.judge_dead_letters()
        return {"events": self.sent, "predictions": len(self.predictions),
                "dead_letters": len(self.dead_letters), **self.count, **self.qualities}

    # --- whether each event came out, once and in order ------------------------------------

    def judge_coming_out(self):
        came, last = {}, {}
        for said in (*self.predictions, *self.dead_letters):
            if not 0 <= said.n < self.sent:
                self.complain("unexpected", f"event {said.n} of {self.sent}")
            elif said.n in came:
                self.complain("duplicated", f"event {said.n}")
            came[said.n] = said.partition, said.offset
        for n in range(self.sent):
            if n not in came:
                self.complain("lost", f"event {n} of user {self.users[n]}")
        for said in sorted(self.predictions, key=lambda said: said.place):
            card = int(self.users[said.n]) // 4 if 0 <= said.n < self.sent else None
            before = last.get(card, (said.place[0], -1, said.n - 1))
            if before[0] != said.place[0] or before[1] > said.offset or before[2] > said.n:
                self.complain("reordered", f"card {card}: {said.n} comes after {before[2]}")
            last[card] = said.place[0], said.offset, said.n

    # --- whether it was given what it should have been ----------------------------------

    def judge_row(self, said):
        user = int(self.users[said.n])
        if said.row[:len(OF_THE_EVENT)] != [said.n, user, user // 4, 0]:
            self.complain("cross_entity", f"event {said.n} is given {said.row}")
            return
        missing = [name for name, value in zip(COLUMNS, said.row) if value == SENTINEL]
        if missing != said.missing:
            self.complain("wrong_missing", f"event {said.n}: {said.missing}, not {missing}")
        may_be = [self.possible(said, part, user if part is USER else user // 4)
                  for part in PARTS]
        allowed = {QUALITIES[max(both)] for both in product(*may_be)}
        self.qualities[said.quality] += 1
        if said.quality not in allowed:
            self.complain("wrong_quality", f"event {said.n} of user {user}, partition "
                          f"{said.partition}, {said.at:.3f}: {said.quality}, not of {allowed}; "
                          f"missing {missing}")

    def possible(self, said, part, entity):
        """What the quality may be, as far as this part is concerned."""
        row = said.row[part.first:part.first + VALUES]
        stamp = said.row[part.first + VALUES]
        key = b"%s:%d" % (part.name.encode(), entity)
        lane = self.answers.lanes[said.partition]
        if stamp == SENTINEL and all(value == SENTINEL for value in row):
            return self.without(said, part, entity, key, lane)
        answer = self.answers.get(int(stamp) - FIRST)
        if row != part.row(entity) or not answer or answer[0] != key or not answer[1]:
            self.complain("cross_entity", f"event {said.n}, {key}: {row}, answer {answer}")
            return {COMPLETE, DEFAULTED, STALE, UNAVAILABLE}
        quality = DEFAULTED if SENTINEL in row else COMPLETE
        return self.as_answered(said, key, lane, answer, quality)

    def as_answered(self, said, key, lane, answer, quality):
        _, _, asked, sent = answer
        age = said.at - asked
        if sent > said.at + MS:
            return set()  # before it was there
        if not self.promise.ttl:
            return {quality} if self.answers.asked_again(key, asked) >= said.at else set()
        possible = {quality} if age <= self.promise.ttl + SLACK else set()
        # The worker took the time before it asked, which took it one time-out at most.
        if (self.promise.ttl <= age + self.promise.timeout + MS and lane.was_in_trouble(said.at)
                and age <= self.promise.ttl + self.promise.stale + SLACK):
            possible.add(STALE)
        return possible

    def without(self, said, part, entity, key, lane):
        possible = set()
        if self.promise.policy == "default" and (
                part.is_broken(entity) or lane.was_in_trouble(said.at)
                and not self.is_remembered(said, key)):
            possible.add(UNAVAILABLE)
        if part.is_absent(entity):
            for answer in self.answers.may_count(key, said.at + MS, said.partition):
                possible |= self.as_answered(said, key, lane, answer, DEFAULTED)
        return possible

    def is_remembered(self, said, key):
        """Whether the cache must have had it."""
        before = self.answers.before(key, said.at + MS)
        return bool(before and self.promise.ttl and (said.partition, before[0])
                    in self.answers.good and said.at - before[0] < self.promise.stale)

    # --- dead letters ------------------------------------------------------------------------

    def judge_dead_letters(self):
        """They keep the time of the event: when they were published lies between neighbours."""
        published = defaultdict(list)
        for said in self.predictions:
            published[said.partition].append((said.offset, said.at))
        for partition in published.values():
            partition.sort()
        for said in self.dead_letters:
            if not 0 <= said.n < self.sent:
                continue
            near = published[said.partition]
            i = bisect_left(near, (said.offset,))
            since = near[i - 1][1] if i else 0.0
            until = near[i][1] if i < len(near) else float("inf")
            if said.reason != "E_UNANSWERED" or not self.may_be_dead(said, since, until):
                self.complain("dead_letter_errors", f"event {said.n} of user "
                              f"{self.users[said.n]}: {said.reason}")

    def may_be_dead(self, said, since, until):
        user = int(self.users[said.n])
        lane = self.answers.lanes[said.partition]
        if USER.is_broken(user):
            return self.promise.policy != "default"
        if self.promise.policy == "wait":
            return user % 3 == 0 and any(asked >= since - SLACK and began <= until + MS
                                         for asked, began in lane.typed)
        return self.promise.policy == "dead_letter" and lane.was_in_trouble(since, until)


# --- times ---------------------------------------------------------------------------------

ON_TIME = 0.02


def given_up(log):
    """How long a worker waited for answers, where it gave the connection up: seconds. Of
    those that the proxy was on time to see."""
    waits = []
    for connection in log.connections:
        last = connection.trips[-1] if connection.trips else None
        if last and connection.closer == "worker" and (
                last.answered is None or last.answered >= connection.closed) and (
                max(connection.closed - connection.closed_since, last.asked - last.since)
                < ON_TIME):
            waits.append(round(connection.closed - last.asked, 4))
    return waits


def most_in(moments, seconds):
    """How many of them there are within so long, at most."""
    moments = sorted(moments)
    return max((bisect_left(moments, at + seconds) - i for i, at in enumerate(moments)),
               default=0)
