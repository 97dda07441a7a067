"""Writes the vectors of typed_test.py into tests/cli/typed/: small ONNX models with inputs
of every type, rows, and what ONNX Runtime says about them.

    scripts/python onnx tests/cli/make_typed_vectors.py
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent / "typed"
N_ROWS = 300
TYPES = {"age": TensorProto.INT64, "visits": TensorProto.INT32,
         "amount": TensorProto.DOUBLE, "card_present": TensorProto.BOOL,
         "rates": TensorProto.FLOAT, "country": TensorProto.STRING}
WIDTHS = {"rates": 2}
COUNTRIES = ["DE", "FR", "NO"]
# As none of float32: scores in float32 would be other scores.
WEIGHTS = [[0.031], [-0.0017], [0.00213], [0.7], [1.3], [-0.9], [0.11]]


def draw(rng):
    """The rows, [N_ROWS][width] each; some of the floats are missing."""
    rates = rng.normal(size=(N_ROWS, 2)).astype(np.float32)
    return {"age": rng.integers(18, 90, (N_ROWS, 1)),
            "visits": rng.integers(-5, 1000, (N_ROWS, 1)).astype(np.int32),
            "amount": rng.gamma(2, 100, (N_ROWS, 1)),
            "card_present": rng.random((N_ROWS, 1)) < 0.5,
            "rates": rates,
            "country": rng.choice(COUNTRIES + ["SE"], (N_ROWS, 1)).astype(object)}


def build(names):
    """sigmoid of a weighted sum, in double."""
    nodes, parts = [], []
    for name in names:
        encoded = name
        if TYPES[name] == TensorProto.STRING:
            encoded = f"{name}_code"
            nodes.append(helper.make_node(
                "LabelEncoder", [name], [encoded], domain="ai.onnx.ml",
                keys_strings=COUNTRIES, values_floats=[1.0, 2.0, 4.0], default_float=-1.0))
        parts.append(f"{name}_double")
        nodes.append(helper.make_node("Cast", [encoded], [parts[-1]],
                                      to=TensorProto.DOUBLE))
    width = sum(WIDTHS.get(name, 1) for name in names)
    nodes += [helper.make_node("Concat", parts, ["row"], axis=1),
              helper.make_node("MatMul", ["row", "weights"], ["sum"]),
              helper.make_node("Sigmoid", ["sum"], ["score"])]
    graph = helper.make_graph(
        nodes, "typed",
        [helper.make_tensor_value_info(name, TYPES[name], ["rows", WIDTHS.get(name, 1)])
         for name in names],
        [helper.make_tensor_value_info("score", TensorProto.DOUBLE, ["rows", 1])],
        [numpy_helper.from_array(np.array(WEIGHTS[:width]), "weights")])
    model = helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 2)])
    onnx.checker.check_model(model)
    return model


def text(value):
    if isinstance(value, (bool, np.bool_, str)):
        return str(value)
    return repr(value.item())


def write_rows(rows, names):
    columns = [(f"{name}[{i}]" if WIDTHS.get(name, 1) > 1 else name, rows[name][:, i])
               for name in names for i in range(WIDTHS.get(name, 1))]
    columns.reverse()  # the order in the file is nobody's
    with open(HERE / "rows.csv", "w") as out:
        out.write(",".join(name for name, _ in columns) + "\n")
        for i in range(N_ROWS):
            out.write(",".join(text(values[i]) for _, values in columns) + "\n")


def main():
    HERE.mkdir(exist_ok=True)
    rows = draw(np.random.default_rng(11))
    expected = {}
    for file, names in ("numbers", list(TYPES)[:-1]), ("strings", list(TYPES)):
        onnx.save(build(names), HERE / f"{file}.onnx")
        session = onnxruntime.InferenceSession(HERE / f"{file}.onnx")
        (scores,) = session.run(None, {name: rows[name] for name in names})
        assert scores.dtype == np.float64
        expected[file] = scores[:, 0].tolist()
    write_rows(rows, list(TYPES))
    with open(HERE / "expected.json", "w") as out:
        json.dump(expected, out, separators=(",", ":"))
        out.write("\n")


main()
