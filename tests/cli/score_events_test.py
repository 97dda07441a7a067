"""`leat score -c` as a user runs it: msgpack events in, predictions as JSON lines out.
python3 tests/cli/score_events_test.py LEAT."""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

from msgpack_lite import pack

HERE = pathlib.Path(__file__).parent / "score"
LEAT = sys.argv.pop(1)

CONFIG = """
kafka: {{bootstrap.servers: "localhost:1"}}
source: {{topics: [transactions], time: event.at{source}}}
model: {{name: fraud, path: {model}}}
features:
  amount: {{from: event.amount}}
  hour: {{from: event.hour}}
  age: {{from: event.user.age, default: 30}}
sink: {{topic: predictions, include: [event.id, event.cart]{sink}}}
"""


def float32(value):
    """Scores are float32, of which rows have the shortest text and events a double's."""
    if isinstance(value, list):
        return [float32(item) for item in value]
    return struct.unpack("f", struct.pack("f", value))[0]


def event(amount=0.5, **others):
    return {"amount": amount, "hour": 1.0, "user": {"age": 2.0}, "at": 1700000000} | others


class ScoreEventsTest(unittest.TestCase):
    maxDiff = 2000

    def run_leat(self, payload, model="binary", source="", sink=""):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "leat.yaml"
            path = HERE / f"{model}.json"
            config.write_text(CONFIG.format(model=path, source=source, sink=sink))
            return subprocess.run(
                [LEAT, "score", "-c", str(config), "-"], input=payload, capture_output=True
            )

    def lines(self, events, **options):
        done = self.run_leat(b"".join(map(pack, events)), **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [json.loads(line) for line in done.stdout.splitlines()]

    def csv_lines(self, rows, model):
        text = "amount,hour,age\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows)
        done = subprocess.run(
            [LEAT, "score", "--model", str(HERE / f"{model}.json"), "-"],
            input=text.encode(),
            capture_output=True,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_prediction_has_its_fields_in_order(self):
        (line,) = self.lines([event(id="tx-1", cart=[1, {"a": None}])])
        self.assertEqual(
            list(line), ["id", "model", "version", "score", "time", "quality", "event"]
        )
        self.assertRegex(line["id"], "/0/0$")
        self.assertEqual(line["model"], "fraud")
        self.assertRegex(line["version"], "^[0-9a-f]{12}$")
        self.assertEqual(line["time"], {"$time": [1700000000, 0]})
        self.assertEqual(line["quality"], "complete")
        self.assertEqual(line["event"], {"id": "tx-1", "cart": [1, {"a": None}]})

    def test_scores_are_those_of_the_same_rows_as_csv(self):
        amounts = [i % 13 / 4 - 1.5 for i in range(1000)]
        for model, keys in ("binary", ["score"]), ("classes", ["scores", "label"]):
            lines = self.lines([event(a) for a in amounts], model=model)
            rows = self.csv_lines([(a, 1.0, 2.0) for a in amounts], model)
            self.assertEqual(len(lines), 1000)
            for i, (line, row) in enumerate(zip(lines, rows)):
                self.assertTrue(line["id"].endswith(f"/0/{i}"), line["id"])
                for key in keys:
                    self.assertEqual(float32(line[key]), float32(row[key]))

    def test_missing_value_takes_its_default_and_is_named(self):
        (line,) = self.lines([event(user={})])
        self.assertEqual(line["quality"], "defaulted")
        self.assertEqual(line["missing"], ["age"])
        (row,) = self.csv_lines([(0.5, 1.0, 30)], "binary")
        self.assertEqual(float32(line["score"]), float32(row["score"]))

    def test_bad_event_has_an_error_and_its_neighbours_scores(self):
        good, bad, last = self.lines([event(), event("much"), event()])
        self.assertIn("score", good)
        self.assertEqual(last["score"], good["score"])
        self.assertEqual(list(bad), ["id", "stage", "code", "error"])
        self.assertTrue(bad["id"].endswith("/0/1"))
        self.assertEqual((bad["stage"], bad["code"]), ("decode", "E_TYPE"))
        self.assertIn("amount", bad["error"])

    def test_thresholds_and_id_prefix(self):
        (line,) = self.lines(
            [event()], source=', id_prefix: "eu-"', sink=", thresholds: {any: 0}"
        )
        self.assertEqual(line["decision"], "any")
        self.assertTrue(line["id"].startswith("eu-"))

    def test_no_events_give_no_lines(self):
        self.assertEqual(self.lines([]), [])

    def test_events_of_json_score_as_those_of_msgpack(self):
        events = [event(i % 7 / 4, id=f"tx-{i}", cart=[1.5, None]) for i in range(300)]
        text = "\n".join(json.dumps(one, indent=None) for one in events)
        done = self.run_leat(text.encode(), source=", format: json")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines, self.lines(events))

    def test_bad_line_of_json_has_an_error_and_its_neighbours_scores(self):
        good = json.dumps(event()).encode()
        done = self.run_leat(good + b'\n\n{"amount": 1,}\n' + good, source=", format: json")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        first, bad, last = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(first["score"], last["score"])
        self.assertTrue(bad["id"].endswith("/0/1"))
        self.assertEqual(bad["code"], "E_FORMAT")
        self.assertEqual(bad["error"], "found '}' at byte 13, expected a key in quotes")

    def test_file_of_another_format_is_refused(self):
        done = self.run_leat(b'{"amount": 1}\n')
        self.assertEqual(done.returncode, 65)
        self.assertIn(b"expected msgpack, found JSON (source.format: json", done.stderr)
        done = self.run_leat(pack(event()), source=", format: json")
        self.assertEqual(done.returncode, 65)
        self.assertIn(b"which begins no JSON, and source.format is json", done.stderr)

    def test_file_that_ends_within_an_event_is_refused_after_the_others(self):
        done = self.run_leat(pack(event()) + pack(event())[:-3])
        self.assertEqual(done.returncode, 65)
        self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_configuration_that_is_wrong_is_refused(self):
        done = self.run_leat(b"", source=", nonsense: 1")
        self.assertEqual(done.returncode, 78)
        self.assertIn(b"nonsense", done.stderr)


if __name__ == "__main__":
    unittest.main()
