"""tests/golden/make.py FOLDER: small models and what XGBoost says of nasty rows.

    scripts/python xgboost-1.7.4 tests/golden/make.py tests/golden
    scripts/python tests tests/golden/make.py tests/golden

Each version writes its own files: NAME-VERSION.json and .ubj, and NAME-VERSION.txt with a
line a row: the features, the leaves, the margins and the predictions, each group after a
bar, floats as hexadecimal so that they are exact."""

import json
import pathlib
import sys

import numpy as np
import xgboost as xgb

MODELS = {
    "binary": {"objective": "binary:logistic", "base_score": 0.3},
    "classes": {"objective": "multi:softprob", "num_class": 3},
    "pruned": {"objective": "reg:squarederror", "tree_method": "exact", "gamma": 30.0},
    "dart": {"objective": "binary:logistic", "booster": "dart", "one_drop": 1},
    "categories": {"objective": "binary:logistic", "max_cat_to_onehot": 5},
}
CATEGORIES = {1: 4, 3: 40}  # of the model "categories"; the first are one-hot
N_FEATURES = 4
N_ROWS = 40


def train(name, parameters):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, N_FEATURES)).astype(np.float32)
    types = ["c" if i in CATEGORIES else "q" for i in range(N_FEATURES)]
    for feature, n in CATEGORIES.items() if name == "categories" else ():
        x[:, feature] = rng.integers(0, n, 500)
    signal = x[:, 0] + x[:, 1] * x[:, 2]
    if name == "categories":
        signal = x[:, 0] + np.cos(3 * x[:, 1]) + 2 * np.cos(x[:, 3])
    y = {"classes": np.digitize(signal, [-0.7, 1.2]), "pruned": 10 * signal}.get(
        name, signal > 0)
    x[rng.random(x.shape) < 0.2] = np.nan
    parameters = {"max_depth": 3, "eta": 0.3, "nthread": 1, "seed": 1,
                  **({"tree_method": "hist"} if name in ("dart", "categories") else {}),
                  **parameters}
    names = ["amount", "hour", "country code", "avg_30d"]
    data = xgb.DMatrix(x, y, feature_names=names, enable_categorical=True,
                       feature_types=types if name == "categories" else None)
    return xgb.train(parameters, data, 3 if name == "dart" else 2), x


def golden_rows(name, booster, x):
    """Rows of the training, each with one value moved onto a threshold, and specials."""
    rows = x[:N_ROWS].copy()
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    model = model.get("gbtree", model)["model"]
    splits = [(feature, condition)
              for tree in model["trees"]
              for left, feature, condition in zip(tree["left_children"],
                                                  tree["split_indices"],
                                                  tree["split_conditions"])
              if left != -1 and np.isfinite(condition)]
    for row, (feature, condition) in zip(rows, splits):
        row[feature] = np.float32(condition)
    rows[-1] = np.nan
    rows[-2] = -0.0
    rows[-3] = 1e-45
    if name == "categories":
        rows[-4:-12:-1, 3] = [-1, -0.5, -0.0, 0.5, 39.99, 40, 2 ** 24, 3e38]
    return rows


def hexadecimal(values):
    return " ".join(float(value).hex() for value in np.atleast_1d(values))


def main(folder):
    for name, parameters in MODELS.items():
        booster, x = train(name, parameters)
        rows = golden_rows(name, booster, x)
        stem = pathlib.Path(folder) / f"{name}-{xgb.__version__}"
        booster.save_model(f"{stem}.json")
        booster.save_model(f"{stem}.ubj")
        matrix = xgb.DMatrix(rows, feature_names=booster.feature_names)
        leaves = booster.predict(matrix, pred_leaf=True, validate_features=False)
        margins = booster.predict(matrix, output_margin=True, validate_features=False)
        scores = booster.predict(matrix, validate_features=False)
        with open(f"{stem}.txt", "w") as out:
            for parts in zip(rows, leaves, margins, scores):
                out.write(" | ".join(hexadecimal(part) for part in parts) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
