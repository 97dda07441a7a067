"""tests/golden/make_lightgbm.py FOLDER: small models and what LightGBM says of nasty rows.

    scripts/python lightgbm tests/golden/make_lightgbm.py tests/golden

Writes NAME-VERSION.lgb and NAME-VERSION.txt, with a line a row as make.py does. The v2 and
v3 files were made by the same script with LightGBM 2.2.3 and 3.3.5, which take numpy 1."""

import pathlib
import sys

import lightgbm as lgb
import numpy as np

MODELS = {
    "binary": {"objective": "binary", "sigmoid": 0.7},
    "zero": {"objective": "regression", "reg_sqrt": True, "zero_as_missing": True},
    "categories": {"objective": "multiclass", "num_class": 3, "min_data_per_group": 5,
                   "cat_smooth": 1, "max_cat_to_onehot": 1},
    "forest": {"objective": "binary", "boosting": "rf", "bagging_freq": 1,
               "bagging_fraction": 0.6},
    "linear": {"objective": "regression", "linear_tree": True},
}
N_FEATURES = 4
N_ROWS = 40


def train(name, parameters):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, N_FEATURES))
    x[:, 1] = np.where(rng.random(500) < 0.5, 0, x[:, 1])
    x[:, 3] = rng.integers(0, 40, 500)
    signal = x[:, 0] + x[:, 1] * x[:, 2] + np.cos(x[:, 3])
    y = {"zero": signal, "linear": signal,
         "categories": np.digitize(signal, [-0.7, 1.2])}.get(name, signal > 0)
    x[rng.random(x.shape) < 0.2] = np.nan
    parameters = {"num_leaves": 8, "num_threads": 1, "seed": 1, "verbosity": -1,
                  **parameters}
    data = lgb.Dataset(x, y, feature_name=["amount", "hour", "country_code", "avg_30d"],
                       categorical_feature=[3] if name == "categories" else [],
                       params=parameters)
    return lgb.train(parameters, data, 2), x


def thresholds(booster):
    stack = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    while stack:
        node = stack.pop()
        if "split_feature" in node:
            if node["decision_type"] == "<=":
                yield node["split_feature"], node["threshold"]
            stack += [node["left_child"], node["right_child"]]


def golden_rows(booster, x):
    """Rows of the training, each with one value moved onto a threshold, and specials."""
    rows = x[:N_ROWS].copy()
    for row, (feature, threshold) in zip(rows, thresholds(booster)):
        row[feature] = threshold
    zero = float(np.float32(1e-35))
    for i, special in enumerate([np.nan, -0.0, 5e-324, zero, -zero, np.nextafter(zero, 1),
                                 np.inf, -np.inf, -0.5, 39.99, 2.0 ** 31, -1.0]):
        rows[-1 - i] = special
    return rows


def hexadecimal(values):
    return " ".join(float(value).hex() for value in np.atleast_1d(values))


def main(folder):
    for name, parameters in MODELS.items():
        if name == "linear" and lgb.__version__ < "3.2":
            continue
        booster, x = train(name, parameters)
        rows = golden_rows(booster, x)
        stem = pathlib.Path(folder) / f"{name}-{lgb.__version__}"
        booster.save_model(f"{stem}.lgb")
        scores = [booster.predict(rows, pred_leaf=True), booster.predict(rows, raw_score=True),
                  booster.predict(rows)]
        with open(f"{stem}.txt", "w") as out:
            for parts in zip(rows, *scores):
                out.write(" | ".join(hexadecimal(part) for part in parts) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
