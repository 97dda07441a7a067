"""Nodes of RNN, GRU and LSTM with everything that the operators can have, beside ONNX
Runtime: each becomes a test in the layout of ONNX's suite, which onnx_node_test runs.

    scripts/python onnx tests/conformance/recurrent.py [--driver PROGRAM] [--report FILE]

Exits 1 when one is not as ONNX Runtime says."""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

STEPS, ROWS, INPUTS, HIDDEN = 5, 3, 4, 6
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
OUTPUTS = {"RNN": ["Y", "Y_h"], "GRU": ["Y", "Y_h"], "LSTM": ["Y", "Y_h", "Y_c"]}
OPTIONAL = ("B", "lengths", "h", "c", "P")  # behind X, W and R

ATTRIBUTES = {
    "RNN": [{}, {"clip": 0.3}, {"activations": ["LeakyRelu"]},
            {"activations": ["Affine"], "activation_alpha": [0.7], "activation_beta": [0.1]}],
    "GRU": [{}, {"clip": 0.3}, {"linear_before_reset": 1},
            {"linear_before_reset": 1, "clip": 0.3}, {"activations": ["HardSigmoid", "Elu"]},
            {"activations": ["HardSigmoid", "ScaledTanh"], "activation_alpha": [0.3, 0.7],
             "activation_beta": [0.4, 0.6]}],
    "LSTM": [{}, {"clip": 0.3}, {"input_forget": 1},
             {"activations": ["HardSigmoid", "Relu", "Softsign"]},
             {"activations": ["Sigmoid", "Softplus", "Tanh"]}],
}
GIVEN = [(), ("B",), ("B", "lengths"), ("B", "lengths", "h"), ("B", "h", "c"),
         ("B", "lengths", "h", "c", "P"), ("P",)]
DIRECTIONS = ("forward", "reverse", "bidirectional")
LENGTHS = ([2, 5, 4], [0, 5, 1])


def cases():
    """(operator, direction, attributes, optional inputs, lengths)"""
    for op in GATES:
        for direction, attributes, given, lengths in itertools.product(
                DIRECTIONS, ATTRIBUTES[op], GIVEN, LENGTHS):
            given = [name for name in given if op == "LSTM" or name not in "cP"]
            if lengths == LENGTHS[0] or "lengths" in given:
                yield op, direction, attributes, given, lengths


def all_inputs(rng, op, directions, lengths):
    def values(*shape):
        return rng.normal(scale=0.7, size=shape).astype(np.float32)

    width = GATES[op] * HIDDEN
    return {"X": values(STEPS, ROWS, INPUTS), "W": values(directions, width, INPUTS),
            "R": values(directions, width, HIDDEN), "B": values(directions, 2 * width),
            "lengths": np.array(lengths, np.int32), "h": values(directions, ROWS, HIDDEN),
            "c": values(directions, ROWS, HIDDEN), "P": values(directions, 3 * HIDDEN)}


def twice(attributes):
    return {name: 2 * value if isinstance(value, list) else value
            for name, value in attributes.items()}


def make_model(op, direction, attributes, inputs, given):
    names = ["X", "W", "R"] + [name if name in given else "" for name in OPTIONAL]
    while not names[-1]:
        names.pop()
    node = helper.make_node(op, names, OUTPUTS[op], hidden_size=HIDDEN, direction=direction,
                            **attributes)
    fed = [name for name in names if name not in ("", "W", "R")]
    types = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int32): TensorProto.INT32}
    graph = helper.make_graph(
        [node], "node",
        [helper.make_tensor_value_info(name, types[inputs[name].dtype], inputs[name].shape)
         for name in fed],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in OUTPUTS[op]],
        [numpy_helper.from_array(inputs[name], name) for name in ("W", "R")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString(), {name: inputs[name] for name in fed}


def write(folder, model, fed, outputs):
    (folder / "model.onnx").write_bytes(model)
    data = folder / "test_data_set_0"
    data.mkdir()
    for kind, arrays in (("input", fed.values()), ("output", outputs)):
        for i, array in enumerate(arrays):
            tensor = numpy_helper.from_array(array)
            (data / f"{kind}_{i}.pb").write_bytes(tensor.SerializeToString())


def is_right(driver, rng, op, direction, attributes, given, lengths):
    directions = 2 if direction == "bidirectional" else 1
    inputs = all_inputs(rng, op, directions, lengths)
    attributes = twice(attributes) if directions == 2 else attributes
    model, fed = make_model(op, direction, attributes, inputs, given)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder), model, fed, session.run(None, fed))
        done = subprocess.run([driver, folder], capture_output=True, text=True)
    if done.returncode:
        print(f"WRONG {op} {direction} {attributes} with {' '.join(given)}, lengths "
              f"{lengths}: {done.stdout.strip()}")
    return not done.returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", default="build/release/tests/onnx_node_test")
    parser.add_argument("--report", type=pathlib.Path)
    arguments = parser.parse_args()
    rng = np.random.default_rng(3)
    results = [is_right(arguments.driver, rng, *case) for case in cases()]
    wrong = results.count(False)
    print(f"{len(results)} recurrent nodes beside ONNX Runtime {onnxruntime.__version__}: "
          f"{wrong} wrong")
    if arguments.report:
        arguments.report.write_text(json.dumps(
            {"name": "recurrent", "onnxruntime": onnxruntime.__version__,
             "nodes": len(results), "wrong": wrong}, indent=1) + "\n")
    return 1 if wrong or not results else 0


if __name__ == "__main__":
    sys.exit(main())
