"""bench/forests.py NAME...: trains forests for benches, once; they are kept in build/bench.
Runs on XGBoost 1.7.4, whose files both of the XGBoosts in bench/run forest can read."""

import os
import sys

import numpy as np

CACHE = "build/bench/forests"
FEATURES = 30
ROWS = 16384


def path(name):
    return os.path.abspath(f"{CACHE}/{name}")


def rows(n, seed):
    """Continuous features: an evaluator that sorts by thresholds finds them at their
    worst, every feature has as many as the trainer allows."""
    return np.random.default_rng(seed).normal(0, 1, (n, FEATURES)).astype(np.float32)


def samples():
    """Rows and labels with noise in them, so that a tree of any depth is full."""
    drawn = rows(30_000, seed=99)
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 3, len(drawn))
    return drawn, (drawn @ rng.normal(0, 1, FEATURES) + noise).astype(np.float32)


def train(name, data):
    """A name says how many trees, and how deep: "500x6". As trees are many their steps are
    small, or the last ones would find nothing left and be thin."""
    import xgboost

    trees, depth = map(int, name.split("x"))
    options = {"objective": "reg:squarederror", "tree_method": "hist", "max_depth": depth,
               "eta": min(0.02, 10 / trees), "min_child_weight": 0, "seed": 7,
               "nthread": 1}
    forest = xgboost.train(options, xgboost.DMatrix(*data), trees)
    forest.save_model(path(f"{name}.json"))
    forest.save_model(path(f"{name}.ubj"))


def main(*names):
    os.makedirs(CACHE, exist_ok=True)
    missing = [name for name in names if not os.path.exists(path(f"{name}.ubj"))]
    if missing:
        data = samples()
    for name in missing:
        print(f"training {name}", flush=True)
        train(name, data)


if __name__ == "__main__":
    main(*sys.argv[1:])
