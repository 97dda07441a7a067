"""Judges a run while it goes on: every record that goes in and comes out, how long each
partition stands still, and how soon it moves again after a fault."""

import threading
import time
from collections import Counter, deque

from kafka.errors import KafkaError

from bed import Tail, hang_guard
from case import LINK_ULPS
from oracle import Oracle
from stream import reference


RATE_SECONDS = 2.0


class Resume:
    """Waits for the partitions of a worker that is gone to move again: for predictions past
    the `ends` of the sink, which it can no longer have sent."""

    def __init__(self, partitions, ends, began):
        self.waiting = set(partitions)
        self.ends = ends
        self.began = began
        self.seconds = None

    def moved(self, partition, record, now):
        if partition in self.waiting and record.offset >= self.ends[record.partition]:
            self.waiting.discard(partition)
            if not self.waiting:
                self.seconds = now - self.began


class LiveOracle(Oracle):
    """An oracle that takes down when each input partition moved."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.owed = Counter()  # per partition: sent and not yet come out,
        self.since = {}  # when it moved, or had something to do again,
        self.longest = Counter()
        self.resumes = []
        self.record = None
        self.moves = deque()  # when an event came out, of the last seconds

    def sent(self, record):
        if (record.partition, record.offset) in self.coordinates:
            return
        super().sent(record)
        if not self.owed[record.partition]:
            self.since[record.partition] = time.monotonic()
        self.owed[record.partition] += 1

    def prediction(self, record):
        self.record = record
        super().prediction(record)

    def dead_letter(self, record):
        self.record = None
        super().dead_letter(record)

    def find(self, topic, partition, offset, where):
        i = super().find(topic, partition, offset, where)
        if i is not None and not self.scored[i] and not self.buried[i]:
            self.move(partition)
        return i

    def move(self, partition):
        now = time.monotonic()
        stall = now - self.since[partition]
        self.longest[partition] = max(self.longest[partition], stall)
        self.since[partition] = now
        self.owed[partition] -= 1
        self.moves.append(now)
        while self.moves[0] < now - RATE_SECONDS:
            self.moves.popleft()
        if self.record is not None:
            for resume in self.resumes:
                resume.moved(partition, self.record, now)


class Judge(threading.Thread):
    """`read_committed`: whether what is in a transaction counts once that is committed."""

    def __init__(self, case, read_committed=False):
        super().__init__(daemon=True)
        self.case = case
        self.oracle = LiveOracle(case.stream, case.topic, case.group,
                                 reference(case.booster, case.stream),
                                 LINK_ULPS[case.kind])
        isolation = "read_committed" if read_committed else "read_uncommitted"
        self.inputs = Tail(case.bed, case.topic)
        self.outputs = Tail(case.bed, case.sink, isolation=isolation)
        self.dead_letters = Tail(case.bed, case.dead, isolation=isolation)
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.error = None

    def run(self):
        try:
            while not self.stopping.is_set():
                with self.lock:
                    self.take()
                time.sleep(0.005)  # lets others at the lock
        except Exception as error:
            self.error = error

    def take(self):
        predictions = list(self.outputs.poll(50))
        dead_letters = list(self.dead_letters.poll(0))
        self.learn()
        for record in predictions:
            self.oracle.prediction(record)
        for record in dead_letters:
            self.oracle.dead_letter(record)

    def learn(self):
        """What came out went in before, so it is in the topic by now."""
        for _ in hang_guard("the end offsets of the input"):
            try:
                ends = self.inputs.ends()
            except KafkaError:  # a broker is away, or stands still
                self.inputs.renew()
                continue
            for record in self.inputs.read_to(ends):
                self.oracle.sent(record)
            return

    # --- asked by the scenario -----------------------------------------------------------

    def check(self):
        if self.error:
            raise self.error

    def expect_resume(self, partitions, ends, began):
        with self.lock:
            self.oracle.resumes.append(Resume(partitions, ends, began))

    def resumed(self):
        with self.lock:
            return all(resume.seconds is not None for resume in self.oracle.resumes)

    def rate(self):
        """Events a second that came out of late."""
        with self.lock:
            since = time.monotonic() - RATE_SECONDS
            return sum(at >= since for at in self.oracle.moves) / RATE_SECONDS

    def remaining(self):
        with self.lock:
            return self.oracle.remaining()

    def widen(self):
        """A partition was added to the input."""
        with self.lock:
            self.inputs.renew()

    def excuse(self, before):
        """Records before these offsets, per partition, are about to be deleted. Returns when
        they are known."""
        with self.lock:
            self.learn()
            for partition, offset in before.items():
                self.oracle.excuse(partition, offset)

    def cut(self, n):
        with self.lock:
            self.oracle.cut(n)

    def finish(self):
        """Stops judging live and reads what is left: what came twice, or too late."""
        self.stopping.set()
        self.join()
        self.check()
        self.learn()
        for tail, judge in ((self.outputs, self.oracle.prediction),
                            (self.dead_letters, self.oracle.dead_letter)):
            for record in tail.read_to(tail.ends()):
                judge(record)
        verdict = {**self.oracle.verdict(), **self.of_transactions(),
                   "resumes_s": [round(resume.seconds, 2) if resume.seconds is not None
                                 else None for resume in self.oracle.resumes],
                   "max_stall_s": round(max(self.oracle.longest.values(), default=0), 2)}
        for tail in (self.inputs, self.outputs, self.dead_letters):
            tail.close()
        return verdict

    def of_transactions(self):
        """With every worker gone: partitions whose last stable offset hangs back, and events
        that are visible or committed, but not both."""
        case = self.case
        hanging = sum(
            tail.ends()[partition] < end
            for tail, topic in ((self.outputs, case.sink), (self.dead_letters, case.dead))
            for partition, end in case.bed.ends(topic).items())
        committed = case.bed.committed(case.group, case.topic)
        outcomes = self.oracle.outcomes()
        torn = sum((offset < committed.get(partition, 0)) != (outcomes[i] > 0)
                   for (partition, offset), i in self.oracle.coordinates.items()
                   if not self.oracle.excused[i])
        return {"open_transactions": int(hanging), "torn": int(torn)}
