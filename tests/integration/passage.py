"""A stream's way through workers of its own, from its first event to its last."""

import time

from bed import Tail, hang_guard


def await_settled(bed, workers, group, topic):
    """Until the offsets of everything that was sent are committed."""
    ends = bed.ends(topic)
    for _ in hang_guard(f"all events of {topic} to be settled"):
        workers.check()
        committed = bed.committed(group, topic)
        if all(committed.get(partition, 0) == end for partition, end in ends.items()):
            return


class Passage:
    """Topics and a group that are named after the stream and the time, so that one bed serves
    many streams."""

    def __init__(self, bed, workers, name):
        self.bed, self.workers = bed, workers
        self.stamp = f"{name}-{time.time_ns() // 1000}"
        self.topic, self.sink, self.dead, self.group = (
            f"{what}-{self.stamp}" for what in ("in", "out", "dead", "group"))
        bed.create_topics(self.topic, self.sink, self.dead)

    def names(self):
        """What a configuration has to name."""
        return {"brokers": self.bed.brokers, "redis": self.bed.redis_url,
                "topic": self.topic, "group": self.group, "sink": self.sink,
                "dead": self.dead}

    def await_settled(self):
        await_settled(self.bed, self.workers, self.group, self.topic)

    def read(self, topic):
        tail = Tail(self.bed, topic)
        records = list(tail.read_to(tail.ends()))
        tail.close()
        return records


def play(workers, passages):
    """All of them beside one another, each with its one worker."""
    for passage in passages:
        passage.worker.start()
    for passage in passages:
        passage.await_settled()
    workers.terminate()
