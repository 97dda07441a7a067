"""A commit that arrives when nobody waits for it any more: within the next transaction.

One EndTxn of a lane is kept back for longer than the lane is patient. The lane cannot know
whether its transaction is committed, so it has to throw its producer away; the one kept back
is led on when the next transaction of the same id is open, which it would end if it could."""

import time

from bed import hang_guard

SAMPLE = 2
A_ROUND = 10
RATE = 1000
SECONDS_A_FAULT = 30
PLEDGES = {"exactly_once": {"resume_p99_s": 10}}


def await_event(this, event, what):
    for _ in hang_guard(what):
        this.judge.check()
        this.case.workers.check()
        if event.is_set():
            return


def recreated(workers):
    """How many producers were thrown away, by what the workers say."""
    count = 0
    for worker in workers:
        with open(worker.log, errors="replace") as log:
            count += log.read().count("a new producer, since: ")
    return count


def hold(this, pair):
    held = this.proxy.hold(until_next=True)
    await_event(this, held.seen, "an EndTxn")
    began = time.monotonic()
    owner = next(one for one in pair if one.name in held.transactional_id)
    this.expect_resume(this.proxy.witness.owned_by(owner.name),
                       this.bed.ends(this.case.sink), began)
    await_event(this, held.answered, "the answer to the EndTxn that was held")
    this.await_resume()
    return held


def play(new_round, n):
    this = new_round(n * SECONDS_A_FAULT * RATE)
    pair = [this.worker(name).start() for name in ("a", "b")]
    this.case.wait_for_both()
    this.feed(RATE)
    helds = []
    for _ in range(n):
        this.pause(0.2, 2)
        helds.append(hold(this, pair))
    verdict = this.conclude()
    delivered = sum(held.delivered and held.came_into_next for held in helds)
    return {**verdict, "answers": [held.error for held in helds],
            "not_delivered": n - delivered, "not_recreated": abs(n - recreated(pair))}
