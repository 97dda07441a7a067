"""Writes the vectors of score_test.py into tests/cli/score/: small XGBoost models, rows,
and what XGBoost's own predict says about them.

    python3 tests/cli/make_score_vectors.py     (needs xgboost and numpy)
"""

import json
import pathlib

import numpy as np
import xgboost as xgb

HERE = pathlib.Path(__file__).parent / "score"
NAMES = ["amount", "hour", "age"]
KINDS = {
    "binary": {"objective": "binary:logistic"},
    "classes": {"objective": "multi:softprob", "num_class": 3},
    "class": {"objective": "multi:softmax", "num_class": 3},
}


def text(value):
    return "" if np.isnan(value) else repr(float(value))


def main():
    random = np.random.default_rng(7)
    rows = random.normal(size=(300, 3)).astype(np.float32)
    rows[random.random(rows.shape) < 0.1] = np.nan
    with open(HERE / "rows.csv", "w") as out:
        out.write(",".join(NAMES) + "\n")
        out.writelines(",".join(map(text, row)) + "\n" for row in rows)
    label = (np.nan_to_num(rows[:, 0]) * 2 + np.nan_to_num(rows[:, 1])).astype(int) % 3
    for name, parameters in KINDS.items():
        target = label if "num_class" in parameters else label > 0
        data = xgb.DMatrix(rows, target, feature_names=NAMES)
        model = xgb.train({"max_depth": 2, **parameters}, data, 4)
        model.save_model(HERE / f"{name}.json")
        expected = {
            "predict": model.predict(data).tolist(),
            "margin": model.predict(data, output_margin=True).tolist(),
            "leaves": model.predict(data, pred_leaf=True).astype(int).tolist(),
        }
        with open(HERE / f"{name}.expected.json", "w") as out:
            json.dump(expected, out, separators=(",", ":"))
            out.write("\n")
    data = xgb.DMatrix(rows, label > 0)
    model = xgb.train({"max_depth": 2, "objective": "binary:logistic"}, data, 4)
    model.save_model(HERE / "nameless.json")


main()
