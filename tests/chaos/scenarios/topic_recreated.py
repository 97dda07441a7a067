"""The input topic is deleted, and created again by the same name, while workers run.

Every worker has to say so and end, or it would go on in the new topic where it was in the old
one. The group's offsets have gone with the topic: started again, with another id_prefix, all of
the new topic is scored, from its beginning. Either the topic stays away until they have ended,
or it is there again at once, with little in it.

Groups, and librdkafka 2.0.2, know topics by their names. So there is no help for a topic that is
there again at once and longer than it was: reading goes on in it where it was in the old one.
Nor where a commit of the old positions is on its way: it is taken for the new topic."""

import itertools
import time

from bed import Tail, hang_guard
from oracle import FAULTS

SAMPLE = 2
A_ROUND = 1
RATE = 800
SECONDS = 30
AGAIN = "again/"
PLEDGES = {delivery: {"exit_p99_s": 30} for delivery in ("at_least_once", "exactly_once")}

# Whether the topic stays away until all workers have ended; round after round.
aways = itertools.cycle((True, False))


def score_first(this, pair):
    """A few seconds of the topic that goes; the verdict on it."""
    for worker in pair:
        worker.start()
    this.case.wait_for_both()
    this.feed(RATE)
    this.pause(2, 3)
    this.judge.cut(this.feeder.stop())
    for _ in hang_guard("all that was sent to be scored"):
        this.judge.check()
        if not this.judge.remaining():
            break
    this.pause(1.5, 2)  # all is committed
    verdict = this.judge.finish()
    return {name: verdict[name] for name in ("events", *FAULTS)}


def n_published(this):
    """What readers of its sink and its dead letters see."""
    isolation = "read_committed" if this.exactly_once else "read_uncommitted"
    n = 0
    for topic in (this.case.sink, this.case.dead):
        tail = Tail(this.bed, topic, isolation)
        n += sum(1 for _ in tail.read_to(tail.ends()))
        tail.close()
    return n


def await_end(this, worker):
    """Its last words have to name the topic."""
    for _ in hang_guard(f"the end of {worker.name}"):
        if not worker.is_alive():
            break
    said, code = worker.last_words(5), worker.process.returncode
    worker.process = None
    if code == 0 or this.case.topic not in said:
        raise AssertionError(f"{worker.name} ended with {code}:\n{said}")


def await_ends(this, pair, began):
    for worker in pair:
        await_end(this, worker)
    return [round(time.monotonic() - began, 2)]


def play(new_round, n):
    events = SECONDS * RATE
    old = new_round(events)
    topic, away = old.case.topic, next(aways)
    pair = [old.worker(name) for name in ("a", "b")]
    before = score_first(old, pair)
    published = n_published(old)
    began = time.monotonic()
    old.bed.delete_topic(topic)
    exits = await_ends(old, pair, began) if away else None
    old.bed.create_topics(topic)
    this = new_round(events, topic=topic, group=old.case.group)
    this.judge.oracle.id_prefix = AGAIN
    this.feed(RATE / 4)
    exits = exits or await_ends(old, pair, began)
    before["unexpected"] += n_published(old) - published  # the new topic's, under old ids
    for name in ("a", "b"):
        this.worker(name, id_prefix=AGAIN).start()
    this.case.wait_for_both()
    this.pause(2, 3)
    this.faults += 1
    after = this.conclude()
    return {**after, **{name: after[name] + before[name] for name in before},
            "exits_s": exits, "away": away}
