#!/usr/bin/env python3
"""compare.py DRIVER [--streams N] [--events N] [--seed S] [--plant MISTAKE | --selftest | --golden]

features/aggregate/state.c beside reference.py: every bit of every answer over generated streams
(streams.py), or with --golden over the committed one, where both must answer what is written
beside it (--make-golden writes). --plant puts a mistake into the reference, which has to be
seen; --selftest all of them."""

import argparse
import pathlib
import random
import subprocess
import sys

import reference
import streams


def newest_first(tallies):
    return original_merge(reversed(list(tallies)))


original_merge = reference.merge

MISTAKES = {
    "a bucket more": ("BUCKETS", 61),
    "a bucket less": ("BUCKETS", 59),
    "a pair less": ("PAIRS", 255),
    "from the newest bucket": ("merge", newest_first),
}
MISTAKES_OF_CLASSES = {
    "late events count": (reference.Window, "apply", lambda of: lambda self, t, inputs:
                          of(self, max(t, (self.newest or t) * self.bucket_ns), inputs)),
    "the level never falls": (reference.Distinct, "advance", lambda of: lambda self, *moved:
                              (setattr(self, "edge", moved[1]), of(self, *moved))),
    "behind a late event counts": (reference.Distinct, "answer", lambda of: lambda self, a, b:
                                   of(self, a, b + 1)),
    "nothing settles": (reference.Distinct, "settle", lambda of: lambda *_: None),
}


GOLDEN = {name: pathlib.Path(__file__).parent / "golden" / f"{name}.txt"
          for name in ("stream", "answers")}


def plant(name):
    if name in MISTAKES:
        attribute, value = MISTAKES[name]
        setattr(reference, attribute, value)
    elif name:
        owner, attribute, make = MISTAKES_OF_CLASSES[name]
        setattr(owner, attribute, make(getattr(owner, attribute)))


def answers(windows, stream):
    entity = reference.Entity(windows)
    for time_ns, inputs in stream:
        yield " ".join(map(reference.bits, entity.answer(time_ns)))
        entity.apply(time_ns, inputs)


def differing(driver, seed, n_events):
    """The number of answers, and the first that is not the same."""
    windows, stream = streams.random_stream(seed, n_events)
    ours, n = ask(driver, streams.text(windows, stream)).splitlines(), 0
    for i, expected in enumerate(answers(windows, stream)):
        if i >= len(ours) or ours[i] != expected:
            found = ours[i] if i < len(ours) else "nothing"
            return n, f"stream {seed}, event {i}, {windows}:\n  {found}\n  {expected} expected"
        n += len(expected.split())
    return n, None


def ask(driver, text):
    return subprocess.run([driver], input=text, text=True, stdout=subprocess.PIPE,
                          check=True).stdout


def ask_reference(text):
    return "".join(line + "\n" for line in answers(*reference.read(text.splitlines())))


def make_golden():
    hour, day = 60 * 10**9, 1440 * 10**9
    windows = [(hour, 1, [("count", None, 1), ("sum", 0, 1), ("mean", 0, 1), ("std", 0, 1),
                          ("min", 0, 1), ("max", 0, 1), ("last", 0, 3), ("distinct", 1, 1),
                          ("since_last", None, 1)]),
               (day, 1, [("count", None, 1), ("mean", 1, 1), ("distinct", 1, 1)])]
    stream = streams.events(random.Random(7), windows, 2, 150)
    GOLDEN["stream"].write_text(streams.text(windows, stream))
    GOLDEN["answers"].write_text(ask_reference(GOLDEN["stream"].read_text()))


def compare_golden(arguments):
    text, expected = (GOLDEN[name].read_text() for name in ("stream", "answers"))
    for who, found in (("state.c", ask(arguments.driver, text)),
                       ("reference.py", ask_reference(text))):
        for i, (a, b) in enumerate(zip(found.splitlines(), expected.splitlines())):
            if a != b:
                return i, f"{who}, event {i}:\n  {a}\n  {b} expected"
        if len(found) != len(expected):
            return 0, f"{who} answers {len(found)} bytes, not {len(expected)}"
    return len(expected.split()), None


def compare(arguments):
    total = 0
    for seed in range(arguments.seed, arguments.seed + arguments.streams):
        n, first = differing(arguments.driver, seed, arguments.events)
        total += n
        if first:
            return total, first
    return total, None


def selftest(arguments):
    unseen = 0
    for name in [*MISTAKES, *MISTAKES_OF_CLASSES]:
        command = [sys.executable, __file__, arguments.driver, "--plant", name,
                   "--streams", str(arguments.streams), "--events", str(arguments.events)]
        seen = subprocess.run(command, stdout=subprocess.PIPE).returncode == 1
        print(f"{name}: {'seen' if seen else 'NOT SEEN'}")
        unseen += not seen
    return unseen


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("driver")
    parser.add_argument("--streams", type=int, default=60)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plant", choices=[*MISTAKES, *MISTAKES_OF_CLASSES])
    for choice in ("--selftest", "--golden", "--make-golden"):
        parser.add_argument(choice, action="store_true")
    arguments = parser.parse_args()
    if arguments.selftest:
        sys.exit(1 if selftest(arguments) else 0)
    if arguments.make_golden:
        return make_golden()
    plant(arguments.plant)
    n, first = compare_golden(arguments) if arguments.golden else compare(arguments)
    print(first or f"{n} answers: all bits the same")
    sys.exit(1 if first else 0)


if __name__ == "__main__":
    main()
