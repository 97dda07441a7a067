"""Workers of one group on topics of their own, fed while the test goes on."""

import json
import os
import time

from bed import Feeder, Tail, hang_guard
from configured import yaml_of
from expected import Expected, Record, Topic
from seen import Seen

MODEL = os.path.join(os.path.dirname(__file__), "through.onnx")
STRATEGIES = {"eager": "range,roundrobin", "cooperative": "cooperative-sticky"}
STALL_SECONDS = 60  # without any progress: what is missing is lost
FIELDS = ("amount", "cents")  # what columns are without aggregates


class Fleet:
    """`entities`: None for the same worker without aggregates."""

    def __init__(self, bed, workers, options, title, entities, columns):
        self.bed, self.workers, self.options = bed, workers, options
        self.entities, self.columns = entities, columns
        self.title = f"{title}-{time.time_ns() // 1000}"
        self.topic, self.sink, self.dead = (f"{name}-{self.title}"
                                            for name in ("in", "out", "dead"))
        self.group = f"group-{self.title}"
        bed.create_topics(self.topic, self.dead)
        bed.create_topics(self.sink, **{"message.timestamp.type": "LogAppendTime"})

    # --- workers -------------------------------------------------------------------------

    def worker(self, name, lanes=2):
        name = f"{name}-{self.title}"
        return self.workers.add(name, self.configuration(name, lanes))

    def configuration(self, client, lanes):
        consumer = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500,
                    "partition.assignment.strategy": STRATEGIES[self.options.membership]}
        if self.entities:
            features = yaml_of(self.entities)
        else:
            features = "features:\n" + "\n".join(
                f"  {name}: {{from: event.{FIELDS[i % len(FIELDS)]}}}"
                for i, name in enumerate(self.columns))
        promise = f"delivery: {self.options.delivery}\n"
        if self.options.delivery == "exactly_once":
            promise += f"transaction: {{id_prefix: {client}}}\n"
        wait = "400ms" if self.options.freezes else "2ms"  # it holds a batch most of the time
        return f"""\
kafka: {{bootstrap.servers: "{self.bed.brokers}", client.id: {client}}}
source:
  topics: [{self.topic}]
  group: {self.group}
  start: earliest
  time: event.time
  kafka: {json.dumps(consumer)}
window: {{max_events: 256, max_wait: {wait}}}
model:
  name: through
  path: {MODEL}
  inputs: {{features: [{", ".join(self.columns)}]}}
{features}
redis: {{url: "{self.bed.redis_url}", timeout: 5s, states: {self.options.states}}}
sink: {{topic: {self.sink}}}
dead_letter: {{topic: {self.dead}, max_rate: 1}}
{promise}lanes: {lanes}
http: {{listen: "off"}}
"""

    def await_members(self, n, gone=()):
        self.bed.wait_for_members(self.group, n, gone)

    # --- events --------------------------------------------------------------------------

    def feed(self, traffic, rate):
        self.feeder = Feeder(self.bed, self.topic, traffic.records(), rate)
        self.feeder.start()
        return self.feeder

    def left(self):
        """How many events the group has not committed."""
        committed = self.bed.committed(self.group, self.topic)
        return sum(end - committed.get(p, 0) for p, end in self.bed.ends(self.topic).items())

    def await_progress(self):
        before = self.left()
        for _ in hang_guard(f"{self.group} to move"):
            if self.left() < before or not before:
                return

    def await_all(self, say):
        """Until the group has committed all that there is, or nothing moves any more."""
        left, give_up = None, 0
        for _ in hang_guard(f"{self.group} to score everything", 3600):
            self.workers.check()
            now = self.left()
            if now != left:
                left, give_up = now, time.monotonic() + STALL_SECONDS
            say(f"{self.title}: {left} events to go", left == 0)
            if not left or time.monotonic() > give_up:
                return left

    # --- what there is in the end --------------------------------------------------------

    def read_topic(self):
        partitions = {tp.partition: [] for tp in self.bed.partitions(self.topic)}
        tail = Tail(self.bed, self.topic)
        for record in tail.read_to(tail.ends()):
            records = partitions[record.partition]
            assert record.offset == len(records), f"{record.offset} follows {len(records)}"
            records.append(Record(record.key, record.value, record.timestamp))
        tail.close()
        return Topic(partitions)

    def read_outputs(self, topic):
        seen = Seen(topic, self.topic, len(self.columns))
        isolation = ("read_committed" if self.options.delivery == "exactly_once"
                     else "read_uncommitted")
        for name, take in ((self.sink, seen.prediction), (self.dead, seen.dead_letter)):
            tail = Tail(self.bed, name, isolation=isolation)
            for record in tail.read_to(tail.ends()):
                take(record)
            tail.close()
        return seen

    def expected(self, topic):
        return Expected(topic, self.entities)
