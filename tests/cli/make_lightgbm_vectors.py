"""Writes the LightGBM vectors of typed_test.py into tests/cli/typed/: a small model that
takes and gives doubles, rows, and what LightGBM's own predict says about them.

    scripts/python lightgbm tests/cli/make_lightgbm_vectors.py
"""

import json
import pathlib

import lightgbm
import numpy as np

HERE = pathlib.Path(__file__).parent / "typed"
NAMES = ["amount", "hour", "age"]
N_ROWS = 300


def text(value):
    return "" if np.isnan(value) else repr(float(value))


def main():
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(N_ROWS, 3))
    rows[rng.random(rows.shape) < 0.1] = np.nan
    target = np.nan_to_num(rows[:, 0]) + np.sin(2 * np.nan_to_num(rows[:, 1])) > 0
    model = lightgbm.train(
        {"objective": "binary", "num_leaves": 7, "min_data_in_leaf": 5, "verbose": -1,
         "seed": 1, "num_threads": 1},
        lightgbm.Dataset(rows, target, feature_name=NAMES), 5)
    model.save_model(HERE / "lightgbm.txt")
    # Thresholds lie between two doubles of the rows: neighbours in double may be equal as
    # float32, and must still part.
    thresholds = [node for tree in model.dump_model()["tree_info"]
                  for node in splits(tree["tree_structure"])]
    for i, (feature, threshold) in enumerate(thresholds):
        rows[i, feature] = np.nextafter(threshold, np.inf) if i % 2 else threshold
    with open(HERE / "lightgbm.csv", "w") as out:
        out.write(",".join(NAMES) + "\n")
        out.writelines(",".join(map(text, row)) + "\n" for row in rows)
    expected = {"predict": model.predict(rows).tolist(),
                "margin": model.predict(rows, raw_score=True).tolist(),
                "leaves": model.predict(rows, pred_leaf=True).astype(int).tolist()}
    with open(HERE / "lightgbm.json", "w") as out:
        json.dump(expected, out, separators=(",", ":"))
        out.write("\n")


def splits(node):
    if "split_feature" not in node:
        return []
    return ([(node["split_feature"], node["threshold"])] + splits(node["left_child"])
            + splits(node["right_child"]))


main()
