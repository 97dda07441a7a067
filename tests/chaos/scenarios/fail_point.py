"""SIGKILL from within, at the places where it hurts (base/fail_point.h), under load.

Two processes of two lanes. One of them leaves and starts again with a point armed and a count
of how often it may pass; when it has killed itself it starts unarmed, and its partitions have
to move again. A third one joins and leaves until a point in a rebalance is reached. The binary
is tests/leat_fail_points of a build.

One that dies in a rebalance can cost two sessions: while it waits for its JoinGroup to be
answered the coordinator takes it for alive, and begins to count when it has answered."""

import time
from dataclasses import replace

from bed import PARTITIONS, hang_guard
from kill import bury, explain
from worker import BIN

SAMPLE = 5
A_ROUND = 10
RATE = 1000
SECONDS_A_FAULT = 30
PLEDGES = {"at_least_once": {"allowed": ["duplicated"], "resume_p99_s": 10,
                             "max_stall_s": 16},
           "exactly_once": {"resume_p99_s": 10, "max_stall_s": 16}}

# Which are passed in which delivery, and how often a worker may pass at most: a second or two.
POINTS = {"at_least_once": {"after_produce": 300, "in_rebalance": 6},
          "exactly_once": {"after_produce": 300, "before_commit": 30, "after_offsets": 30,
                           "after_commit": 30, "in_rebalance": 6}}


def insist_on_fail_points():
    with open(BIN, "rb") as file:
        if b"LEAT_FAIL_AT" not in file.read():
            raise SystemExit(f"{BIN} has no fail points: take tests/leat_fail_points")


def is_in_rebalance(point):
    return point.startswith("in_rebalance")


def settle(this, guest, dead):
    """The pair alone shares the partitions."""
    if guest.is_alive():
        this.bed.wait_for_members(this.case.group, 6, dead)
        guest.terminate()
    this.case.wait_for_both(dead)


def await_death(this, victim, guest, in_rebalance):
    for _ in hang_guard(f"{victim.name} to reach its fail point"):
        this.judge.check()
        if victim.is_killed():
            return time.monotonic()
        if not in_rebalance:
            continue
        if guest.is_alive() and this.bed.are_settled(this.case.group, 6):
            guest.terminate()
        elif not guest.is_alive() and this.bed.are_settled(this.case.group, 4):
            guest.start()


def fail(this, victim, guest, point):
    count = this.rng.randint(1, POINTS[this.options.delivery][point])
    victim.terminate()
    victim.start(LEAT_FAIL_AT=f"{point}:{count}")
    began = await_death(this, victim, guest, is_in_rebalance(point))
    owned = this.proxy.witness.owned_by(victim.name)
    death = replace(bury(this.case, victim, this.feeder, began), owned=owned)
    # While a rebalance goes on, the partitions are nobody's.
    awaited = range(PARTITIONS) if is_in_rebalance(point) else owned
    this.expect_resume(awaited, death.ends["prediction"], began)
    victim.start()
    this.await_resume()
    return death, f"{point}:{count}"


def play(new_round, n):
    insist_on_fail_points()
    this = new_round(n * SECONDS_A_FAULT * RATE, malformed_share=0.01)
    pair = [this.worker(name).start() for name in ("a", "b")]
    guest = this.worker("guest")
    this.case.wait_for_both()
    this.feed(RATE)
    points = list(POINTS[this.options.delivery])[:-1]
    this.rng.shuffle(points)
    points.append("in_rebalance")
    deaths, played = [], []
    for turn in range(n):
        settle(this, guest, [id for one in deaths for id in one.dead])
        this.pause(0.2, 1)
        death, what = fail(this, this.rng.choice(pair), guest, points[turn % len(points)])
        deaths.append(death)
        played.append(what)
    verdict = this.conclude()
    bounds, unexplained = explain(this.judge.oracle, deaths)
    resumes = list(zip(played, verdict.pop("resumes_s")))
    return {**verdict, "played": played,
            "resumes_s": [s for what, s in resumes if not is_in_rebalance(what)],
            "rebalances_s": [s for what, s in resumes if is_in_rebalance(what)],
            "published_past_committed": bounds, "unexplained": unexplained,
            "under_load": sum(one.under_load for one in deaths)}
