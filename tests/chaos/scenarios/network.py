"""A network that is narrow, slow, cut, cut to bytes, or black as a hole, for a while.

The proxy does it to all connections of all workers at once. When it heals, the rate has to
come back to 90% within half a minute. A hole that outlasts the session makes the group move
the partitions: at least once may repeat then."""

import outage

SAMPLE = 5
A_ROUND = 5
RATE = 600
SECONDS_A_FAULT = 15
PLEDGES = {"at_least_once": {"allowed": ["duplicated", "unowned_commits"],
                             "max_recovery_s": 30, "max_stall_s": 30},
           "exactly_once": {"allowed": ["unowned_commits"], "max_recovery_s": 30, "max_stall_s": 30}}


def narrow(this):
    this.proxy.rate = 125_000  # 1 Mbit/s
    this.pause(4, 8)
    this.proxy.heal()


def slow(this):
    this.proxy.delay = 0.1
    this.pause(4, 8)
    this.proxy.heal()


def cut(this):
    for _ in range(5):
        this.proxy.cut()
        this.pause(0.1, 1)


def to_bytes(this):
    this.proxy.slice = 1
    this.pause(2, 4)
    this.proxy.heal()


def dark(this):
    this.proxy.dark = True
    this.pause(10, 20)
    this.proxy.heal()


FAULTS = (narrow, slow, cut, to_bytes, dark)


def play(new_round, n):
    return outage.play(new_round, n, FAULTS, SECONDS_A_FAULT, RATE)
