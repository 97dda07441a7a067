"""corrupt_models.py FOLDER: a model of 16 KiB in each format, for corrupt_model."""

import os
import sys

import lightgbm
import numpy as np
import onnx
import xgboost
from onnx import TensorProto, helper, numpy_helper

SIZE = 16 * 1024
LAYERS = [32, 68, 26, 1]


def rows():
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(500, 6)).astype(np.float32)
    labels = (columns[:, 0] + columns[:, 1] * columns[:, 2] > 0).astype(np.float32)
    columns[rng.random(columns.shape) < 0.1] = np.nan
    return columns, labels


def grow(path, train):
    """As many trees as fill SIZE."""
    n_trees = 0
    while n_trees == 0 or os.path.getsize(path) < SIZE:
        n_trees += 1
        train(n_trees).save_model(path)


def with_xgboost(n_trees):
    columns, labels = rows()
    options = {"objective": "binary:logistic", "max_depth": 4}
    return xgboost.train(options, xgboost.DMatrix(columns, labels), n_trees)


def with_lightgbm(n_trees):
    columns, labels = rows()
    options = {"objective": "binary", "num_leaves": 12, "verbose": -1}
    return lightgbm.train(options, lightgbm.Dataset(columns, labels), n_trees)


def network(path):
    rng = np.random.default_rng(1)
    nodes, weights, value = [], [], "x"
    for i, (n, m) in enumerate(zip(LAYERS, LAYERS[1:])):
        is_last = m == LAYERS[-1]
        weights += [
            numpy_helper.from_array(rng.normal(size=(n, m)).astype(np.float32), f"w{i}"),
            numpy_helper.from_array(rng.normal(size=m).astype(np.float32), f"b{i}")]
        nodes += [helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], [f"sum{i}"]),
                  helper.make_node("Sigmoid" if is_last else "Relu", [f"sum{i}"],
                                   ["y" if is_last else f"act{i}"])]
        value = f"act{i}"
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
            for name, width in (("x", LAYERS[0]), ("y", LAYERS[-1]))]
    graph = helper.make_graph(nodes, "mlp", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                ir_version=8), path)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    grow(f"{folder}/xgboost.json", with_xgboost)
    grow(f"{folder}/xgboost.ubj", with_xgboost)
    grow(f"{folder}/lightgbm.txt", with_lightgbm)
    network(f"{folder}/network.onnx")


if __name__ == "__main__":
    main()
