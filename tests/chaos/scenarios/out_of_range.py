"""Records are deleted before they were read: retention is faster than the worker.

What the group has committed is no offset of the topic any more. The worker was down meanwhile,
or stood still for a moment and has old records in its queues. As `source.out_of_range` says it
stops, and names the partition and the key of the configuration, or it goes on at the beginning
or the end of what there is, and says at which offset. From there on nothing may be missing."""

import itertools
import re
import signal

from bed import hang_guard

SAMPLE = 3
A_ROUND = 1
RATE = 1000
SECONDS = 60
PLEDGES = {"at_least_once": {"allowed": ["duplicated"]}, "exactly_once": {}}

# What source.out_of_range says, and whether the worker was down; round after round.
variants = itertools.cycle((("stop", True), ("earliest", False), ("latest", True),
                            ("stop", False), ("earliest", True), ("latest", False)))

SAID = re.compile(r"in-\d+/(\d+): offset \d+ is out of range.*: going on at (\d+)")


def delete_unread(this):
    """Deletes all that is in the topic; returns where each partition begins then."""
    this.pause(1, 1.5)
    begins = this.bed.ends(this.case.topic)
    this.judge.excuse(begins)
    this.bed.delete_records(this.case.topic, begins)
    this.pause(0.5, 1)
    return begins


def insist_on_an_end(this, worker):
    """The worker that must not go on."""
    for _ in hang_guard(f"the end of {worker.name}"):
        if not worker.is_alive():
            break
    said, code = worker.last_words(40), worker.process.returncode
    worker.process = None
    named = re.search(rf"{this.case.topic}/\d+: the committed offset is out of range", said)
    if code == 0 or not named or "source.out_of_range" not in said:
        raise AssertionError(f"{worker.name} ended with {code}:\n{said}")
    return code


def places(worker):
    """Where it says that it went on, per partition."""
    with open(worker.log, errors="replace") as log:
        return {int(p): int(at) for p, at in SAID.findall(log.read())}


def await_places(this, worker, begins):
    for _ in hang_guard("a word of where each partition goes on"):
        this.case.workers.check()
        said = places(worker)
        if said.keys() == begins.keys():
            return said


def insist_on_places(this, policy, begins, said):
    ends = this.bed.ends(this.case.topic)
    for p, at in said.items():
        if not (at == begins[p] if policy == "earliest" else begins[p] <= at <= ends[p]):
            raise AssertionError(f"{policy}: partition {p} goes on at {at}, there is "
                                 f"{begins[p]} to {ends[p]}")


def play(new_round, n):
    this = new_round(SECONDS * RATE)
    played, is_down = next(variants)
    policy = played
    worker = this.worker("a", out_of_range=policy).start()
    this.bed.wait_for_members(this.case.group, 2)
    this.feed(RATE)
    this.pause(2, 3)
    if is_down:
        worker.terminate()
    else:
        worker.process.send_signal(signal.SIGSTOP)
    begins = delete_unread(this)
    if is_down:
        worker.start()
    else:
        worker.process.send_signal(signal.SIGCONT)
    code = insist_on_an_end(this, worker) if policy == "stop" else None
    if policy == "stop":
        policy = "earliest"  # as its last words advise
        worker = this.worker("b", out_of_range=policy).start()
    said = await_places(this, worker, begins)
    insist_on_places(this, policy, begins, said)
    this.judge.excuse(said)
    this.pause(1, 2)
    this.faults += 1
    return {**this.conclude(), "played": played, "was_down": is_down, "exit_code": code}
