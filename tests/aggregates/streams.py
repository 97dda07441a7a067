"""Streams of one entity's events for reference.py: what happens to windows, at random.

A stream goes through phases: steady, bursts within a bucket, ties to the nanosecond, late ones
within and beyond lateness, pauses of some buckets, of windows and of years; values are missing,
huge, tiny, infinite or -0.0; of distinct ones there are few or very many."""

import random

from reference import bits

EXTREMES = [0.0, -0.0, 1e308, -1e308, 5e-324, 1e-160, float("inf"), float("-inf"), 1e16, 1.0]
LEAST, MOST = -2**63, 2**63 - 1


def random_windows(rng, n_inputs):
    windows = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        bucket_ns = rng.choice([1, 7, 10**6, 10**9, 6 * 10**10, 1440 * 10**9])
        aggregates = []
        for _ in range(rng.randint(1, 8)):
            kind = rng.choice(["count", "sum", "mean", "min", "max", "std", "distinct",
                               "distinct", "last", "since_last"])
            i = None if kind in ("count", "since_last") else rng.randrange(n_inputs)
            n = rng.choice([1, 3, 50]) if kind == "last" else 1
            aggregates.append((kind, i, n))
        windows.append((bucket_ns, rng.choice([0, 1, 1, 5, 70, 1000]), aggregates))
    return windows


def random_input(rng, values, extreme):
    if rng.random() < 0.1:
        return None
    if extreme and rng.random() < 0.05:
        number = rng.choice(EXTREMES)
    else:
        number = rng.choice([rng.gauss(100, 30), round(rng.expovariate(0.01), 2)])
    if rng.random() < 0.03:
        number = float("nan")
    mixed = random.Random(rng.randrange(values))
    return number, mixed.getrandbits(64)


def random_step(rng, bucket_ns):
    """From one event to the next, in ns, and for how many events that phase lasts."""
    width = rng.choice([0, 0.01, 0.3, 1, 1, 3, 20, 61])
    length = rng.choice([1, 5, 50, 300])
    if width == 61 or rng.random() < 0.03:
        length = 1
        width = rng.choice([58, 59, 60, 61, 62, 200, 65536, 10**6, 10**9])
    return int(width * bucket_ns), length


def lateness(rng, bucket_ns, late):
    if rng.random() < 0.8:
        return 0
    return int(rng.choice([0.5, 1, 1.5, late, late + 1, late + 58, late + 59.5, late + 60,
                           late + 61, 10**5]) * bucket_ns)


def events(rng, windows, n_inputs, n_events):
    bucket_ns, late, _ = rng.choice(windows)
    time_ns = rng.choice([0, -3 * bucket_ns, 1_700_000_000 * 10**9, -9 * 10**18])
    values = rng.choice([3, 40, 2000, 10**6])
    extreme = rng.random() < 0.2
    step, left = 0, 0
    for _ in range(n_events):
        if left == 0:
            step, left = random_step(rng, bucket_ns)
            values = rng.choice([values, 3, 40, 2000, 10**6])
        left -= 1
        time_ns = min(time_ns + (rng.randint(0, 2 * step) if step else 0), MOST)
        event_ns = max(time_ns - lateness(rng, bucket_ns, late), LEAST)
        yield event_ns, [random_input(rng, values, extreme) for _ in range(n_inputs)]


def random_stream(seed, n_events):
    rng = random.Random(seed)
    n_inputs = rng.choice([1, 2, 3])
    windows = random_windows(rng, n_inputs)
    return windows, list(events(rng, windows, n_inputs, n_events))


def bits_of_any(number):
    return "7ff8000000000000" if number != number else bits(number)


def text(windows, stream):
    """What reference.read reads."""
    lines = []
    for bucket_ns, late, aggregates in windows:
        lines.append(f"window {bucket_ns} {late}")
        for kind, i, n in aggregates:
            lines.append(kind if i is None else f"{kind} {i} {n}")
    for time_ns, inputs in stream:
        lines.append(" ".join([f"event {time_ns}"] + [
            "-" if each is None else f"{bits_of_any(each[0])}:{each[1]:016x}"
            for each in inputs]))
    return "\n".join(lines) + "\n"
