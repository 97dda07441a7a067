"""tests/aggregates/make_through.py: a model that hands its doubles through.

    scripts/python onnx tests/aggregates/make_through.py

Scores have to be finite, so NaN becomes a number that nothing else is (configured.py)."""

import pathlib

import onnx
from onnx import TensorProto, helper, numpy_helper
import numpy as np

N_COLUMNS = 20
SENTINEL = -7e300


def main():
    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["n", N_COLUMNS])

    nodes = [helper.make_node("IsNaN", ["features"], ["missing"]),
             helper.make_node("Where", ["missing", "sentinel", "features"], ["scores"])]
    graph = helper.make_graph(
        nodes, "through", [value("features")], [value("scores")],
        [numpy_helper.from_array(np.array(SENTINEL, np.float64), "sentinel")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                              ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    (pathlib.Path(__file__).parent / "through.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
