"""leat demo --dump: files that the other commands read: python3 tests/cli/demo_dump_test.py
LEAT."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

LEAT = pathlib.Path(sys.argv.pop(1)).resolve()
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
N = 2000


def run(*arguments):
    nowhere = {**os.environ, "REDIS_URL": "redis://localhost:1"}
    return subprocess.run([LEAT, *arguments], check=True, capture_output=True, text=True,
                          env=nowhere).stdout


class Dump(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "world"

    def tearDown(self):
        self.folder.cleanup()

    def dump(self, world):
        """Events and their truth."""
        run("demo", world, "--dump", self.path, "--events", str(N))
        events = [json.loads(line)
                  for line in run("decode", self.path / "events.msgpack").splitlines()]
        labels = [int(line) for line in (self.path / "labels").read_text().split()]
        self.assertEqual(len(events), len(labels))
        self.assertTrue(N - 20 < len(events) < N, len(events))  # without the malformed ones
        for line in (self.path / "profiles.redis").read_text().splitlines():
            self.assertRegex(line, r"^HSET [a-z]+:\w+( \w+ -?\d+\.\d\d)+$")
        return events, labels

    def lines(self, command, world, key):
        text = run(command, "-c", EXAMPLES / world / "leat.yaml", "--key", key,
                   self.path / "events.msgpack")
        return [json.loads(line) for line in text.splitlines()]

    def test_of_transactions_aggregates_know_what_the_card_did(self):
        events, _ = self.dump("fraud")
        seen = {}
        for event, record in zip(events, self.lines("features", "fraud", "event.card.id")):
            minute = event["time"]["$time"][0] // 60
            before = seen.setdefault(event["card"]["id"], [])
            last_hour = [amount for at, amount in before if at > minute - 60]
            self.assertEqual(record["features"]["payments_1h"], len(last_hour))
            self.assertAlmostEqual(record["features"]["spent_1h"], sum(last_hour), 6)
            before.append((minute, event["amount"]))
        self.assertTrue(any(len(each) > 3 for each in seen.values()))

    def test_of_views_the_one_that_comes_next_is_ranked(self):
        events, labels = self.dump("recommend")
        for event, label, record in zip(events, labels,
                                        self.lines("score", "recommend", "event.user")):
            self.assertIn(label, event["candidates"])
            ranked = [entry["item"] for entry in record["ranking"]]
            self.assertEqual(len(set(ranked)), 10)
            self.assertLessEqual(set(ranked), set(event["candidates"]))


if __name__ == "__main__":
    unittest.main()
