"""Models with inputs and scores of every type as a user runs them, against vectors from
ONNX Runtime (make_typed_vectors.py) and LightGBM (make_lightgbm_vectors.py): python3 tests/cli/typed_test.py LEAT."""

import csv
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

from msgpack_lite import pack

HERE = pathlib.Path(__file__).parent / "typed"
LEAT = sys.argv.pop(1)

# In the order of the model's inputs, which is not that of the file.
COLUMNS = ["age", "visits", "amount", "card_present", "rates[0]", "rates[1]"]
GOOD = {"age": "50", "visits": "3", "amount": "1.5", "card_present": "True",
        "rates[0]": "0.5", "rates[1]": "-0.25"}

CONFIG = """
kafka: {{bootstrap.servers: "localhost:1"}}
source: {{topics: [transactions]}}
model: {{name: typed, path: {model}{more}}}
features:
  age: {{from: event.age}}
  visits: {{from: event.visits, default: {default}}}
  amount: {{from: event.amount}}
  card_present: {{from: event.present}}
  short_rate: {{from: 'event.rates[0]'}}
  long_rate: {{from: 'event.rates[1]'}}
{country}sink: {{topic: predictions}}
"""


def run(*arguments, stdin=b""):
    return subprocess.run([LEAT, *map(str, arguments)], input=stdin, capture_output=True)


def expected(model):
    return json.loads((HERE / "expected.json").read_text())[model]


def rows():
    with open(HERE / "rows.csv", newline="") as file:
        return list(csv.DictReader(file))


def event_of(row):
    return {"age": int(row["age"]), "visits": int(row["visits"]),
            "amount": float(row["amount"]), "present": row["card_present"] == "True",
            "rates": [float(row["rates[0]"]), float(row["rates[1]"])]}


class Case(unittest.TestCase):
    maxDiff = 2000

    def lines(self, done):
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return [json.loads(line) for line in done.stdout.splitlines()]

    def refused(self, code, message, done):
        self.assertEqual(done.returncode, code, done.stderr.decode() + done.stdout.decode())
        self.assertIn(message, (done.stderr + done.stdout).decode())

    def close(self, found, wanted):
        self.assertEqual(len(found), len(wanted))
        for row, (a, b) in enumerate(zip(found, wanted)):
            self.assertAlmostEqual(a, b, delta=1e-14, msg=f"row {row}")


class RowsTest(Case):
    def score(self, *options, model="numbers", text=None):
        file = HERE / "rows.csv" if text is None else "-"
        return run("score", "--model", HERE / f"{model}.onnx", *options, file,
                   stdin=(text or "").encode())

    def score_one(self, **changes):
        row = GOOD | changes
        return self.score(text=",".join(row) + "\n" + ",".join(row.values()) + "\n")

    def test_inputs_of_every_type_score_as_onnx_runtime_does(self):
        for model in "numbers", "strings":
            lines = self.lines(self.score(model=model))
            self.assertEqual([line["row"] for line in lines], list(range(300)))
            self.close([line["score"] for line in lines], expected(model))

    def test_a_row_without_its_integer_has_an_error_and_its_neighbours_scores(self):
        text = ",".join(COLUMNS) + "\n1,2,3,1,5,6\n,2,3,0,5,6\n1,2.5,3,1,5,6\n1,2,3,1,5,6\n"
        first, empty, fraction, last = self.lines(self.score(text=text))
        self.assertEqual(first["score"], last["score"])
        self.assertEqual(empty, {"row": 1, "error": "column 'age' is missing, and i64 has no NaN"})
        self.assertEqual(fraction, {"row": 2, "error": "column 'visits': '2.5' is not an integer"})

    def test_what_no_integer_or_bool_can_be_is_told(self):
        for change, error in (
            ({"visits": "2147483648"}, "column 'visits': '2147483648' is out of the range of i32"),
            ({"card_present": "2"}, "column 'card_present': '2' is out of the range of bool"),
            ({"card_present": "maybe"}, "column 'card_present': 'maybe' is not a bool"),
            ({"age": "old"}, "column 'age': 'old' is not an integer"),
        ):
            self.assertEqual(self.lines(self.score_one(**change)), [{"row": 0, "error": error}])

    def test_a_missing_float_is_no_error_of_its_row(self):
        (line,) = self.lines(self.score_one(amount=""))
        self.assertEqual(line, {"row": 0, "error": "score is NaN"})

    def test_text_for_a_float_ends_the_file(self):
        self.refused(65, "column 3 'amount': 'much' is not a number",
                     self.score_one(amount="much"))

    def test_several_inputs_go_by_name_alone(self):
        done = self.score(text="a,b,c,d,e,f\n1,2,3,1,5,6\n")
        self.refused(65, "'age' has none: name all columns as the model does", done)
        self.assertNotIn(b"or none", done.stderr)

    def test_leaves_and_margins_are_of_trees(self):
        self.refused(64, "--leaves is for models of XGBoost and LightGBM, and this is ONNX",
                     self.score("--leaves"))
        self.refused(64, "--margin is for models of XGBoost", self.score("--margin"))


class EventsTest(Case):
    inputs = ", inputs: {rates: [short_rate, long_rate]}"

    def run_config(self, command, *arguments, model="numbers", more=None, default="7",
                   country="", files=(), stdin=b""):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files:
                (pathlib.Path(folder) / name).write_text(text)
            config = pathlib.Path(folder) / "leat.yaml"
            config.write_text(CONFIG.format(
                model=HERE / f"{model}.onnx", more=self.inputs if more is None else more,
                default=default, country=country))
            return run(command, "-c", config, *arguments, stdin=stdin)

    def score(self, events, **options):
        return self.lines(self.run_config("score", "-", stdin=b"".join(map(pack, events)),
                                          **options))

    def check(self, **options):
        return self.run_config("check", "--offline", **options)

    def test_events_score_as_the_same_rows_do(self):
        lines = self.score([event_of(row) for row in rows()])
        self.close([line["score"] for line in lines], expected("numbers"))
        self.assertEqual({line["quality"] for line in lines}, {"complete"})

    def test_an_integer_may_have_a_default_and_must_have_one_or_a_value(self):
        event = event_of(rows()[0])
        seven, missing, none = self.score([event | {"visits": 7}, event | {"visits": None},
                                           event | {"age": None}])
        self.assertEqual(missing["score"], seven["score"])
        self.assertEqual(missing["missing"], ["visits"])
        self.assertEqual((none["stage"], none["code"]), ("decode", "E_MISSING"))
        self.assertIn("event.age: missing; i64 has no NaN", none["error"])

    def test_numbers_that_do_not_fit_are_dead_letters(self):
        event = event_of(rows()[0])
        large, fraction, good = self.score([event | {"visits": 1 << 31},
                                            event | {"age": 2.5}, event | {"age": 50.0}])
        self.assertEqual(large["code"], "E_RANGE")
        self.assertEqual(large["error"],
                         "event.visits: the number is out of the range of i32")
        self.assertEqual((fraction["code"], fraction["error"]),
                         ("E_TYPE", "event.age: expected an integer, found a float"))
        self.assertIn("score", good)

    def test_a_wide_input_wants_its_columns_listed(self):
        self.refused(78, "the model names none of the 2 columns of its input 'rates'",
                     self.check(more=""))
        self.refused(78, "model.inputs.rates: 1 features are listed, and the model wants 2",
                     self.check(more=", inputs: {rates: [short_rate]}"))
        self.refused(78, "the model has no input 'rate'; its inputs are called age, "
                         "visits, amount, card_present, rates",
                     self.check(more=", inputs: {rate: [short_rate, long_rate]}"))

    def test_a_default_must_be_what_its_input_takes(self):
        self.refused(78, "features.visits.default: 2.5, but the model's input takes an "
                         "integer (i32)", self.check(default="2.5"))

    def score_strings(self, events, more=""):
        return self.score(events, model="strings",
                          country=f"  country: {{from: event.country{more}}}\n")

    def test_strings_of_events_score_as_those_of_rows_do(self):
        lines = self.score_strings([event_of(row) | {"country": row["country"]}
                                    for row in rows()])
        self.close([line["score"] for line in lines], expected("strings"))

    def test_a_string_may_have_a_default_and_must_have_one_or_a_value(self):
        event = event_of(rows()[0])
        wrong, none = self.score_strings([event | {"country": 5}, event])
        self.assertEqual(wrong["error"],
                         "event.country: expected a string, found an integer")
        self.assertEqual((none["stage"], none["code"]), ("decode", "E_MISSING"))
        missing, given = self.score_strings([event, event | {"country": "NO"}],
                                            ', default: "NO"')
        self.assertEqual(missing["score"], given["score"])
        self.assertEqual(missing["missing"], ["country"])

    def test_golden_rows_of_strings(self):
        row, score = rows()[0], expected("strings")[0]
        event = event_of(row)
        features = {"age": event["age"], "visits": event["visits"],
                    "amount": event["amount"], "card_present": event["present"],
                    "short_rate": event["rates"][0], "long_rate": event["rates"][1]}
        for country, code in ((row["country"], 0), (5, 78), (None, 78)):
            text = json.dumps({"features": features | {"country": country},
                               "score": score})
            done = self.check(model="strings", country="  country: {from: event.c}\n",
                              more=self.inputs + ", golden: golden.ndjson",
                              files=[("golden.ndjson", text)])
            self.assertEqual(done.returncode, code, done.stdout.decode())

    def test_check_says_what_the_model_is(self):
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.assertRegex(done.stdout.decode(), r"ONNX, \d+ operators, 6 columns, version")

    def golden(self, *objects):
        text = "\n".join(map(json.dumps, objects))
        return self.check(more=self.inputs + ", golden: golden.ndjson",
                          files=[("golden.ndjson", text)])

    def test_golden_rows_of_several_inputs(self):
        row, score = event_of(rows()[0]), expected("numbers")[0]
        features = {"age": row["age"], "visits": row["visits"], "amount": row["amount"],
                    "card_present": row["present"], "short_rate": row["rates"][0],
                    "long_rate": row["rates"][1]}
        done = self.golden({"features": features, "score": score},
                           {"row": list(features.values()), "score": score + 9e-6})
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.refused(65, f"score {score + 2e-5:.17g} is expected",
                     self.golden({"features": features, "score": score + 2e-5}))
        self.refused(78, "'age' is missing, and i64 has no NaN",
                     self.golden({"features": features | {"age": None}, "score": score}))
        self.refused(78, "'age' is neither an integer nor null",
                     self.golden({"features": features | {"age": 2.5}, "score": score}))
        self.refused(78, "'visits' is out of the range of i32",
                     self.golden({"features": features | {"visits": 1 << 31}, "score": score}))


DOUBLE_CONFIG = """
kafka: {{bootstrap.servers: "localhost:1"}}
source: {{topics: [transactions]}}
model: {{name: typed, path: {model}{golden}}}
features: {{amount: {{from: event.a}}, hour: {{from: event.h}}, age: {{from: event.g}}}}
sink: {{topic: predictions, thresholds: {{reached: {threshold!r}}}}}
"""


class DoubleTest(Case):
    """LightGBM, which takes doubles and gives doubles."""

    model = HERE / "lightgbm.txt"
    expected = json.loads((HERE / "lightgbm.json").read_text())

    def score(self, *options):
        return self.lines(run("score", "--model", self.model, *options,
                              HERE / "lightgbm.csv"))

    def events(self, threshold=2.0, golden=None):
        with open(HERE / "lightgbm.csv", newline="") as file:
            rows = [[float(x) if x else None for x in row] for row in list(csv.reader(file))[1:]]
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "leat.yaml"
            if golden is not None:
                text = "\n".join(json.dumps({"row": row, "score": score})
                                 for row, score in zip(rows, golden))
                (pathlib.Path(folder) / "golden.ndjson").write_text(text)
            config.write_text(DOUBLE_CONFIG.format(
                model=self.model, threshold=threshold,
                golden=", golden: golden.ndjson" if golden is not None else ""))
            payload = b"".join(pack(dict(zip("ahg", row))) for row in rows)
            return run("score", "-c", config, "-", stdin=payload)

    def near(self, found, wanted):
        self.assertEqual(len(found), len(wanted))
        for row, (a, b) in enumerate(zip(found, wanted)):
            self.assertLessEqual(abs(a - b), 2 * math.ulp(b), f"row {row}: {a} {b}")

    def test_scores_are_lightgbms(self):
        self.near([line["score"] for line in self.score()], self.expected["predict"])

    def test_margins_are_bit_equal(self):
        self.assertEqual([line["score"] for line in self.score("--margin")],
                         self.expected["margin"])

    def test_leaves_are_lightgbms(self):
        self.assertEqual([line["leaves"] for line in self.score("--leaves")],
                         self.expected["leaves"])

    def test_predictions_carry_every_bit(self):
        lines = self.lines(self.events())
        rows = [line["score"] for line in self.score()]
        self.assertEqual([line["score"] for line in lines], rows)
        single = [struct.unpack("f", struct.pack("f", score))[0] for score in rows]
        self.assertNotEqual(single, rows)

    def test_thresholds_are_compared_in_double(self):
        scores = [line["score"] for line in self.score()]
        largest = max(scores)
        for threshold, reached in ((largest, True), (math.nextafter(largest, 2), False)):
            lines = self.lines(self.events(threshold))
            self.assertEqual(any("decision" in line for line in lines), reached)

    def test_golden_rows_are_held_to_two_steps_of_a_double(self):
        scores = [line["score"] for line in self.score()]
        for steps, code in ((2, 0), (3, 65)):
            golden = scores
            for _ in range(steps):
                golden = [math.nextafter(score, 2) for score in golden]
            self.assertEqual(self.events(golden=golden).returncode, code)


class ModelTest(Case):
    def test_facts_of_a_graph(self):
        done = run("model", "--json", HERE / "strings.onnx")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        facts = json.loads(done.stdout)
        self.assertEqual((facts["format"], facts["objective"], facts["trees"]),
                         ("ONNX", None, 0))
        self.assertEqual([(x["name"], x["type"], x["shape"]) for x in facts["inputs"]],
                         [("age", "i64", [None, 1]), ("visits", "i32", [None, 1]),
                          ("amount", "f64", [None, 1]), ("card_present", "bool", [None, 1]),
                          ("rates", "f32", [None, 2]), ("country", "string", [None, 1])])
        self.assertEqual([facts["output"][key] for key in ("name", "kind", "type")],
                         ["score", "score", "f64"])
        self.assertEqual(facts["operators"]["LabelEncoder"], 1)
        self.assertGreaterEqual(facts["parameters"], 7)
        self.assertLess(facts["plan_bytes"], facts["sum_bytes"])
        self.assertGreater(facts["row_us"]["256"], 0)


class SequenceTest(Case):
    """tower.onnx: a row is two ids, each a row of a table, and three numbers."""

    config = """
kafka: {{bootstrap.servers: "localhost:1"}}
source: {{topics: [clicks]}}
model: {{path: {model}, inputs: {{x: [a, b, c]{ids}}}}}
features:
  a: {{from: event.a}}
  b: {{from: event.b}}
  c: {{from: event.c}}
{features}sink: {{topic: predictions}}
"""
    numbers = {"a": 0.5, "b": -1.0, "c": 2.0}

    def score(self, ids, features, *items):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "leat.yaml"
            config.write_text(self.config.format(
                model=HERE.parents[1] / "golden/onnx/tower.onnx", ids=ids,
                features=features))
            events = b"".join(pack(self.numbers | {"items": item}) for item in items)
            return self.lines(run("score", "-c", config, "-", stdin=events))

    def sequence(self, more, *items):
        return self.score("", f"  ids: {{from: event.items, as: ids, length: 2{more}}}\n",
                          *items)

    def pair(self, *items):
        """The same, each id a feature of its own."""
        lines = self.score(", ids: [first, second]",
                           "  first: {from: 'event.items[0]'}\n"
                           "  second: {from: 'event.items[1]'}\n", *items)
        return [line["scores"] for line in lines]

    def test_a_sequence_scores_as_its_elements_do(self):
        items = [[0, 1], [2, 0], [1, 1]]
        lines = self.sequence("", *items)
        self.assertEqual([line["scores"] for line in lines], self.pair(*items))
        self.assertEqual(len({str(line["scores"]) for line in lines}), 3)

    def test_a_long_one_is_cut_and_a_short_one_padded(self):
        scores = [line["scores"] for line in self.sequence("", [2, 0, 1], [2], [])]
        self.assertEqual(scores, self.pair([0, 1], [2, 0], [0, 0]))
        scores = [line["scores"] for line in self.sequence(", keep: first, pad: 1",
                                                           [2, 0, 1], [2], [])]
        self.assertEqual(scores, self.pair([2, 0], [2, 1], [1, 1]))

    def test_a_missing_one_is_all_pad_and_said(self):
        (line,) = self.sequence(", pad: 2", None)
        self.assertEqual(line["scores"], self.pair([2, 2])[0])
        self.assertEqual((line["quality"], line["missing"]), ("defaulted", ["ids"]))

    def test_what_are_no_ids_is_refused(self):
        text, mixed = self.sequence("", "1,2", [1, "x"])
        self.assertEqual(text["error"], "event.items: expected an array of integers, "
                                        "found a string")
        self.assertEqual(mixed["error"], "event.items: expected an array of integers, "
                                         "found an array with something else in it")


if __name__ == "__main__":
    unittest.main()
