"""The bed's Kafka, as the benches see it."""

import os
import sys
import time
import uuid

from confluent_kafka import (OFFSET_BEGINNING, Consumer, KafkaError, KafkaException,
                             Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

PARTITIONS = 8
PATIENCE_S = 600


class Bed:
    """Within `with`; at its end the topics that it made are removed."""

    def __init__(self):
        if "KAFKA_BROKERS" not in os.environ:
            sys.exit("KAFKA_BROKERS is not set; start this through bench/run")
        self.brokers = os.environ["KAFKA_BROKERS"]
        self.admin = AdminClient({"bootstrap.servers": self.brokers})
        self.topics = set()
        self.asking = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for topic in list(self.topics):
            self.remove(topic)

    def topic(self, what):
        """A new topic of that kind."""
        name = f"bench-{what}-{uuid.uuid4().hex[:8]}"
        self.admin.create_topics([NewTopic(name, PARTITIONS)])[name].result()
        self.topics.add(name)
        end = time.monotonic() + 30
        while not self.is_ready(name):
            if time.monotonic() > end:
                raise TimeoutError(f"the brokers made no topic {name}")
            time.sleep(0.1)
        return name

    def is_ready(self, topic):
        """Every partition has found its leader. librdkafka keeps what it was told of a
        topic's leaders, and only list_topics makes it ask again: it comes first."""
        partitions = self.admin.list_topics(topic, 30).topics[topic].partitions.values()
        try:
            return sum(p.leader >= 0 for p in partitions) == PARTITIONS and (
                self.count(topic) == 0)
        except KafkaException:
            return False

    def remove(self, topic):
        self.admin.delete_topics([topic])[topic].result()
        self.topics.discard(topic)

    def count(self, topic):
        """How many records the topic holds, the markers of transactions too: nothing here
        expires or is compacted."""
        asked = self.admin.list_offsets(
            {TopicPartition(topic, p): OffsetSpec.latest() for p in range(PARTITIONS)})
        return sum(answer.result().offset for answer in asked.values())

    def committed(self, group, topic):
        """Up to which offset the group has come, over all partitions."""
        if group not in self.asking:  # of the group, and no member
            self.asking[group] = Consumer({"bootstrap.servers": self.brokers,
                                           "group.id": group})
        partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
        return sum(max(at.offset, 0)
                   for at in self.asking[group].committed(partitions, 30))

    def producer(self, **properties):
        return Producer({"bootstrap.servers": self.brokers, "acks": "all", **properties})

    def publish(self, topic, records):
        """Publishes all of them; how many, and the mean size of a payload."""
        failed = []
        producer = self.producer(**{"linger.ms": 20, "batch.size": 1 << 18})
        n = size = 0
        for key, payload in records:
            while True:
                try:
                    producer.produce(topic, payload, key, on_delivery=lambda error, _:
                                     error and failed.append(error))
                    break
                except BufferError:
                    producer.poll(0.1)
            n += 1
            size += len(payload)
        if producer.flush(PATIENCE_S) or failed or self.count(topic) != n:
            raise RuntimeError(f"{topic}: not published: {failed[:1] or 'timed out'}")
        return n, size / n

    def tail(self, topic, start=OFFSET_BEGINNING, **properties):
        """A consumer of all partitions, outside of any group."""
        tail = Consumer({"bootstrap.servers": self.brokers, "group.id": "bench",
                         "enable.auto.commit": False, "fetch.wait.max.ms": 50,
                         **properties})
        tail.assign([TopicPartition(topic, p, start) for p in range(PARTITIONS)])
        return tail

    def read(self, topic):
        """The committed payloads of a topic that nobody writes to any more."""
        tail = self.tail(topic, **{"enable.partition.eof": True})
        left = PARTITIONS
        while left:
            record = tail.poll(30)
            if record is None:
                raise RuntimeError(f"{topic}: {left} partitions could not be read")
            if record.error() is None:
                yield record.value()
            elif record.error().code() == KafkaError._PARTITION_EOF:
                left -= 1
            else:
                raise RuntimeError(f"{topic}: {record.error()}")
        tail.close()
