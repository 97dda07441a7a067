"""`leat score --model` as a user runs it, against vectors from XGBoost
(make_score_vectors.py): python3 tests/cli/score_test.py LEAT."""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent / "score"
LEAT = sys.argv.pop(1)
ROWS = HERE / "rows.csv"


def leat(*arguments, stdin=b""):
    return subprocess.run(
        [LEAT, "score", *map(str, arguments)], input=stdin, capture_output=True
    )


def bits(value):
    """A float32 as an integer, so that neighbours differ by one."""
    number = struct.unpack("<i", struct.pack("<f", value))[0]
    return number if number >= 0 else -(number & 0x7FFFFFFF)


def expected(model):
    return json.loads((HERE / f"{model}.expected.json").read_text())


class ScoreTest(unittest.TestCase):
    maxDiff = 2000

    def lines(self, *arguments, stdin=b""):
        done = leat(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line["row"] for line in lines], list(range(len(lines))))
        return lines

    def refused(self, code, message, *arguments, stdin=b""):
        done = leat(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        self.assertIn(message, done.stderr.decode())
        return done

    def close(self, found, wanted, ulp):
        self.assertEqual(len(found), len(wanted))
        for row, (a, b) in enumerate(zip(found, wanted)):
            self.assertLessEqual(abs(bits(a) - bits(b)), ulp, f"row {row}: {a} {b}")

    def model(self, name):
        return "--model", HERE / f"{name}.json"

    def score(self, text, model="binary", *options):
        lines = self.lines(*self.model(model), *options, "-", stdin=text.encode())
        return [line["score"] for line in lines]

    def refused_rows(self, message, text, model="binary"):
        return self.refused(65, message, *self.model(model), "-", stdin=text.encode())

    def test_a_model_of_another_kind_is_wrong_data(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\x80\x04\x95")
            file.flush()
            self.refused(65, "Python pickle", "--model", file.name, ROWS)

    def test_binary_scores_are_xgboosts(self):
        lines = self.lines(*self.model("binary"), ROWS)
        self.close([x["score"] for x in lines], expected("binary")["predict"], 2)

    def test_margins_are_bit_equal(self):
        lines = self.lines(*self.model("binary"), "--margin", ROWS)
        self.close([x["score"] for x in lines], expected("binary")["margin"], 0)

    def test_leaves_are_xgboosts(self):
        for model in "binary", "classes", "class":
            lines = self.lines(*self.model(model), "--leaves", ROWS)
            self.assertEqual([x["leaves"] for x in lines], expected(model)["leaves"])

    def test_classes_have_scores_and_the_largest_is_the_label(self):
        lines = self.lines(*self.model("classes"), ROWS)
        wanted = expected("classes")["predict"]
        for line, scores in zip(lines, wanted, strict=True):
            self.close(line["scores"], scores, 2)
            self.assertEqual(line["label"], scores.index(max(scores)))

    def test_softmax_gives_the_label_alone(self):
        lines = self.lines(*self.model("class"), ROWS)
        self.assertEqual([x["label"] for x in lines], expected("class")["predict"])
        self.assertEqual(set(lines[0]), {"row", "label"})

    def test_margins_of_classes(self):
        lines = self.lines(*self.model("class"), "--margin", ROWS)
        for line, margins in zip(lines, expected("class")["margin"], strict=True):
            self.close(line["scores"], margins, 0)

    def test_columns_by_name_in_any_order(self):
        by_name = self.score("id,age,amount,hour\nx,3,1,2\n")
        self.assertEqual(by_name, self.score("amount,hour,age\n1,2,3\n"))
        done = leat(*self.model("binary"), "-", stdin=b"age,id,amount,hour\n")
        self.assertEqual(
            done.stderr.decode(),
            "leat: stdin: 3 columns by name; ignored: 'id'\n",
        )

    def test_columns_by_position_when_no_name_matches(self):
        self.assertEqual(
            self.score("a,b,c\n1,2,3\n"), self.score("amount,hour,age\n1,2,3\n")
        )
        done = leat(*self.model("binary"), "-", stdin=b"a,b,c\n")
        self.assertEqual(
            done.stderr.decode(), "leat: stdin: 3 columns by position\n"
        )

    def test_columns_by_position_when_the_model_has_no_names(self):
        self.assertEqual(
            self.score("c,b,a\n1,2,3\n", "nameless"), self.score("x,y,z\n1,2,3\n", "nameless")
        )

    def test_numbers_in_place_of_names_are_pointed_out(self):
        done = leat(*self.model("nameless"), "-", stdin=b"1.5,2,3\n1,2,3\n")
        self.assertEqual(done.returncode, 0)
        self.assertIn("the first line holds numbers only", done.stderr.decode())

    def test_crlf_quotes_and_byte_order_mark_change_nothing(self):
        plain = self.score("amount,hour,age\n1,-2,3\n,0.5,-1\n")
        odd = '\ufeff"amount",hour,"age"\r\n"1", -2 ,3\r\n"",5e-1,-1'
        self.assertEqual(self.score(odd), plain)

    def test_empty_lines_are_no_rows(self):
        self.assertEqual(len(self.score("amount,hour,age\n1,2,3\n\n\r\n1,2,3\n\n")), 2)

    def test_no_rows_give_no_lines(self):
        self.assertEqual(self.score("amount,hour,age\n"), [])

    def test_many_rows_stay_in_order(self):
        rows = [f"{i % 7 - 3},{i % 5 - 2},{i % 3}" for i in range(1000)]
        together = self.score("amount,hour,age\n" + "\n".join(rows))
        first = self.score("amount,hour,age\n" + "\n".join(rows[:105]))
        self.assertEqual(len(together), 1000)
        for i, score in enumerate(together):
            self.assertEqual(score, first[i % 105])

    def test_text_is_refused_with_line_and_column(self):
        done = self.refused_rows(
            "stdin:3: column 2 'hour': 'noon' is not a number (an empty field is a missing value)",
            "amount,hour,age\n1,2,3\n1,noon,3\n1,2,3\n",
        )
        self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_missing_field_is_refused(self):
        self.refused_rows(
            "stdin:2: 2 fields, but the first line names 3 columns",
            "amount,hour,age\n1,2\n",
        )

    def test_counts_that_differ_are_refused(self):
        self.refused_rows("the file has 2 columns and the model 3 features", "a,b\n1,2\n")

    def test_some_of_the_names_are_refused(self):
        self.refused_rows("'age' has none", "amount,hour,years\n1,2,3\n")

    def test_open_quote_is_refused(self):
        self.refused_rows("never closed", 'amount,hour,age\n"1,2,3\n')

    def test_empty_file_is_refused(self):
        self.refused_rows("its first line must name the columns", "")

    def test_absent_files_are_no_input(self):
        self.refused(66, "No such file", *self.model("binary"), HERE / "absent.csv")
        self.refused(66, "No such file", "--model", HERE / "absent.json", ROWS)

    def test_file_that_is_no_model_is_refused(self):
        self.refused(65, "rows.csv", "--model", ROWS, ROWS)

    def test_usage(self):
        help_text = leat("--help")
        self.assertEqual(help_text.returncode, 0)
        self.assertTrue(help_text.stdout.startswith(b"usage: leat score"))
        self.refused(64, "--model", ROWS)
        self.refused(64, "give a file", *self.model("binary"))
        self.refused(64, "give one file", *self.model("binary"), ROWS, ROWS)
        self.refused(64, "not both", *self.model("binary"), "--margin", "--leaves", ROWS)
        self.refused(64, "not both", *self.model("binary"), "-c", "leat.yaml", ROWS)
        self.refused(64, "go with --model", "-c", "leat.yaml", "--leaves", ROWS)
        self.refused(64, "--nonsense", "--nonsense")

    def test_results_that_cannot_be_written_are_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [LEAT, "score", *map(str, self.model("binary")), str(ROWS)],
                stdout=full,
                stderr=subprocess.PIPE,
            )
        self.assertEqual(done.returncode, 70)
        self.assertIn(b"cannot write the results: No space left", done.stderr)

    def test_reader_that_leaves_is_no_error(self):
        rows = b"amount,hour,age\n" + b"1,2,3\n" * 100000
        arguments = [LEAT, "score", *map(str, self.model("binary")), "-"]
        with subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            process.stdout.close()
            try:
                process.stdin.write(rows)
                process.stdin.close()
            except BrokenPipeError:
                process.stdin = None
            self.assertNotIn(b"cannot write", process.stderr.read())
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
