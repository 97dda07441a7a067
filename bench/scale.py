"""bench/run scale: what ten times the rows and ten times the model cost.

One run of a session takes all rows at once: 100,000 of them, and 1,000,000, by a model and
by one ten times its size. Time is the CPU's, memory is the peak of the whole process: the
file, the rows and the scores are in it. Each case is a process; they take turns, and
figures are medians. A ratio of 1 is as linear as it gets; below it is better."""

import argparse
import os
from itertools import product
from statistics import median

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import forests
import outcome
from side import Side, print_table

SCORER = "build/release/bench/scorer"
ROWS = [100_000, 1_000_000]
MOST = 1.15  # of linear

# The smaller and the larger: trees and their depth; the widths of dense layers, of 12,096
# and of 120,302 weights.
MODELS = {"forest": ["500x6", "5000x6"],
          "network": ["30-128-64-1", "30-448-238-1"]}


def parse():
    parser = argparse.ArgumentParser(prog="bench/run scale")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--report")
    return parser.parse_args()


def make_network(name, path):
    """Dense layers with relu between them, random weights."""
    rng = np.random.default_rng(7)
    widths = list(map(int, name.split("-")))
    nodes, weights, value = [], [], "rows"
    for i, (n, m) in enumerate(zip(widths, widths[1:])):
        drawn = rng.normal(0, n ** -0.5, (n, m)).astype(np.float32)
        weights += [numpy_helper.from_array(drawn, f"w{i}"),
                    numpy_helper.from_array(np.zeros(m, np.float32), f"b{i}")]
        nodes.append(helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], [f"sum{i}"]))
        value = f"sum{i}"
        if m != widths[-1]:
            nodes.append(helper.make_node("Relu", [value], [f"relu{i}"]))
            value = f"relu{i}"
    of = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "network", [of("rows", TensorProto.FLOAT, ["n", widths[0]])],
        [of(value, TensorProto.FLOAT, ["n", widths[-1]])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                ir_version=8), path)


def path_of(name):
    if "x" in name:
        return forests.path(f"{name}.ubj")
    path = forests.path(f"{name}.onnx")
    if not os.path.exists(path):
        make_network(name, path)
    return path


def rows_file(n):
    path = forests.path(f"rows-{n}")
    if not os.path.exists(path):
        forests.rows(n, seed=1).tofile(path)
    return path


def measure(models, runs):
    """{(model, rows): (milliseconds, MiB)}"""
    cases = list(product(models, ROWS))
    spent = {case: [] for case in cases}
    for _ in range(runs):
        for model, n in cases:
            side = Side(f"{model} on {n} rows", [SCORER, "leat", "-", path_of(model),
                                                 str(forests.FEATURES), rows_file(n)])
            ms = side.ns_per_item(n) * n / 1e6
            spent[model, n].append((ms, side.peak_mib()))
            side.end()
    return {case: [round(median(of), 1) for of in zip(*some)]
            for case, some in spent.items()}


def of_linear(spent, models):
    """How far each of the four steps up by ten is from ten."""
    (small, large), (few, many) = models, ROWS
    steps = {"rows": ((small, few), (small, many)),
             "rows_of_larger": ((large, few), (large, many)),
             "model": ((small, few), (large, few)),
             "model_of_more_rows": ((small, many), (large, many))}
    return {f"{what}_{step}": round(spent[to][i] / spent[at][i] / 10, 3)
            for step, (at, to) in steps.items() for i, what in enumerate(["time", "memory"])}


def main():
    options = parse()
    figures, ratios = {}, {}
    for kind, models in MODELS.items():
        spent = measure(models, options.runs)
        table = {f"{model}, {n:,} rows": dict(zip(["ms", "MiB"], of))
                 for (model, n), of in spent.items()}
        print_table(kind, ["ms", "MiB"], table)
        figures |= table
        ratios |= {f"{kind}_{what}": ratio
                   for what, ratio in of_linear(spent, models).items()}
    targets = [(what, ratio, ratio <= MOST, f"<= {MOST}")
               for what, ratio in ratios.items()]
    outcome.finish({"name": "scale", "ratios": ratios, "figures": figures,
                    "runs": options.runs,
                    "sides": {"leat": "one leat_session_run, build/release"}},
                   targets, options.report)


if __name__ == "__main__":
    main()
