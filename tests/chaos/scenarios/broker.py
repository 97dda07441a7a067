"""One of three brokers stops in good order, is killed, or stands still for 5 to 40 s; then
all of them are restarted in turn.

Every partition has three copies, two of which must have a record. When the broker is back,
the rate has to come back to 90% within half a minute."""

import outage
from bed import tell_broker

SAMPLE = 2
A_ROUND = 4
RATE = 500
SECONDS_A_FAULT = 90
PLEDGES = {"at_least_once": {"allowed": ["duplicated", "unowned_commits"],
                             "max_recovery_s": 30, "max_stall_s": 60},
           "exactly_once": {"allowed": ["unowned_commits"], "max_recovery_s": 30, "max_stall_s": 60}}


def any_of(this):
    return this.rng.choice((1, 2, 3))


def stop(this):
    broker = any_of(this)
    tell_broker(broker, "term")
    this.pause(2, 6)
    tell_broker(broker, "start")


def kill(this):
    broker = any_of(this)
    tell_broker(broker, "kill")
    this.pause(2, 6)
    tell_broker(broker, "start")


def freeze(this):
    broker = any_of(this)
    tell_broker(broker, "freeze")
    try:
        this.pause(5, 40)
    finally:
        tell_broker(broker, "thaw")


def roll(this):
    for broker in (1, 2, 3):
        if broker > 1:
            this.await_rate(0.9 * RATE)
        tell_broker(broker, "term")
        tell_broker(broker, "start")


FAULTS = (stop, kill, freeze, roll)


def play(new_round, n):
    return outage.play(new_round, n, FAULTS, SECONDS_A_FAULT, RATE)
