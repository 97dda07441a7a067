"""The bed's Kafka and Redis, by clients that are not Leat's own library."""

import os
import subprocess
import sys
import threading
import time
from collections import namedtuple

import redis
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, KafkaTimeoutError

PARTITIONS = 8
ANSWER_MS = 10000  # what a client waits for, when a broker stands still


def hang_guard(what, seconds=120):
    """Yields until the caller's condition holds; too long means a hang, not slowness."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)
    raise AssertionError(f"after {seconds} s still waiting for {what}")


Member = namedtuple("Member", "id client owned")


def tell_broker(broker, what):
    """term, kill, freeze, thaw, start."""
    subprocess.run(["scripts/bed", "broker", str(broker), what, "--name",
                    os.environ["LEAT_BED"]], check=True)


class Bed:
    def __init__(self):
        try:
            self.brokers = os.environ["KAFKA_BROKERS"]
            self.redis_url = os.environ["REDIS_URL"]
        except KeyError as missing:
            sys.exit(f"{missing} is not set; start this through tests/integration/run")
        self.redis = redis.Redis.from_url(self.redis_url)
        self.admin = KafkaAdminClient(bootstrap_servers=self.brokers)
        self.widened = {}  # topics that have not PARTITIONS of them

    def create_topics(self, *names, partitions=PARTITIONS, **configs):
        self.admin.create_topics({name: {"num_partitions": partitions, "configs": configs}
                                  for name in names})
        for _ in hang_guard(f"the topics {names}"):
            known = self.admin.list_topics()
            if all(name in known for name in names):
                return

    def partitions(self, topic):
        return [TopicPartition(topic, p) for p in range(self.widened.get(topic, PARTITIONS))]

    def add_partition(self, topic):
        """Returns it when the broker hands it out."""
        added = len(self.partitions(topic))
        self.admin.create_partitions({topic: added + 1})
        for _ in hang_guard(f"partition {added} of {topic}"):
            described, = self.admin.describe_topics([topic])
            if len(described["partitions"]) > added:
                self.widened[topic] = added + 1
                return added

    def delete_topic(self, topic):
        self.admin.delete_topics([topic])
        for _ in hang_guard(f"the end of {topic}"):
            if topic not in self.admin.list_topics():
                return

    def delete_records(self, topic, before):
        """Of each partition those before that offset."""
        self.admin.delete_records({TopicPartition(topic, p): offset
                                   for p, offset in before.items()})

    def producer(self):
        return KafkaProducer(bootstrap_servers=self.brokers, acks="all", linger_ms=10,
                             enable_idempotence=True, batch_size=1 << 17,
                             compression_type=None)

    def ends(self, topic):
        """The end offset of each partition."""
        for _ in hang_guard(f"the ends of {topic}"):
            tail = Tail(self, topic)
            try:
                return tail.ends()
            except KafkaTimeoutError:  # a broker has only just come back
                continue
            finally:
                tail.close()

    def committed(self, group, topic):
        """The committed offset of each partition that has one."""
        for _ in hang_guard(f"the offsets of group {group}"):
            try:
                found = self.admin.list_group_offsets({group: self.partitions(topic)})[group]
            except KafkaError:  # its coordinator has moved
                self.admin = KafkaAdminClient(bootstrap_servers=self.brokers)
                continue
            return {tp.partition: known.offset for tp, known in found.items()
                    if known.offset >= 0}

    def members(self, group):
        """The state of the group, and its members with what each owns."""
        described = self.admin.describe_groups([group])[group]
        members = []
        for member in described["members"]:
            topics = (member["member_assignment"] or {}).get("assigned_partitions", [])
            members.append(Member(member["member_id"], member["client_id"],
                                  [p for topic in topics for p in topic["partitions"]]))
        return described["group_state"], members

    def wait_for_members(self, group, n, gone=(), partitions=PARTITIONS):
        for _ in hang_guard(f"{n} members in group {group}"):
            if self.are_settled(group, n, gone, partitions):
                return

    def are_settled(self, group, n, gone=(), partitions=PARTITIONS):
        """Whether n members share all partitions, nothing moves and those dead are gone."""
        try:
            state, members = self.members(group)
        except KafkaError:
            return False  # the coordinator is not there yet, or moves
        owned = sorted(p for member in members for p in member.owned)
        return (state == "Stable" and len(members) == n and owned == list(range(partitions))
                and not any(member.id in gone for member in members))


class Tail:
    """Reads a topic from its beginning, in the order of each partition, record by record."""

    def __init__(self, bed, topic, isolation="read_uncommitted"):
        self.bed = bed
        self.topic = topic
        self.isolation = isolation
        self.read = {}  # partition: the offset behind the last record
        self.open()

    def open(self):
        self.consumer = KafkaConsumer(bootstrap_servers=self.bed.brokers, group_id=None,
                                      enable_auto_commit=False, auto_offset_reset="earliest",
                                      isolation_level=self.isolation,
                                      max_partition_fetch_bytes=1 << 22,
                                      fetch_max_wait_ms=50)
        self.partitions = self.bed.partitions(self.topic)
        self.consumer.assign(self.partitions)

    def renew(self):
        """Goes on with a client that knows nothing of the past, of partitions added too."""
        self.consumer.close(timeout_ms=ANSWER_MS)
        self.open()
        for tp, offset in self.read.items():
            self.consumer.seek(tp, offset)

    def ends(self):
        return {tp.partition: end
                for tp, end in self.consumer.end_offsets(self.partitions,
                                                         timeout_ms=ANSWER_MS).items()}

    def poll(self, timeout_ms=200):
        for tp, records in self.consumer.poll(timeout_ms, max_records=20000).items():
            self.read[tp] = records[-1].offset + 1
            yield from records

    def is_behind(self, ends):
        """The position passes over what no reader sees: aborted records and markers."""
        return any((self.consumer.position(tp, timeout_ms=ANSWER_MS) or 0)
                   < ends[tp.partition] for tp in self.partitions)

    def read_to(self, ends):
        """Every record up to these end offsets."""
        for _ in hang_guard(f"the records up to {ends}", 300):
            while self.is_behind(ends):
                records = list(self.poll())
                yield from records
                if not records:
                    break
            else:
                return

    def close(self):
        self.consumer.close()


class Feeder(threading.Thread):
    """Publishes records (key, value, headers and, where it is not now, a timestamp) at a pace
    while the test goes on; rate None is as fast as it can."""

    def __init__(self, bed, topic, records, rate=None):
        super().__init__(daemon=True)
        self.bed = bed
        self.producer = bed.producer()
        self.topic = topic
        self.records = records
        self.rate = rate
        self.sent = 0
        self.stopping = threading.Event()
        self.outdated = threading.Event()  # what the producer knows of the topic
        self.error = None

    def run(self):
        try:
            self.feed()
        except Exception as error:
            self.error = error

    def feed(self):
        began = time.monotonic()
        for key, value, headers, *when in self.records:
            if self.stopping.is_set():
                break
            if self.outdated.is_set():
                self.outdated.clear()
                self.producer.flush()
                self.producer.close()
                self.producer = self.bed.producer()
            self.producer.send(self.topic, key=key, value=value, headers=headers,
                               timestamp_ms=when[0] if when else None)
            self.sent += 1
            if self.rate and self.sent % 50 == 0:
                ahead = began + self.sent / self.rate - time.monotonic()
                if ahead > 0:
                    time.sleep(ahead)
        self.producer.flush()
        self.producer.close()

    def finish(self):
        self.join()
        if self.error:
            raise self.error
        return self.sent

    def stop(self):
        self.stopping.set()
        return self.finish()
