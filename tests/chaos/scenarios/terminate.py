"""SIGTERM under load: exit 0 within a bound, nothing lost, nothing twice.

Two processes of two lanes; in turn one of them is asked to end, and starts again."""

SAMPLE = 4
A_ROUND = 10
RATE = 1500
SECONDS_A_STOP = 4
PLEDGES = {"at_least_once": {"exit_p99_s": 10}, "exactly_once": {"exit_p99_s": 10}}


def play(new_round, n):
    this = new_round(n * SECONDS_A_STOP * RATE)
    pair = [this.worker(name).start() for name in ("a", "b")]
    this.case.wait_for_both()
    this.feed(RATE)
    exits = []
    for turn in range(n):
        this.case.wait_for_both()
        this.pause(0.1, 0.5)
        exits.append(round(pair[turn % 2].terminate(), 2))
        this.faults += 1
        under_load = this.is_under_load()
        pair[turn % 2].start()
    verdict = this.conclude()
    return {**verdict, "exits_s": exits, "under_load": under_load}
