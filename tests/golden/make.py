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
}
N_FEATURES = 4
N_ROWS = 40


def train(name, parameters):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, N_FEATURES)).astype(np.float32)
    signal = x[:, 0] + x[:, 1] * x[:, 2]
    y = {"binary": signal > 0, "classes": np.digitize(signal, [-0.7, 1.2]),
         "pruned": 10 * signal}[name]
    x[rng.random(x.shape) < 0.2] = np.nan
    parameters = {"max_depth": 3, "eta": 0.3, "nthread": 1, "seed": 1, **parameters}
    names = ["amount", "hour", "country code", "avg_30d"]
    return xgb.train(parameters, xgb.DMatrix(x, y, feature_names=names), 2), x


def golden_rows(booster, x):
    """Rows of the training, each with one value moved onto a threshold, and specials."""
    rows = x[:N_ROWS].copy()
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
    splits = [(feature, condition)
              for tree in model["trees"]
              for left, feature, condition in zip(tree["left_children"],
                                                  tree["split_indices"],
                                                  tree["split_conditions"])
              if left != -1]
    for row, (feature, condition) in zip(rows, splits):
        row[feature] = np.float32(condition)
    rows[-1] = np.nan
    rows[-2] = -0.0
    rows[-3] = 1e-45
    return rows


def hexadecimal(values):
    return " ".join(float(value).hex() for value in np.atleast_1d(values))


def main(folder):
    for name, parameters in MODELS.items():
        booster, x = train(name, parameters)
        rows = golden_rows(booster, x)
        stem = pathlib.Path(folder) / f"{name}-{xgb.__version__}"
        booster.save_model(f"{stem}.json")
        booster.save_model(f"{stem}.ubj")
        matrix = xgb.DMatrix(rows, feature_names=booster.feature_names)
        leaves = booster.predict(matrix, pred_leaf=True)
        margins = booster.inplace_predict(rows, predict_type="margin", validate_features=False)
        scores = booster.inplace_predict(rows, validate_features=False)
        with open(f"{stem}.txt", "w") as out:
            for parts in zip(rows, leaves, margins, scores):
                out.write(" | ".join(hexadecimal(part) for part in parts) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
