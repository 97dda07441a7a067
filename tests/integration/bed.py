"""The bed's Kafka and Redis, by clients that are not Leat's own library."""

import os
import sys
import threading
import time
from collections import namedtuple

import redis
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

PARTITIONS = 8


def hang_guard(what, seconds=120):
    """Yields until the caller's condition holds; too long means a hang, not slowness."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)
    raise AssertionError(f"after {seconds} s still waiting for {what}")


Member = namedtuple("Member", "id client owned")


class Bed:
    def __init__(self):
        try:
            self.brokers = os.environ["KAFKA_BROKERS"]
            self.redis_url = os.environ["REDIS_URL"]
        except KeyError as missing:
            sys.exit(f"{missing} is not set; start this through tests/integration/run")
        self.redis = redis.Redis.from_url(self.redis_url)
        self.admin = KafkaAdminClient(bootstrap_servers=self.brokers)

    def create_topics(self, *names, partitions=PARTITIONS):
        self.admin.create_topics({name: {"num_partitions": partitions} for name in names})
        for _ in hang_guard(f"the topics {names}"):
            known = self.admin.list_topics()
            if all(name in known for name in names):
                return

    def producer(self):
        return KafkaProducer(bootstrap_servers=self.brokers, acks="all", linger_ms=10,
                             enable_idempotence=True, batch_size=1 << 17,
                             compression_type=None)

    def ends(self, topic):
        """The end offset of each partition."""
        tail = Tail(self, topic)
        try:
            return tail.ends()
        finally:
            tail.close()

    def committed(self, group, topic):
        """The committed offset of each partition that has one."""
        partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
        found = self.admin.list_group_offsets({group: partitions})[group]
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

    def wait_for_members(self, group, n, gone=()):
        for _ in hang_guard(f"{n} members in group {group}"):
            if self.are_settled(group, n, gone):
                return

    def are_settled(self, group, n, gone=()):
        """Whether n members share all partitions, nothing moves and those dead are gone."""
        try:
            state, members = self.members(group)
        except KafkaError:
            return False  # the coordinator is not there yet, or moves
        owned = sorted(p for member in members for p in member.owned)
        return (state == "Stable" and len(members) == n and owned == list(range(PARTITIONS))
                and not any(member.id in gone for member in members))


class Tail:
    """Reads a topic from its beginning, in the order of each partition, record by record."""

    def __init__(self, bed, topic, partitions=PARTITIONS, isolation="read_uncommitted"):
        self.consumer = KafkaConsumer(bootstrap_servers=bed.brokers, group_id=None,
                                      enable_auto_commit=False, auto_offset_reset="earliest",
                                      isolation_level=isolation,
                                      max_partition_fetch_bytes=1 << 22,
                                      fetch_max_wait_ms=50)
        self.partitions = [TopicPartition(topic, p) for p in range(partitions)]
        self.consumer.assign(self.partitions)

    def ends(self):
        return {tp.partition: end
                for tp, end in self.consumer.end_offsets(self.partitions).items()}

    def poll(self, timeout_ms=200):
        for records in self.consumer.poll(timeout_ms, max_records=20000).values():
            yield from records

    def is_behind(self, ends):
        """The position passes over what no reader sees: aborted records and markers."""
        return any(self.consumer.position(tp) < ends[tp.partition] for tp in self.partitions)

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
    """Publishes records at a pace while the test goes on; rate None is as fast as it can."""

    def __init__(self, bed, topic, records, rate=None):
        super().__init__(daemon=True)
        self.producer = bed.producer()
        self.topic = topic
        self.records = records
        self.rate = rate
        self.sent = 0
        self.stopping = threading.Event()
        self.error = None

    def run(self):
        try:
            self.feed()
        except Exception as error:
            self.error = error

    def feed(self):
        began = time.monotonic()
        for key, value, headers in self.records:
            if self.stopping.is_set():
                break
            self.producer.send(self.topic, key=key, value=value, headers=headers)
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
