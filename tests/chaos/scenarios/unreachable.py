"""SIGTERM while no broker answers.

All connections go dark, or are reset first and then go dark, and a moment later both workers are
asked to end. They cannot settle what is under way, nor leave their group, and have to end within
a bound all the same, with one of the codes that docs/operations.md has for that.
When the brokers are back they start again, and nothing may be missing."""

import signal
import time

from bed import hang_guard

SAMPLE = 1
A_ROUND = 5
RATE = 1000
SECONDS_A_FAULT = 45
PLEDGES = {"at_least_once": {"allowed": ["duplicated", "unowned_commits"], "exit_p99_s": 25},
           "exactly_once": {"allowed": ["unowned_commits"], "exit_p99_s": 25}}
CODES = (0, 69, 70)


def await_exit(worker):
    for _ in hang_guard(f"the end of {worker.name}"):
        if not worker.is_alive():
            break
    code = worker.process.returncode
    if code not in CODES:
        raise AssertionError(f"{worker.name} ended with {code}:\n{worker.last_words()}")
    worker.process = None
    return code


def stop_in_the_dark(this, pair):
    """The exit codes, and how long it took."""
    if this.rng.random() < 0.5:
        this.proxy.cut()
    this.proxy.dark = True
    this.pause(0, 8)
    began = time.monotonic()
    for worker in pair:
        worker.process.send_signal(signal.SIGTERM)
    codes = [await_exit(worker) for worker in pair]
    return codes, round(time.monotonic() - began, 2)


def play(new_round, n):
    this = new_round(n * SECONDS_A_FAULT * RATE)
    pair = [this.worker(name).start() for name in ("a", "b")]
    this.case.wait_for_both()
    this.feed(RATE)
    exits, codes, gone = [], [], []
    for _ in range(n):
        this.case.wait_for_both(gone)
        this.pause(0.5, 1.5)
        gone += [member.id for member in this.bed.members(this.case.group)[1]]
        ended, took = stop_in_the_dark(this, pair)
        exits.append(took)
        codes += ended
        this.proxy.heal()
        for worker in pair:
            worker.start()
        this.faults += 1
    verdict = this.conclude()
    return {**verdict, "exits_s": exits, "codes": codes}
