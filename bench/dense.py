"""bench/run dense: nanoseconds per row of dense networks, beside ONNX Runtime.

Both sides are processes with one thread that score the same rows of the same ONNX file by
their C interfaces; their scores are compared before anything is timed. They take turns;
figures are medians. What share of the core they use is seen against a loop of nothing but
fused multiply-adds, before and behind."""

import argparse
import glob
import os
import subprocess
import sys
from statistics import median

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import outcome
from side import Side, measure, print_table

SCORER = "build/release/bench/scorer"
PEAK = "build/release/bench/fma_peak"
CACHE = "build/bench/dense"
BATCHES = [1, 8, 32, 64, 256, 1024]
CLOSE = 1e-6  # of a score, which is a probability

NETWORKS = {"small": (30, 128, 64, 1), "large": (256, 512, 256, 1)}
ROWS = {"small": 16384, "large": 4096}

WANTED = {"small_1": 8, "small_8": 2.5, "small_32": 1.5, "small_256": 1.1,
          "large_1": 1.8, **{f"large_{batch}": 0.95 for batch in BATCHES[1:]}}

ORT = glob.glob(f"{os.path.dirname(onnxruntime.__file__)}/capi/libonnxruntime.so.*")[0]

SIDES = {
    "leat": "leat_model_open, leat_session_run; build/release",
    "onnxruntime": f"ONNX Runtime {onnxruntime.__version__} of PyPI by its C interface: all "
                   "optimisations, values made once, 1 intra and 1 inter thread",
}


def parse():
    parser = argparse.ArgumentParser(prog="bench/run dense")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--report")
    return parser.parse_args()


def make_network(name):
    """As torch exports it: Gemm with transposed weights, Relu between, Sigmoid behind."""
    sizes = NETWORKS[name]
    rng = np.random.default_rng(1)
    nodes, constants, value = [], [], "rows"
    for i, (k, n) in enumerate(zip(sizes, sizes[1:])):
        weights = rng.normal(0, k ** -0.5, (n, k)).astype(np.float32)
        bias = rng.normal(0, 0.1, n).astype(np.float32)
        constants += [numpy_helper.from_array(weights, f"w{i}"),
                      numpy_helper.from_array(bias, f"b{i}")]
        last = i == len(sizes) - 2
        nodes += [helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], [f"y{i}"], transB=1),
                  helper.make_node("Sigmoid" if last else "Relu", [f"y{i}"], [f"z{i}"])]
        value = f"z{i}"
    shapes = [helper.make_tensor_value_info(what, TensorProto.FLOAT, ["n", width])
              for what, width in (("rows", sizes[0]), (value, sizes[-1]))]
    graph = helper.make_graph(nodes, name, shapes[:1], shapes[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                              ir_version=8)
    onnx.save(model, f"{CACHE}/{name}.onnx")
    rows = rng.normal(0, 1, (ROWS[name], sizes[0])).astype(np.float32)
    rows.tofile(f"{CACHE}/{name}.rows")


def start_sides(name):
    width = str(NETWORKS[name][0])
    return [Side(engine, [SCORER, engine, library, f"{CACHE}/{name}.onnx", width,
                          f"{CACHE}/{name}.rows"])
            for engine, library in (("leat", "-"), ("onnxruntime", ORT))]


def compare(name, sides):
    ours, theirs = (side.outputs() for side in sides)
    off = np.abs(ours - theirs).max()
    if len(ours) != ROWS[name] or not off <= CLOSE:
        sys.exit(f"{name}: {len(ours)} scores, which differ by up to {off:.2g}")


def peak_gflops():
    return float(subprocess.run([PEAK], capture_output=True, check=True).stdout)


def measure_network(name, options):
    """Nanoseconds per row by side and batch, and the share of the core that each used."""
    sides = start_sides(name)
    compare(name, sides)
    peaks = [peak_gflops() for _ in range(options.runs)]
    ns = measure(sides, options.batches, options.runs)
    peak = round(median(peaks + [peak_gflops() for _ in range(options.runs)]), 1)
    for side in sides:
        side.end()
    sizes = NETWORKS[name]
    gflop = sum(2e-9 * k * n for k, n in zip(sizes, sizes[1:]))
    share = {side: {batch: round(gflop / (cost * 1e-9) / peak, 3)
                    for batch, cost in costs.items()} for side, costs in ns.items()}
    return ns, share, peak


def main():
    options = parse()
    os.makedirs(CACHE, exist_ok=True)
    figures, ratios = {}, {}
    for name, sizes in NETWORKS.items():
        make_network(name)
        ns, share, peak = measure_network(name, options)
        title = "-".join(map(str, sizes))
        print_table(f"{title}, ns per row", options.batches, ns)
        print_table(f"share of {peak:.0f} GFLOP/s", options.batches, share)
        figures[name] = {"ns_per_row": ns, "share_of_peak": share, "peak_gflops": peak}
        ratios |= {f"{name}_{batch}": round(ns["onnxruntime"][batch] / cost, 2)
                   for batch, cost in ns["leat"].items()}
    targets = [(what, ratios[what], ratios[what] >= least, f">= {least}")
               for what, least in WANTED.items() if what in ratios]
    outcome.finish({"name": "dense", "ratios": ratios, "figures": figures,
                    "runs": options.runs, "sides": SIDES}, targets, options.report)


if __name__ == "__main__":
    main()
