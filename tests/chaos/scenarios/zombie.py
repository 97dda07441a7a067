"""A worker that stands still while a peer takes over, and then goes on.

SIGSTOP for 8 to 20 s, longer than the session, then SIGCONT. The zombie has records in its
queues and believes that it owns what it owned. At least once, what it still publishes may
come out twice; and its commits, which it cannot know to be too many, must be refused, also one
that librdkafka sends when it knows already that it is no member."""

import signal
import time

SAMPLE = 1
A_ROUND = 5
RATE = 1000
SECONDS_A_ZOMBIE = 26
PLEDGES = {"at_least_once": {"allowed": ["duplicated", "unowned_commits",
                                         "memberless_commits"],
                             "max_stall_s": 30, "unowned_accepted": 0},
           "exactly_once": {"allowed": ["unowned_commits", "memberless_commits"],
                            "max_stall_s": 30, "unowned_accepted": 0}}


def play(new_round, n):
    this = new_round(n * SECONDS_A_ZOMBIE * RATE)
    pair = [this.worker(name).start() for name in ("a", "b")]
    this.case.wait_for_both()
    this.feed(RATE)
    for _ in range(n):
        this.case.wait_for_both()
        this.pause(0.5, 2)
        zombie = this.rng.choice(pair)
        owned, began = this.owned_by(zombie), time.monotonic()
        zombie.process.send_signal(signal.SIGSTOP)
        this.pause(0.5, 0.5)  # what it had sent arrives
        this.expect_resume(owned, this.bed.ends(this.case.sink), began)
        this.pause(7.5, 19.5)
        zombie.process.send_signal(signal.SIGCONT)
        this.await_resume()
    return this.conclude()
