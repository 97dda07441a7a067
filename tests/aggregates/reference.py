#!/usr/bin/env python3
"""Aggregates in plain Python: what features/aggregate/state.h says, to the last bit.

    reference.py <STREAM >ANSWERS

A stream is text, one thing a line:

    window BUCKET_NS LATE_BUCKETS   what follows belongs to it
    count, sum 0, last 1 50 ...     an aggregate: kind, input, n (of last)
    event TIME_NS INPUT...          number:hash, in hexadecimal (the number's bits); "-" is absent

The answers are a line an event: the bits of each number, in the order in which the aggregates
were named, and "nan" for every missing one.

As a module: an Entity is asked by answer(time_ns), then told by apply(time_ns, inputs), where
inputs are pairs (number, hash) or None.
"""

import math
import struct
import sys

BUCKETS = 60
PAIRS = 256
HASH_BITS = 48
MOST_COUNTED = 2**32 - 1
MISSING = math.nan


def bits(number):
    return "nan" if math.isnan(number) else struct.pack(">d", number).hex()


def number_of(text):
    return struct.unpack(">d", bytes.fromhex(text))[0]


class Tally:
    """Numbers of one input in one bucket."""

    def __init__(self):
        self.n, self.sum, self.squares = 0, 0.0, 0.0
        self.min = self.max = MISSING

    def add(self, number):
        self.n = min(self.n + 1, MOST_COUNTED)
        self.sum += number
        if self.n > 1:
            n = float(self.n)
            apart = n * number - self.sum
            self.squares += apart * apart / (n * (n - 1.0))
        if not self.min <= number:
            self.min = number
        if not self.max >= number:
            self.max = number


def merge(tallies):
    """From the oldest to the newest."""
    everything = Tally()
    count = 0.0
    for tally in tallies:
        n, squares = float(tally.n), tally.squares
        if n > 0 and count > 0:
            apart = n / count * everything.sum - tally.sum
            squares += count / (n * (count + n)) * (apart * apart)
        count += n
        everything.sum += tally.sum
        everything.squares += squares
        if not math.isnan(tally.min) and not everything.min <= tally.min:
            everything.min = tally.min
        if not math.isnan(tally.max) and not everything.max >= tally.max:
            everything.max = tally.max
    everything.n = count
    return everything


class Distinct:
    """Pairs of a value's hash and a bucket, as features/aggregate/state_pairs.c describes them."""

    def __init__(self, kept, late):
        self.kept, self.late = kept, late
        self.seen = {}  # hash: buckets
        self.level = self.next = 0
        self.edge = 0

    def settle(self, value, settled):
        """Of a value's buckets up to that one, the youngest."""
        old = [bucket for bucket in self.seen[value] if bucket <= settled]
        if len(old) > 1:
            self.seen[value] -= set(old)
            self.seen[value].add(max(old))

    def keep(self, is_kept):
        for value in list(self.seen):
            self.seen[value] = {b for b in self.seen[value] if is_kept(value, b)}
            if not self.seen[value]:
                del self.seen[value]

    def advance(self, before, newest):
        if self.level and newest - self.edge >= self.kept:
            self.level = self.next if newest - before < self.kept else 0
            self.next = 0
            self.edge = before
        self.keep(lambda _, bucket: newest - bucket < self.kept)
        for value in self.seen:
            self.settle(value, newest - self.late)

    def level_from(self, bucket):
        return self.level if bucket <= self.edge else self.next

    def add(self, newest, bucket, hashed):
        value = hashed >> 64 - HASH_BITS
        if value >> HASH_BITS - self.level_from(bucket):
            return
        self.seen.setdefault(value, set()).add(bucket)
        self.settle(value, newest - self.late)
        if self.n_pairs() > PAIRS:
            for other in self.seen:
                self.settle(other, newest)
        while self.n_pairs() > PAIRS:
            self.raise_level(newest)

    def n_pairs(self):
        return sum(map(len, self.seen.values()))

    def raise_level(self, newest):
        if self.next < self.level:
            self.next += 1
            self.keep(lambda value, bucket: bucket <= self.edge or
                      not value >> HASH_BITS - self.next)
        else:
            self.level, self.next, self.edge = self.level + 1, 0, newest
            self.keep(lambda value, _: not value >> HASH_BITS - self.level)

    def answer(self, first, last):
        level = self.level_from(first)
        return 2.0**level * sum(
            1 for value, buckets in self.seen.items()
            if not value >> HASH_BITS - level and any(first <= b <= last for b in buckets))


class Window:
    def __init__(self, bucket_ns, late, aggregates):
        self.bucket_ns, self.late, self.aggregates = bucket_ns, late, aggregates
        self.kept = BUCKETS + late
        self.newest = self.last = None
        self.buckets = {}  # number: a Tally an input; of every event, under None
        inputs = {kind: {i for k, i, _ in aggregates if k == kind} for kind in KINDS}
        self.values = {i: [] for i in inputs["last"]}  # input: (bucket, number)
        self.most = {i: max(n for k, j, n in aggregates if (k, j) == ("last", i))
                     for i in self.values}
        self.distinct = {i: Distinct(self.kept, late) for i in inputs["distinct"]}

    def answer(self, time_ns):
        last = time_ns // self.bucket_ns
        first = last - BUCKETS + 1
        held = [self.buckets[b] for b in sorted(self.buckets) if first <= b <= last]
        merged = {}
        for kind, i, n in self.aggregates:
            if kind == "distinct":
                yield self.distinct[i].answer(first, last)
            elif kind == "last":
                values = [v for b, v in self.values[i][-n:] if b >= first]
                yield from values + [MISSING] * (n - len(values))
            elif kind == "since_last":
                seen = self.last is not None and self.last // self.bucket_ns >= first
                yield (time_ns - self.last) / 1e9 if seen else MISSING
            else:
                if i not in merged:
                    merged[i] = merge(tallies[i] for tallies in held if i in tallies)
                yield KINDS[kind](merged[i])

    def advance(self, newest):
        before, self.newest = self.newest, newest
        oldest = newest - self.kept + 1
        self.buckets = {b: tallies for b, tallies in self.buckets.items() if b >= oldest}
        for i, values in self.values.items():
            self.values[i] = [(b, number) for b, number in values if b >= oldest]
        for distinct in self.distinct.values():
            distinct.advance(before, newest)

    def apply(self, time_ns, inputs):
        bucket = time_ns // self.bucket_ns
        if self.newest is None:
            self.newest = bucket
        elif bucket > self.newest:
            self.advance(bucket)
        elif self.newest - bucket >= self.kept:
            return
        self.last = time_ns
        tallies = self.buckets.setdefault(bucket, {})
        tallies.setdefault(None, Tally()).add(0.0)
        for i, event_input in enumerate(inputs):
            if event_input is None:
                continue
            number, hashed = event_input
            if i in self.distinct:
                self.distinct[i].add(self.newest, bucket, hashed)
            if math.isnan(number):
                continue
            tallies.setdefault(i, Tally()).add(number)
            if i in self.values:
                self.values[i] = (self.values[i] + [(bucket, number)])[-self.most[i]:]


KINDS = {
    "count": lambda tally: tally.n,
    "sum": lambda tally: tally.sum,
    "mean": lambda tally: tally.sum / tally.n if tally.n > 0 else MISSING,
    "min": lambda tally: tally.min,
    "max": lambda tally: tally.max,
    "std": lambda tally: math.sqrt(tally.squares / (tally.n - 1.0)) if tally.n > 1 else MISSING,
    "distinct": None,
    "last": None,
    "since_last": None,
}


class Entity:
    """windows: of (bucket_ns, late_buckets, [(kind, input, n)])."""

    def __init__(self, windows):
        self.windows = [Window(*window) for window in windows]

    def answer(self, time_ns):
        return [number for window in self.windows for number in window.answer(time_ns)]

    def apply(self, time_ns, inputs):
        for window in self.windows:
            window.apply(time_ns, inputs)


def read_input(text):
    if text == "-":
        return None
    number, hashed = text.split(":")
    return number_of(number), int(hashed, 16)


def read(lines):
    """The windows, and an iterator over (time_ns, inputs)."""
    windows, events = [], iter(lines)

    def read_event(line):
        _, time_ns, *inputs = line.split()
        return int(time_ns), [read_input(text) for text in inputs]

    for line in events:
        word, *numbers = line.split()
        if word == "event":
            return windows, (read_event(each) for each in _chain(line, events))
        if word == "window":
            windows.append((int(numbers[0]), int(numbers[1]), []))
        else:
            i, n = (list(map(int, numbers)) + [None, None])[:2]
            windows[-1][2].append((word, i, n or 1))
    return windows, iter(())


def _chain(line, lines):
    yield line
    yield from lines


def main():
    windows, events = read(sys.stdin)
    entity = Entity(windows)
    for time_ns, inputs in events:
        print(*map(bits, entity.answer(time_ns)))
        entity.apply(time_ns, inputs)


if __name__ == "__main__":
    main()
