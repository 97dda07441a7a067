"""A stream of what cards do, as bad as it comes: some hundred thousand cards of which four do a
quarter of everything, bursts within a millisecond, ties to the nanosecond, pauses, events that are
late within and beyond what is allowed, dates a year ahead and in the year 9999, values that are
missing, events that are malformed, records without key, value or time. All of it from the seed.

The record's timestamp is a clock of the stream's own, which runs a day and a half."""

import random

import msgpack

from configured import HOUR, MINUTE, SECOND

START_MS = 1_760_000_000_000
LENGTH_MS = 30 * 3600 * 1000
YEAR = 365 * 24 * HOUR
SHARES = {  # of events, in thousandths
    "late": 80, "too late": 30, "much too late": 5, "a little ahead": 5, "a year ahead": 5,
    "year 9999": 1, "1970": 1, "a tie": 20,
}
MALFORMED = (b"\xc1", b"\x93\x01\x02\x03", b"\x81\xa5cents", b"\xff\xff")


class Traffic:
    def __init__(self, n, seed=1, keyed=True):
        self.n, self.seed, self.keyed = n, seed, keyed
        self.n_cards = max(n // 2, 10)

    def records(self):
        """Key, value, headers, timestamp."""
        rng = random.Random(self.seed)
        clock = self.clock(rng)
        before_ns = START_MS * 10**6
        burst, left = None, 0
        for i in range(self.n):
            now_ms = next(clock)
            if left == 0 and rng.random() < 0.001:
                burst, left = self.card(rng), rng.randint(5, 60)
            card = burst if left and rng.random() < 0.9 else self.card(rng)
            left = max(left - 1, 0)
            time_ns = self.time(rng, now_ms, before_ns)
            before_ns = time_ns
            key = card if self.keyed else f"r{rng.randrange(10**6)}"
            value = self.value(rng, i, card, time_ns)
            has_key = value is None or rng.random() >= 0.003
            yield key.encode() if has_key else None, value, [], now_ms

    def card(self, rng):
        """Four do a quarter, three hundred another one."""
        x = rng.random()
        if x < 0.25:
            return f"c{int(x * 16)}"
        return f"c{rng.randrange(4, 304) if x < 0.5 else rng.randrange(304, self.n_cards + 305)}"

    def clock(self, rng):
        """In milliseconds: steady, bursts of one moment, pauses."""
        now, step = float(START_MS), LENGTH_MS / self.n
        while True:
            kind = rng.random()
            if kind < 0.01:
                now += rng.uniform(5, 90) * 60000 * min(1, 20000 / self.n)
            for _ in range(rng.randint(20, 500)):
                if kind >= 0.3:
                    now += rng.expovariate(1 / step)
                yield int(now)

    def time(self, rng, now_ms, before_ns):
        x, at = rng.random() * 1000, 0
        now_ns = now_ms * 10**6 + rng.randrange(10**6)
        for name, share in SHARES.items():
            at += share
            if x < at:
                break
        else:
            return now_ns
        return {"late": lambda: now_ns - rng.randrange(4 * MINUTE),
                "too late": lambda: now_ns - rng.randrange(2 * HOUR),
                "much too late": lambda: now_ns - rng.randrange(60 * HOUR),
                "a little ahead": lambda: now_ns + rng.randrange(40 * MINUTE),
                "a year ahead": lambda: now_ns + YEAR,
                "year 9999": lambda: 253402300799 * SECOND,
                "1970": lambda: rng.randrange(10**6) * SECOND,
                "a tie": lambda: before_ns}[name]()

    def value(self, rng, i, card, time_ns):
        x = rng.random() * 1000
        if x < 1:
            return None
        if x < 3:
            return rng.choice(MALFORMED)
        event = {"n": i, "card": card, "cents": rng.randrange(1, 10**6),
                 "shop": f"s{int(rng.paretovariate(0.5) * 10) % 5000}",
                 "place": rng.choice([rng.randrange(40), rng.randrange(40) + 0.5,
                                      f"p{rng.randrange(400)}"]),
                 "amount": rng.choice([rng.gauss(100, 30), round(rng.expovariate(0.01), 2),
                                       rng.randrange(500)])}
        if x < 6:
            event[rng.choice(("amount", "shop", "cents"))] = [1, "of a wrong type"]
        elif x < 100:
            field = rng.choice(("amount", "shop", "place", "cents", "card"))
            if rng.random() < 0.5:
                del event[field]
            else:
                event[field] = None
        elif x < 110:
            event["amount"] = float("nan")
        elif x < 120:
            event["amount"] = rng.choice((-0.0, 1e-300, -1e15, 1e15))
        return msgpack.packb(self.with_time(rng, event, time_ns))

    def with_time(self, rng, event, time_ns):
        x = rng.random()
        if x < 0.9:
            event["time"] = msgpack.Timestamp(*divmod(time_ns, SECOND))
        elif x < 0.95:
            event["time"] = time_ns // 10**6
        elif x < 0.97:
            event["time"] = rng.choice((None, "soon"))
        return event
