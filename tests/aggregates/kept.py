"""The keys of a group's aggregates in Redis: states by the entity's name, records of partitions."""

import re
import struct

import redis

KEY = re.compile(rb"leat:(?P<group>.+):\d+:(?P<prefix>[0-9a-f]{8}):(?P<name>.*)", re.DOTALL)
HEAD, MARK = 16, 16  # of a shared state, see features/aggregate/shared_state.h


class Kept:
    def __init__(self, url, group, entities):
        self.url, self.entities = url, entities
        self.client = redis.Redis.from_url(url)
        self.prefixes = {}  # of keys: the first letter of names that stand behind it
        self.keys = []
        for key in self.client.scan_iter(match=f"leat:{group}:*", count=5000):
            match = KEY.fullmatch(key)
            if match:
                self.keys.append(key)
                self.prefixes.setdefault(match["name"][:1], key[:match.start("name")])

    def states(self, i, names):
        """Of the entity's names, in another process."""
        client = redis.Redis.from_url(self.url)
        prefix = self.prefixes.get(names[0][:1], b"none")
        found = client.mget([prefix + name for name in names])
        client.close()
        return [self.without_head(state) if self.entities[i].is_shared else state
                for state in found]

    @staticmethod
    def without_head(state):
        if state is None:
            return None
        _, n_marks = struct.unpack_from("<QQ", state)
        return state[HEAD + n_marks * MARK:]

    def applied(self, group, topic, partitions):
        """Of each partition the offset up to which events were applied."""
        found = {p: self.client.hget(f"leat:{group}:1:partition:{topic}/{p}", "applied")
                 for p in partitions}
        return {p: int(offset) if offset else -1 for p, offset in found.items()}

    def n_bytes(self):
        sample = self.keys[:: max(1, len(self.keys) // 2000)]
        pipeline = self.client.pipeline(transaction=False)
        for key in sample:
            pipeline.memory_usage(key)
        used = [n for n in pipeline.execute() if n]
        return round(sum(used) / max(1, len(used)))
