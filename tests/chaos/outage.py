"""What scenarios share in which something that all workers depend on is away for a while."""

import itertools


def play(new_round, n, faults, seconds_a_fault, rate):
    """Two processes; the faults in turn, each a function of the round that returns when the
    fault is over. How soon the rate is back at 90% is taken down, and which faults were calm:
    after them there was nothing to come back from."""
    this = new_round(n * seconds_a_fault * rate)
    for name in ("a", "b"):
        this.worker(name).start()
    this.case.wait_for_both()
    this.feed(rate)
    recoveries, played, calm = [], [], []
    for fault in itertools.islice(itertools.cycle(faults), n):
        this.await_rate(0.9 * rate)
        fault(this)
        if this.judge.rate() >= 0.9 * rate:
            calm.append(fault.__name__)
        recoveries.append(this.await_rate(0.9 * rate))
        played.append(fault.__name__)
        this.faults += 1
    return {**this.conclude(), "recoveries_s": recoveries, "played": played, "calm": calm,
            "calm_faults": len(calm)}
