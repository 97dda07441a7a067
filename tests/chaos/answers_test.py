"""The judge of answers: a worker that makes no mistake passes, in an outage too, and each
fault that is planted shows by its own name."""

import random
import unittest
from itertools import product

from answers import DeadLetter, Judge, Prediction, Promise
from entities import CARD, COLUMNS, OF_THE_EVENT, PARTS, SENTINEL, USER, VALUES, Traffic
from redis_proxy import FIRST, Connection, Log, Trip

EVENTS = 4000
BATCH = 20
BEGAN = 1_000_000.0  # by the clock
OUTAGE = range(40, 60)  # which batches are not answered
PARTITION = 3


class Flawless:
    """Batch after batch of one lane, 0.1 s each; those of OUTAGE come out as the policy says.
    Answers of an outage are never sent, or came when the worker had given them up."""

    def __init__(self, policy="default", ttl=0.0, come_late=False):
        self.promise = Promise(policy, 0.08, ttl, 60.0 if ttl else 0.0)
        self.users = Traffic(7).users()
        self.log = Log()
        self.predictions, self.dead_letters = [], []
        self.known = {}  # the number of each key's latest answer
        self.rng = random.Random(1)
        connection = Connection(BEGAN)
        self.log.connections.append(connection)
        for batch in range(EVENTS // BATCH):
            began = BEGAN + 0.1 * batch
            events = range(batch * BATCH, (batch + 1) * BATCH)
            trip = Trip(began, began, b"user:%d" % self.users[events[0]], began + 0.02)
            connection.trips.append(trip)
            trip.fault = "late" if batch in OUTAGE else None
            if batch not in OUTAGE or come_late:
                self.answer(trip, events)
            for n in events:
                self.publish(n, began + 0.05, batch in OUTAGE)

    def answer(self, trip, events):
        users = {int(self.users[n]) for n in events}
        for part, entities in ((USER, users), (CARD, {user // 4 for user in users})):
            for entity in sorted(entities):
                key = b"%s:%d" % (part.name.encode(), entity)
                if not part.is_broken(entity):
                    if not trip.fault:
                        self.known[key] = len(self.log.answers)
                    self.log.answers.append((key, not part.is_absent(entity), trip.asked,
                                             trip.asked + 0.01))

    def publish(self, n, at, is_out):
        user = int(self.users[n])
        row, worst = [n, user, user // 4, 0], 0
        for part, entity in ((USER, user), (CARD, user // 4)):
            values, quality = self.part(part, entity, is_out)
            row += values
            worst = max(worst, quality)
        if worst == 3 and self.promise.policy == "dead_letter":
            self.dead_letters.append(DeadLetter(n, PARTITION, n, "E_UNANSWERED", (0, n)))
            return
        missing = [name for name, value in zip(COLUMNS, row) if value == SENTINEL]
        quality = ("complete", "defaulted", "stale", "unavailable")[worst]
        self.predictions.append(Prediction(n, PARTITION, n, at, (0, n), quality, missing, row))

    def part(self, part, entity, is_out):
        nothing = [SENTINEL] * (VALUES + 1)
        number = self.known.get(b"%s:%d" % (part.name.encode(), entity))
        if part.is_broken(entity) or is_out and (not self.promise.ttl or number is None):
            return nothing, 3
        if part.is_absent(entity):
            return nothing, 2 if is_out else 1
        row = part.row(entity)
        return [*row, float(FIRST + number)], 2 if is_out else int(SENTINEL in row)

    def verdict(self):
        judge = Judge(self.promise, self.users, EVENTS, self.predictions, self.dead_letters,
                      self.log)
        return judge.verdict()

    def faults(self):
        return {name for name, count in self.verdict().items() if count and (
            name not in ("events", "predictions", "dead_letters", "complete", "defaulted",
                         "stale", "unavailable"))}

    # --- for those who plant ---------------------------------------------------------------

    def whole(self):
        """One that was given everything."""
        return self.rng.choice([one for one in self.predictions if one.quality == "complete"])

    def of_the_outage(self):
        return self.rng.choice([one for one in self.predictions if one.n // BATCH in OUTAGE
                                and not USER.is_broken(int(self.users[one.n]))])


def give(said, part, row, quality):
    said.row[part.first:part.first + VALUES + 1] = row
    said.quality = quality
    said.missing = [name for name, value in zip(COLUMNS, said.row) if value == SENTINEL]


def of_another(flawless, part):
    """All that was given to another event, stamp included."""
    said, other = flawless.whole(), flawless.whole()
    while flawless.users[said.n] // 4 == flawless.users[other.n] // 4:
        other = flawless.whole()
    give(said, part, other.row[part.first:part.first + VALUES + 1], "complete")


def one_value_of_another(flawless):
    flawless.whole().row[USER.first + 2] += 32


def value_in_another_place(flawless):
    row = flawless.whole().row
    row[CARD.first], row[CARD.first + 1] = row[CARD.first + 1], row[CARD.first]


def stamp_of_another(flawless):
    said = flawless.whole()
    said.row[USER.first + VALUES] = said.row[CARD.first + VALUES]


def row_of_another_event(flawless):
    said, other = flawless.whole(), flawless.whole()
    while other.n == said.n:
        other = flawless.whole()
    said.row = other.row


def late_answer(flawless):
    """A prediction of the outage is given what was answered after it was published."""
    said = flawless.of_the_outage()
    user = int(flawless.users[said.n])
    while USER.is_absent(user):
        said = flawless.of_the_outage()
        user = int(flawless.users[said.n])
    flawless.log.answers.append((b"user:%d" % user, True, said.at - 0.05, said.at + 0.2))
    give(said, USER, [*USER.row(user), float(FIRST + len(flawless.log.answers) - 1)],
         "unavailable")


def old_answer(flawless):
    """One is given what the same entity was answered before, though it was asked again."""
    for said in reversed(flawless.predictions):
        number = int(said.row[CARD.first + VALUES] - FIRST)
        key = b"card:%d" % (flawless.users[said.n] // 4)
        for before in range(max(number, 0)):
            if flawless.log.answers[before][0] == key and said.quality == "complete":
                said.row[CARD.first + VALUES] = float(FIRST + before)
                return
    raise AssertionError("no card comes twice")


def made_up_outage(flawless):
    give(flawless.whole(), USER, [SENTINEL] * (VALUES + 1), "unavailable")


def hidden_outage(flawless):
    flawless.of_the_outage().quality = "defaulted"


def other_quality(flawless):
    flawless.whole().quality = "stale"


def other_names(flawless):
    flawless.of_the_outage().missing.pop()


def lose(flawless):
    del flawless.predictions[flawless.rng.randrange(len(flawless.predictions))]


def lose_the_last(flawless):
    flawless.predictions.pop()


def repeat(flawless):
    flawless.predictions.append(flawless.whole())


def swap(flawless):
    last = {}
    for said in flawless.predictions:
        before = last.setdefault(flawless.users[said.n] // 4, said)
        if before is not said:
            before.place, said.place = said.place, before.place
            return
    raise AssertionError("no card comes twice")


def bury(flawless):
    """Nobody asked for dead letters."""
    said = flawless.of_the_outage()
    flawless.predictions.remove(said)
    flawless.dead_letters.append(DeadLetter(said.n, PARTITION, said.n, "E_UNANSWERED",
                                            (0, said.n)))


PLANTS = (
    (lambda flawless: of_another(flawless, USER), "cross_entity"),
    (lambda flawless: of_another(flawless, CARD), "cross_entity"),
    (one_value_of_another, "cross_entity"),
    (value_in_another_place, "cross_entity"),
    (stamp_of_another, "cross_entity"),
    (row_of_another_event, "cross_entity"),
    (late_answer, "wrong_quality"),
    (old_answer, "wrong_quality"),
    (made_up_outage, "wrong_quality"),
    (hidden_outage, "wrong_quality"),
    (other_quality, "wrong_quality"),
    (other_names, "wrong_missing"),
    (lose, "lost"),
    (lose_the_last, "lost"),
    (repeat, "duplicated"),
    (swap, "reordered"),
    (bury, "dead_letter_errors"),
)


class AnswersTest(unittest.TestCase):
    def test_no_mistake(self):
        for policy, ttl, come_late in product(("default", "dead_letter"), (0.0, 0.5),
                                              (False, True)):
            with self.subTest(policy=policy, ttl=ttl, come_late=come_late):
                flawless = Flawless(policy, ttl, come_late)
                self.assertEqual(flawless.faults(), set())
                qualities = {said.quality for said in flawless.predictions}
                self.assertEqual("stale" in qualities, bool(ttl))
                self.assertEqual(bool(flawless.dead_letters), policy == "dead_letter")

    def test_every_plant_shows_by_its_name(self):
        for plant, fault in PLANTS:
            with self.subTest(plant=plant.__name__):
                flawless = Flawless()
                plant(flawless)
                self.assertEqual(flawless.faults(), {fault})

    def test_dead_letters_without_an_outage(self):
        flawless = Flawless("dead_letter")
        said = flawless.predictions.pop(100)
        flawless.dead_letters.append(DeadLetter(said.n, PARTITION, said.n, "E_UNANSWERED",
                                                (0, said.n)))
        self.assertEqual(flawless.faults(), {"dead_letter_errors"})

    def test_a_remembered_entity_is_not_unavailable(self):
        flawless = Flawless(ttl=0.5)
        said = next(one for one in flawless.predictions if one.quality == "stale")
        give(said, USER, [SENTINEL] * (VALUES + 1), "unavailable")
        give(said, CARD, [SENTINEL] * (VALUES + 1), "unavailable")
        self.assertEqual(flawless.faults(), {"wrong_quality"})

    def test_an_answer_that_came_too_late_does_not_count(self):
        """The cache has known for a while that there is no such user; the card it knows."""
        flawless = Flawless(ttl=0.5, come_late=True)
        said = flawless.of_the_outage()
        while not USER.is_absent(int(flawless.users[said.n])):
            said = flawless.of_the_outage()
        user, answers = int(flawless.users[said.n]), flawless.log.answers
        answers.append((b"user:%d" % user, False, said.at - 2, said.at - 1.9))
        answers.append((b"card:%d" % (user // 4), True, said.at - 0.2, said.at - 0.1))
        give(said, USER, [SENTINEL] * (VALUES + 1), "stale")
        give(said, CARD, [*CARD.row(user // 4), float(FIRST + len(answers) - 1)], "stale")
        self.assertEqual(flawless.faults(), set())

    def test_all_columns_are_judged(self):
        self.assertEqual(len(COLUMNS), len(OF_THE_EVENT) + len(PARTS) * (VALUES + 1))


if __name__ == "__main__":
    unittest.main()
