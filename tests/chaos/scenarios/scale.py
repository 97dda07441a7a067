"""One worker becomes eight, one after the other, and one again.

With the brokers up nothing may come out twice, in either delivery: a partition changes hands
when what was published of it has been acknowledged and committed."""

SAMPLE = 1
A_ROUND = 1
RATE = 800
MOST = 8
SECONDS = 60
PLEDGES = {"at_least_once": {"max_stall_s": 30}, "exactly_once": {"max_stall_s": 30}}


def play(new_round, n):
    this = new_round(SECONDS * RATE)
    workers = [this.worker(f"w{i}", lanes=1) for i in range(MOST)]
    workers[0].start()
    this.case.bed.wait_for_members(this.case.group, 1)
    this.feed(RATE)
    for i in range(1, MOST):
        workers[i].start()
        this.case.bed.wait_for_members(this.case.group, i + 1)
        this.pause(0.2, 1)
    exits = []
    this.rng.shuffle(workers)
    for i in range(MOST - 1, 0, -1):
        exits.append(round(workers[i].terminate(), 2))
        this.case.bed.wait_for_members(this.case.group, i)
        this.pause(0.2, 1)
    this.faults += 1
    verdict = this.conclude()
    return {**verdict, "exits_s": exits}
