"""A partition is added to the input topic, under load.

Events are in it before any worker knows of it. All of them have to be scored, from its
beginning, though the group starts at the end of its topics; and a user waits no longer than
librdkafka's refresh of what it knows of topics, and a rebalance.

Members hear of it one by one. One that hears of it while it gives its partitions up joins again
without waiting for its lane (consumers/join.c), whose last commit comes too late then: at least
once, what was under way comes out twice."""

import time

SAMPLE = 1
A_ROUND = 4
RATE = 600
SECONDS_A_FAULT = 60
PLEDGES = {"at_least_once": {"allowed": ["duplicated"], "resume_p99_s": 20},
           "exactly_once": {"resume_p99_s": 20}}


def play(new_round, n):
    this = new_round(n * SECONDS_A_FAULT * RATE)
    for name in ("a", "b"):
        this.worker(name, start="latest").start()
    this.case.wait_for_both()
    this.await_start()
    this.feed(RATE)
    for _ in range(n):
        this.pause(1, 4)
        began = time.monotonic()
        added = this.bed.add_partition(this.case.topic)
        this.judge.widen()
        this.feeder.outdated.set()
        this.expect_resume([added], [0] * len(this.bed.partitions(this.case.sink)), began)
        this.await_resume()
        this.bed.wait_for_members(this.case.group, 4, partitions=added + 1)
    return this.conclude()
