"""leat features: the rows of events, without a model: python3 tests/cli/features_test.py
LEAT."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

LEAT = sys.argv.pop(1)

CONFIG = """
kafka: {bootstrap.servers: "localhost:1"}
source: {topics: [payments], time: event.at, format: json, where: {event.type: payment}}
model: {path: not-trained-yet.ubj}
features:
  amount: {from: event.amount}
  hour: {from: event.at, as: hour}
  country: {from: event.country, categories: [DE, FR]}
  items: {from: event.items, as: ids, length: 3, pad: 9}
  count: {from: card.count}
  spent: {from: card.spent}
  recent: {from: card.recent, as: ids, length: 2, pad: 0}
aggregates:
  card:
    entity: event.card
    over: 1h
    of: {count: {}, spent: {sum: event.amount}, recent: {last: event.amount, n: 2}}
sink: {topic: scores}
"""


def event(second, card, amount, **more):
    return {"type": "payment", "at": 1700000000 + second, "card": card, "amount": amount,
            "country": "FR", "items": [1, 2], **more}


class Features(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.config = pathlib.Path(self.folder.name) / "leat.yaml"
        self.config.write_text(CONFIG)

    def tearDown(self):
        self.folder.cleanup()

    def run_leat(self, events, *options):
        text = "".join(json.dumps(event) + "\n" for event in events)
        done = subprocess.run([LEAT, "features", "-c", self.config, *options, "-"], input=text,
                              capture_output=True, text=True)
        return done, [json.loads(line) for line in done.stdout.splitlines()]

    def test_what_no_event_has_is_told(self):
        lacking = [{**event(i, "a", 5), "items": None, "country": "DE" if i else "IT"}
                   for i in range(300)]
        done, _ = self.run_leat(lacking)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "leat: stdin: missing in every event: "
                                      "items (event.items)\n")
        done, _ = self.run_leat([*lacking, event(300, "a", 5)])
        self.assertEqual(done.stderr, "")

    def test_each_event_is_a_row(self):
        done, lines = self.run_leat([event(0, "a", 5), event(60, "b", 6), event(120, "a", 7)])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line["id"] for line in lines], ["stdin/0/0", "stdin/0/1", "stdin/0/2"])
        self.assertEqual(lines[2], {
            "id": "stdin/0/2", "time": {"$time": [1700000120, 0]}, "quality": "complete",
            "features": {"amount": 7.0, "hour": 22.0, "country": 1.0, "items": [1, 2, 9],
                         "count": 1.0, "spent": 5.0, "recent": [5, 0]}})

    def test_an_aggregate_may_be_read_as_a_time_or_category(self):
        self.config.write_text(CONFIG.replace(
            "aggregates:\n", "  since: {from: card.seen, as: seconds_since}\n"
            "  when: {from: card.seen, as: hour}\n"
            "  shop: {from: card.shop, categories: [1, 5411]}\naggregates:\n").replace(
                "of: {", "of: {seen: {last: event.at}, shop: {last: event.shop}, "))
        done, lines = self.run_leat([event(0, "a", 5, shop=5411), event(90, "a", 6)])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(lines[0]["features"]["since"], None)
        self.assertEqual(lines[1]["features"]["shop"], 1.0)
        self.assertEqual(lines[1]["features"]["since"], 90.0)
        self.assertEqual(lines[1]["features"]["when"], 22.0)

    def test_what_is_missing_is_null_and_named(self):
        _, lines = self.run_leat([event(0, "a", None, country="XX", items=None)])
        self.assertEqual(lines[0]["missing"], ["amount", "country", "items"])
        self.assertEqual(lines[0]["features"]["amount"], None)
        self.assertEqual(lines[0]["features"]["items"], [9, 9, 9])

    def test_other_events_have_no_line(self):
        _, lines = self.run_leat([event(0, "a", 1, type="refund"), event(1, "a", 2)])
        self.assertEqual([line["id"] for line in lines], ["stdin/0/1"])
        self.assertEqual(lines[0]["features"]["count"], 0.0)

    def test_a_bad_event_says_why(self):
        done, lines = self.run_leat([event(0, "a", "much"), event(1, "a", 2)])
        self.assertEqual(done.returncode, 0)
        self.assertEqual(lines[0]["code"], "E_TYPE")
        self.assertIn("1 of 2 events have no row", done.stderr)
        self.assertEqual(lines[1]["features"]["count"], 0.0)

    def test_a_path_stands_for_the_key(self):
        self.config.write_text(CONFIG.replace("entity: event.card", "entity: key"))
        events = [event(0, "a", 5), event(60, "b", 6), event(120, "a", 7)]
        _, lines = self.run_leat(events)
        self.assertEqual(lines[2]["features"]["count"], None)
        _, lines = self.run_leat(events, "--key", "event.card")
        self.assertEqual([line["features"]["count"] for line in lines], [0, 0, 1])

    def test_a_key_is_of_the_event(self):
        done, _ = self.run_leat([], "--key", "meta.topic")
        self.assertEqual(done.returncode, 78)
        self.assertIn("--key: 'meta.topic' is no path of the event", done.stderr)

    def test_a_configuration_is_needed(self):
        done = subprocess.run([LEAT, "features"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 64)
        self.assertIn("give one file", done.stderr)


if __name__ == "__main__":
    unittest.main()
