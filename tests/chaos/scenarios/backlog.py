"""A backlog in little memory: a worker of two lanes in a memory cgroup of 384 MiB.

The same backlog is scored twice, by a worker without and by one with the bound, past the
proxy, which is slower than either. The bounded one may take at most 256 MiB, must not be
killed, and keeps 95% of the rate."""

import os
import time
from contextlib import contextmanager

from bed import Tail, hang_guard
from case import Case

SAMPLE = 1
A_ROUND = 1
EVENTS = 100_000
LIMIT = 384 << 20
PLEDGES = {delivery: {"max_rss_mib": 256, "at_least": {"min_rate_share": 0.95}}
           for delivery in ("at_least_once", "exactly_once")}


@contextmanager
def memory_cgroup(limit):
    """A cgroup, of version 1 or 2, and how many of it were killed."""
    old = "/sys/fs/cgroup/memory"
    root, most = ((old, "memory.limit_in_bytes") if os.path.exists(old)
                  else ("/sys/fs/cgroup", "memory.max"))
    folder = os.path.join(root, f"leat-{os.getpid()}")
    os.mkdir(folder)
    try:
        write(os.path.join(folder, most), limit)
        yield folder
    finally:
        for _ in hang_guard("the cgroup to empty"):
            try:
                os.rmdir(folder)
                break
            except OSError:
                continue


def write(path, value):
    with open(path, "w") as file:
        file.write(str(value))


def peak_rss_mib(worker):
    with open(f"/proc/{worker.process.pid}/status") as file:
        peak = next(line for line in file if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


def score(case, worker, n):
    """Scores the backlog: predictions a second but for its first and last twentieth, as far as
    looks at them tell (a short one may pass between two), and the memory that it took."""
    sink = Tail(case.bed, case.sink)
    worker.start()
    began = ended = (time.monotonic(), 0)
    for _ in hang_guard("the backlog to be scored", 1800):
        worker.check()
        published = sum(sink.ends().values())
        look = time.monotonic(), published
        if published < 0.05 * n:
            began = look
        if ended[1] < 0.95 * n:
            ended = look
        if sum(case.bed.committed(case.group, case.topic).values()) >= n:
            break
    sink.close()
    return (ended[1] - began[1]) / (ended[0] - began[0]), peak_rss_mib(worker)


def play(new_round, n):
    this = new_round(EVENTS)
    events = this.case.stream.n
    this.feeder = this.case.feed()
    this.feeder.finish()
    free = Case(this.bed, this.case.workers, this.case.stream, this.case.topic)
    free.use_model("binary")
    worker = free.worker("free", delivery=this.options.delivery)
    free_rate, free_rss = score(free, worker, events)
    worker.terminate()
    with memory_cgroup(LIMIT) as group:
        worker = this.case.worker("bounded", delivery=this.options.delivery)
        worker.enter = lambda: write(os.path.join(group, "cgroup.procs"), os.getpid())
        rate, rss = score(this.case, worker, events)
        worker.terminate()
    this.faults += 1
    this.judge.start()
    return {**this.conclude(), "rate": round(rate), "unbounded_rate": round(free_rate),
            "rate_share": round(rate / free_rate, 3), "rss_mib": round(rss, 1),
            "unbounded_rss_mib": round(free_rss, 1)}
