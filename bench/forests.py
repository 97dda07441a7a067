"""bench/forests.py: trains the forests of bench/run forest, once; they are kept in
build/bench. Runs on XGBoost 1.7.4, whose files both of the XGBoosts in the bench can read."""

import os

import numpy as np

CACHE = "build/bench/forests"
FEATURES = 30
ROWS = 16384

# The names say how many trees and how deep. Half of the thresholds' places of `hist`, the
# way in which both frameworks train by default today, are on every feature.
SIZES = {"500x6": (500, 6), "100x8": (100, 8)}


def path(name):
    return os.path.abspath(f"{CACHE}/{name}")


def rows(n, seed):
    """Continuous features: an evaluator that sorts by thresholds finds them at their
    worst, every feature has as many as the trainer allows."""
    return np.random.default_rng(seed).normal(0, 1, (n, FEATURES)).astype(np.float32)


def samples():
    """Rows and labels with noise in them, so that a tree of any depth is full."""
    drawn = rows(100_000, seed=99)
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 3, len(drawn))
    return drawn, (drawn @ rng.normal(0, 1, FEATURES) + noise).astype(np.float32)


def train(name, data):
    import xgboost

    trees, depth = SIZES[name]
    options = {"objective": "reg:squarederror", "tree_method": "hist", "max_depth": depth,
               "eta": 0.02, "min_child_weight": 0, "seed": 7}
    forest = xgboost.train(options, xgboost.DMatrix(*data), trees)
    forest.save_model(path(f"{name}.json"))
    forest.save_model(path(f"{name}.ubj"))


def main():
    os.makedirs(CACHE, exist_ok=True)
    missing = [name for name in SIZES if not os.path.exists(path(f"{name}.ubj"))]
    if missing:
        data = samples()
    for name in missing:
        print(f"training {name}", flush=True)
        train(name, data)


if __name__ == "__main__":
    main()
