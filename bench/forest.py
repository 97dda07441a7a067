"""bench/run forest: nanoseconds per row of a forest, beside what else evaluates it.

Every side is a process with one thread that scores the same rows, in batches, by the C
interface of its library; all the scores are compared before anything is timed. The rows
are many and cycled through. Sides take turns; figures are medians."""

import argparse
import glob
import os
import sys

import lightgbm
import numpy as np
import onnxruntime
import xgboost
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

import forests
import if_else
import outcome
from side import Side, measure, print_table

SCORER = "build/release/bench/scorer"
BATCHES = [1, 8, 32, 64, 256, 1024]
CLOSE = 1e-5  # for those who add in another order or precision

WANTED = {"xgboost_1": 20, "xgboost_32": 14, "xgboost_256": 22,
          "onnxruntime_1": 12, "onnxruntime_32": 20, "onnxruntime_256": 35,
          "d8_xgboost_256": 11}

ROWS = forests.path("rows")

# For ratios: 500 trees of depth 6 need no name.
PREFIXES = {"500x6": "", "100x8": "d8_", "lightgbm-64": "", "lightgbm-31": "leafwise_"}

# As many leaves as a tree of depth 6; and LightGBM's own default, which grows by leaves.
LIGHTGBM = {"lightgbm-64": {"num_leaves": 64, "max_depth": 6, "min_data_in_leaf": 1},
            "lightgbm-31": {}}

DEBIAN = "libxgboost.so.0"
NEWEST = f"{os.path.dirname(xgboost.__file__)}/lib/libxgboost.so"
ORT = glob.glob(f"{os.path.dirname(onnxruntime.__file__)}/capi/libonnxruntime.so.*")[0]
LGBM = f"{os.path.dirname(lightgbm.__file__)}/lib/lib_lightgbm.so"

SIDES = {
    "leat": "leat_model_open, leat_session_run of margins; build/release",
    "xgboost": "XGBoost 1.7.4, Debian's libxgboost: XGBoosterPredictFromDense, nthread 1",
    "xgboost3": f"XGBoost {xgboost.__version__} of PyPI, likewise",
    "onnxruntime": f"ONNX Runtime {onnxruntime.__version__} of PyPI by its C interface: "
                   "TreeEnsembleRegressor by onnxmltools, values made once, 1 thread",
    "lightgbm": f"LightGBM {lightgbm.__version__} of PyPI by its C interface: "
                "PredictForMatSingleRowFast, PredictForMat, num_threads 1",
    "if_else": "nested ifs in C, gcc -O2, as Treelite made them",
}


def parse():
    parser = argparse.ArgumentParser(prog="bench/run forest")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--report")
    return parser.parse_args()


# ---- models ----


def convert(name):
    """The ONNX file of a forest of XGBoost's."""
    path = forests.path(f"{name}.onnx")
    if not os.path.exists(path):
        booster = xgboost.Booster(model_file=forests.path(f"{name}.json"))
        rows = [("rows", FloatTensorType([None, forests.FEATURES]))]
        with open(path, "wb") as file:
            file.write(convert_xgboost(booster, initial_types=rows).SerializeToString())
    return path


def train_lightgbm(name):
    path = forests.path(f"{name}.txt")
    if not os.path.exists(path):
        print(f"training {name}", flush=True)
        options = {"objective": "regression", "learning_rate": 0.02, "seed": 7,
                   "num_threads": 1, "verbose": -1, **LIGHTGBM[name]}
        data = lightgbm.Dataset(*forests.samples())
        lightgbm.train(options, data, 500).save_model(path)
    return path


# ---- sides ----


def start(engine, library, model, name=None):
    return Side(name or engine, [SCORER, engine, library, model, str(forests.FEATURES),
                                 ROWS])


def start_sides(name):
    if name in LIGHTGBM:
        model = train_lightgbm(name)
        return [start("leat", "-", model), start("lightgbm", LGBM, model)]
    model = forests.path(f"{name}.ubj")
    return [start("leat", "-", model), start("xgboost", DEBIAN, model),
            start("xgboost", NEWEST, model, "xgboost3"),
            start("onnxruntime", ORT, convert(name)),
            start("if_else", if_else.compile(forests.path(f"{name}.json")), "-")]


def compare(name, sides):
    """Leat's scores are its framework's, bit for bit, and close to everybody else's."""
    said = {side.name: side.outputs() for side in sides}
    ours, framework = said["leat"], sides[1].name
    if len(ours) != forests.ROWS or (ours.view(np.int32)
                                     != said[framework].view(np.int32)).any():
        sys.exit(f"{name}: the scores of leat and {framework} are not the same")
    for other, scores in said.items():
        off = np.abs(ours - scores).max() / np.abs(scores).max()
        if not off <= CLOSE:
            sys.exit(f"{name}: the scores of leat and {other} differ by {off:.2g}")


def ratios_of(name, ns):
    return {f"{PREFIXES[name]}{side}_{batch}": round(cost / ns["leat"][batch], 2)
            for side, costs in ns.items() if side != "leat"
            for batch, cost in costs.items()}


def main():
    options = parse()
    figures, ratios = {}, {}
    forests.rows(forests.ROWS, seed=1).tofile(ROWS)
    for name in PREFIXES:
        sides = start_sides(name)
        compare(name, sides)
        ns = measure(sides, options.batches, options.runs)
        for side in sides:
            side.end()
        print_table(f"{name}, ns per row", options.batches, ns)
        figures[name] = ns
        ratios |= ratios_of(name, ns)
    targets = [(what, ratios[what], ratios[what] >= least, f">= {least}")
               for what, least in WANTED.items() if what in ratios]
    outcome.finish({"name": "forest", "ratios": ratios, "figures": figures,
                    "runs": options.runs, "sides": SIDES}, targets, options.report)


if __name__ == "__main__":
    main()
