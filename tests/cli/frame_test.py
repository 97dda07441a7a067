"""Models that were trained on a DataFrame with categories, as a user runs them, against
the frameworks' own scores (make_frame_vectors.py): python3 tests/cli/frame_test.py LEAT."""

import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

from msgpack_lite import pack

HERE = pathlib.Path(__file__).parent / "frame"
LEAT = sys.argv.pop(1)
FILES = {"xgboost.json": "xgboost", "xgboost.ubj": "xgboost", "lightgbm.txt": "lightgbm"}

CONFIG = """
kafka: {{bootstrap.servers: "localhost:1"}}
source: {{topics: [payments]}}
model: {{path: {model}{more}}}
features:
  amount: {{from: event.amount}}
  country: {{from: event.country{country}}}
  merchant: {{from: event.merchant{merchant}}}
sink: {{topic: predictions}}
"""


def expected(file):
    return json.loads((HERE / f"{FILES[file]}.expected.json").read_text())


class FrameTest(unittest.TestCase):
    def run_config(self, command, *arguments, file, stdin=b"", country="", merchant="",
                   golden=""):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "leat.yaml"
            (pathlib.Path(folder) / "golden.ndjson").write_text(golden)
            config.write_text(CONFIG.format(
                model=HERE / file, country=country, merchant=merchant,
                more=", golden: golden.ndjson" if golden else ""))
            return subprocess.run([LEAT, command, "-c", config, *arguments], input=stdin,
                                  capture_output=True)

    def score(self, file, events, **options):
        done = self.run_config("score", "-", file=file, stdin=b"".join(map(pack, events)),
                               **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [json.loads(line) for line in done.stdout.splitlines()]

    def refused(self, message, file="xgboost.json", **options):
        done = self.run_config("check", "--offline", file=file, **options)
        self.assertEqual(done.returncode, 78, done.stdout.decode())
        self.assertIn(message, done.stdout.decode() + done.stderr.decode())

    def close(self, scores, wanted):
        self.assertEqual(len(scores), len(wanted))
        for score, want in zip(scores, wanted):
            self.assertTrue(math.isclose(score, want, rel_tol=3e-7), (score, want))

    def test_events_score_as_the_frame_does(self):
        for file in FILES:
            vectors = expected(file)
            lines = self.score(file, vectors["events"])
            self.close([line["score"] for line in lines], vectors["scores"])
            for line, event in zip(lines, vectors["events"]):
                missing = [name for name, value in event.items() if value is None]
                self.assertEqual(line.get("missing", []), missing)

    def test_rows_of_a_file_do_too(self):
        for file in FILES:
            vectors = expected(file)
            names = list(vectors["events"][0])
            text = "\n".join([",".join(names)] + [
                ",".join("" if event[name] is None else str(event[name]) for name in names)
                for event in vectors["events"]])
            done = subprocess.run([LEAT, "score", "--model", HERE / file, "-"],
                                  input=text.encode(), capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertNotIn(b"codes", done.stderr)
            self.close([json.loads(line)["score"] for line in done.stdout.splitlines()],
                       vectors["scores"])

    def test_golden_rows_have_categories_or_codes(self):
        for file in FILES:
            vectors = expected(file)
            golden = "\n".join(
                json.dumps({"features": event | {"merchant": None}
                            if event["merchant"] is None else event | {
                                "merchant": [5411, 4111, -1, 5732].index(
                                    event["merchant"])}, "score": score})
                for event, score in zip(vectors["events"], vectors["scores"]))
            done = self.run_config("check", "--offline", file=file, golden=golden)
            self.assertEqual(done.returncode, 0, done.stdout.decode())

    def test_an_unknown_category_is_missing(self):
        event = expected("xgboost.json")["events"][0] | {"country": "XX"}
        unknown, missing = self.score("xgboost.json", [event, event | {"country": None}])
        self.assertIn("country", unknown["missing"])
        self.assertEqual(unknown["score"], missing["score"])

    def test_a_number_is_no_category_of_strings(self):
        event = expected("xgboost.json")["events"][0] | {"country": 1, "merchant": 5411}
        (refused,) = self.score("xgboost.json", [event])
        self.assertEqual(refused["error"],
                         "event.country: expected a string, found an integer")
        code, name = self.score("xgboost.json", [event], country=", as: number") \
            + self.score("xgboost.json", [event | {"country": "DE"}])
        self.assertEqual(code["score"], name["score"])

    def test_other_categories_than_the_models_are_refused(self):
        self.refused("features.country.categories: category 1 is 'DE' in the model, not "
                     "'FR'; leave the categories out", country=", categories: [\"NO\", FR]")
        self.refused("features.country.categories: 1 are listed, and the model has 4; "
                     "leave the categories out", country=", categories: [\"NO\"]")
        self.refused("features.country.categories: category 4 is 'none' in the model, not "
                     "'SE'", country=", categories: [\"NO\", DE, AX, FR, SE]")
        self.refused("features.country.default: 'SE' is none of the categories",
                     country=", default: SE")
        self.refused("features.merchant.as: the model knows this column by 4 categories, "
                     "'5411' and so on; remove it, or write  as: number  where the value "
                     "is a category's code", merchant=", as: hour")
        done = self.run_config("check", "--offline", file="lightgbm.txt",
                               country=', categories: ["NO", DE, Åland, FR], default: DE')
        self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
