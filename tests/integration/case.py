"""What the tests on a stream share: a stream, its model, its topics, its oracle."""

import json
import os
import sys
import time

from bed import Feeder, Tail
from oracle import FAULTS, Oracle
from stream import Stream, configuration, reference, train

# A framework's link functions differ from Leat's by at most this; identity has none.
LINK_ULPS = {"binary": 2, "multiclass": 2, "regression": 0, "double": 0}

# Longer than a take-over of a dead worker's partitions; only then is what is missing lost.
STALL_SECONDS = 30


class Case:
    """Topics `in`, `out` and `dead` of their own; the names end in a stamp of the time, so
    that one bed serves many cases."""

    def __init__(self, bed, workers, stream, topic=None):
        self.bed = bed
        self.workers = workers
        self.stream = stream
        self.stamp = f"{time.time_ns() // 1000}"
        self.topic = topic or f"in-{self.stamp}"
        self.sink = f"out-{self.stamp}"
        self.dead = f"dead-{self.stamp}"
        self.group = f"group-{self.stamp}"
        bed.create_topics(*([] if topic else [self.topic]), self.sink, self.dead)

    def use_model(self, kind):
        self.kind = kind
        self.booster = train(kind)
        self.model = os.path.join(self.workers.folder, f"{kind}-{self.stamp}.model")
        self.booster.save_model(self.model)

    def named(self, name):
        """As no worker of another case is."""
        return f"{name}-{self.stamp}"

    def worker(self, name, **settings):
        name = self.named(name)
        return self.workers.add(name, configuration(
            self.bed, self.topic, self.model, self.group, self.sink, self.dead,
            client=name, **settings))

    def wait_for_both(self, gone=()):
        """Two processes with two lanes each share the partitions."""
        self.bed.wait_for_members(self.group, 4, gone)

    def feed(self, rate=None):
        feeder = Feeder(self.bed, self.topic, self.stream.records(), rate)
        feeder.start()
        return feeder

    def read_inputs(self):
        """The oracle learns what was sent."""
        self.oracle = Oracle(self.stream, self.topic, self.group,
                             reference(self.booster, self.stream),
                             LINK_ULPS[self.kind])
        tail = Tail(self.bed, self.topic)
        for record in tail.read_to(tail.ends()):
            self.oracle.sent(record)
        tail.close()

    def watch(self):
        """Reads what comes out until every event has, or nothing has for half a minute: the
        verdict names what is lost. A worker that ends by itself fails at once."""
        self.outputs = Tail(self.bed, self.sink)
        self.dead_letters = Tail(self.bed, self.dead)
        remaining = self.oracle.remaining()
        give_up = time.monotonic() + STALL_SECONDS
        while remaining and time.monotonic() < give_up:
            self.workers.check()
            self.take()
            if self.oracle.remaining() < remaining:
                remaining = self.oracle.remaining()
                give_up = time.monotonic() + STALL_SECONDS

    def take(self):
        for record in self.outputs.poll():
            self.oracle.prediction(record)
        for record in self.dead_letters.poll(10):
            self.oracle.dead_letter(record)

    def finish(self):
        """Terminates the workers and reads what is left: what came twice, or too late."""
        self.workers.terminate()
        for record in self.outputs.read_to(self.outputs.ends()):
            self.oracle.prediction(record)
        for record in self.dead_letters.read_to(self.dead_letters.ends()):
            self.oracle.dead_letter(record)
        self.outputs.close()
        self.dead_letters.close()
        verdict = self.oracle.verdict()
        verdict["uncommitted"] = self.uncommitted()
        return verdict

    def uncommitted(self):
        """Events past the committed offset, after every worker has left in peace."""
        committed = self.bed.committed(self.group, self.topic)
        return sum(end - committed.get(partition, 0)
                   for partition, end in self.bed.ends(self.topic).items())


def faults_of(verdict, allowed=()):
    return {name: verdict[name] for name in (*FAULTS, "uncommitted")
            if verdict.get(name) and name not in allowed}


def conclude(title, verdicts, faults, complaints, report):
    """Prints and writes the report; exits 1 when there are faults."""
    for name, verdict in verdicts.items():
        print(f"{title} {name}: {json.dumps(verdict)}")
    for complaint in complaints:
        print(f"  {complaint}")
    if report:
        with open(report, "w") as file:
            json.dump(verdicts, file, indent=2)
            file.write("\n")
    if faults:
        print(f"{title} FAILED: {faults}")
    sys.exit(1 if faults else 0)


def new_stream(events, malformed_share=0.0):
    return Stream(events, seed=events, malformed_share=malformed_share)
