"""Trains models of every supported kind with the XGBoost of this environment, scores nasty
rows with it and with Leat, and compares: leaves and margins bit for bit, predictions within
2 units in the last place. Prints one JSON object a case. Called by tests/conformance/run."""

import argparse
import json
import pathlib
import subprocess

import numpy as np
import xgboost as xgb

N_FEATURES = 8
N_TRAIN = 2000
MAX_ULP = 2

# name: (objective, other parameters, rounds)
CASES = {
    "logistic": ("binary:logistic", {}, 40),
    "logistic_base": ("binary:logistic", {"base_score": 0.03}, 20),
    "logitraw": ("binary:logitraw", {}, 20),
    "hinge": ("binary:hinge", {}, 20),
    "softprob": ("multi:softprob", {"num_class": 5}, 20),
    "softmax": ("multi:softmax", {"num_class": 5}, 20),
    "squared": ("reg:squarederror", {}, 40),
    "squared_base": ("reg:squarederror", {"base_score": -1234.567}, 20),
    "reg_logistic": ("reg:logistic", {}, 20),
    "absolute": ("reg:absoluteerror", {}, 20),
    "squaredlog": ("reg:squaredlogerror", {}, 20),
    "pseudohuber": ("reg:pseudohubererror", {}, 20),
    "quantile": ("reg:quantileerror", {"quantile_alpha": 0.7}, 20),
    "poisson": ("count:poisson", {}, 20),
    "gamma": ("reg:gamma", {}, 20),
    "tweedie": ("reg:tweedie", {"tweedie_variance_power": 1.3}, 20),
    "pairwise": ("rank:pairwise", {}, 20),
    "ndcg": ("rank:ndcg", {}, 20),
    "map": ("rank:map", {}, 20),
    "parallel": ("binary:logistic", {"num_parallel_tree": 5, "subsample": 0.7}, 8),
    "parallel_softprob": ("multi:softprob", {"num_class": 3, "num_parallel_tree": 3,
                                             "subsample": 0.7}, 5),
    "pruned": ("reg:squarederror", {"tree_method": "exact", "gamma": 2.0}, 20),
    "stumps": ("binary:logistic", {"max_depth": 1}, 50),
    "leaves_only": ("reg:squarederror", {"gamma": 1e9}, 5),
    "no_trees": ("binary:logistic", {"base_score": 0.2}, 0),
    "deep": ("reg:squarederror", {"max_depth": 14, "min_child_weight": 0}, 10),
    "lossguide": ("binary:logistic", {"tree_method": "hist", "grow_policy": "lossguide",
                                      "max_depth": 0, "max_leaves": 60}, 20),
    "dropout_of_columns": ("binary:logistic", {"colsample_bytree": 0.3}, 35),
}


def training_data(rng, objective, parameters):
    x = rng.normal(size=(N_TRAIN, N_FEATURES)).astype(np.float32)
    x[:, 1] = rng.integers(-3, 4, N_TRAIN)
    x[:, 2] = np.abs(x[:, 2]) * 1e-40  # denormals
    x[rng.random(x.shape) < 0.15] = np.nan
    filled = np.nan_to_num(x)
    signal = filled[:, 0] + 0.5 * filled[:, 1] * filled[:, 3] - filled[:, 4] ** 2
    signal = signal + rng.normal(scale=0.3, size=N_TRAIN)
    if objective.startswith(("binary", "rank")) or objective == "reg:logistic":
        return x, (signal > 0).astype(np.float32)
    if objective.startswith("multi"):
        shares = np.linspace(0, 1, parameters["num_class"] + 1)[1:-1] ** 2
        edges = np.quantile(signal, shares)
        return x, np.digitize(signal, edges).astype(np.float32)
    if objective in ("reg:gamma", "reg:tweedie", "count:poisson", "reg:squaredlogerror"):
        return x, np.exp(signal / 4).round(2).astype(np.float32) + np.float32(0.01)
    return x, signal.astype(np.float32)


def train(rng, objective, parameters, rounds):
    x, y = training_data(rng, objective, parameters)
    group = [50] * (N_TRAIN // 50) if objective.startswith("rank") else None
    names = [f"feature {i}" for i in range(N_FEATURES)]
    matrix = xgb.DMatrix(x, y, feature_names=names)
    if group:
        matrix.set_group(group)
    parameters = {"objective": objective, "max_depth": 5, "eta": 0.2, "seed": 7,
                  "nthread": 1, "tree_method": "hist", **parameters}
    return xgb.train(parameters, matrix, rounds), x


def thresholds(trees):
    found = [[] for _ in range(N_FEATURES)]
    for tree in trees:
        for left, feature, condition in zip(tree["left_children"], tree["split_indices"],
                                            tree["split_conditions"]):
            if left != -1:
                found[feature].append(condition)
    return [np.unique(np.array(values or [0], np.float32)) for values in found]


def nasty_rows(rng, x, trees, n_rows):
    """Values of the training, values at thresholds and their neighbours, and specials."""
    specials = np.array([np.nan, np.nan, np.nan, -0.0, 0.0, np.inf, -np.inf, 1e-45, -1e-45,
                         3.4e38, -3.4e38], np.float32)
    rows = x[rng.integers(0, len(x), n_rows)]
    for feature, at in enumerate(thresholds(trees)):
        value = at[rng.integers(0, len(at), n_rows)]
        toward = rng.choice(np.array([-np.inf, 0, np.inf], np.float32), n_rows)
        near = np.where(toward == 0, value, np.nextafter(value, toward, dtype=np.float32))
        choice = rng.random(n_rows)
        rows[:, feature] = np.where(choice < 0.5, near, rows[:, feature])
        special = specials[rng.integers(0, len(specials), n_rows)]
        rows[:, feature] = np.where(choice > 0.93, special, rows[:, feature])
    return np.ascontiguousarray(rows, np.float32)


def walk(tree, rows):
    """The leaf of each row: NaN to the default side, else left where x < condition."""
    left = np.array(tree["left_children"])
    right = np.array(tree["right_children"])
    feature = np.array(tree["split_indices"])
    condition = np.array(tree["split_conditions"], np.float32)
    default_left = np.array(tree["default_left"]).astype(bool)
    at = np.zeros(len(rows), np.int64)
    while True:
        inner = left[at] != -1
        if not inner.any():
            return at
        value = rows[np.arange(len(rows)), np.where(inner, feature[at], 0)]
        goes_left = np.where(np.isnan(value), default_left[at], value < condition[at])
        at = np.where(inner, np.where(goes_left, left[at], right[at]), at)


def differing_bits(ours, theirs):
    assert ours.dtype == theirs.dtype
    same = (ours.view(np.uint32) == theirs.view(np.uint32)) | (np.isnan(ours) & np.isnan(theirs))
    return int((~same).sum())


def ulp(ours, theirs):
    """Largest distance in units in the last place."""
    both = np.stack([ours, theirs]).astype(np.float32)
    order = both.view(np.int32).astype(np.int64)
    order = np.where(order < 0, -(order & 0x7FFFFFFF), order)
    distance = np.abs(order[0] - order[1])
    distance[np.isnan(both).all(axis=0)] = 0
    return int(distance.max()) if distance.size else 0


class Leat:
    def __init__(self, driver, folder, plant):
        self.driver, self.folder, self.plant = driver, folder, plant

    def score(self, model, kind, rows):
        rows_file, scores_file = self.folder / "rows.f32", self.folder / "scores.f32"
        rows.tofile(rows_file)
        subprocess.run([self.driver, model, kind, rows_file, scores_file], check=True)
        scores = np.fromfile(scores_file, np.int32 if kind == "leaves" else np.float32)
        if kind == self.plant and len(scores):
            scores.view(np.uint32)[len(scores) // 2] ^= 4
        return scores


def reference(booster, rows, finite, trees):
    """What XGBoost says: leaves, margins, predictions, flattened."""
    leaves = np.stack([walk(tree, rows) for tree in trees], axis=1) if trees else np.zeros(
        (len(rows), 0))
    matrix = xgb.DMatrix(rows[finite], feature_names=booster.feature_names)
    if trees:
        said = booster.predict(matrix, pred_leaf=True).reshape(finite.sum(), -1)
        assert (said == leaves[finite]).all(), "the walk of the JSON differs from pred_leaf"
    margin = booster.inplace_predict(rows, predict_type="margin", validate_features=False)
    predict = booster.inplace_predict(rows, validate_features=False)
    same = booster.predict(matrix, output_margin=True)
    assert differing_bits(margin[finite].ravel(), same.ravel()) == 0, "predict differs"
    return (leaves.astype(np.int32).ravel(), margin.astype(np.float32).ravel(),
            predict.astype(np.float32).ravel())


def run_case(leat, name, seed, n_rows):
    objective, parameters, rounds = CASES[name]
    rng = np.random.default_rng(seed)
    booster, x = train(rng, objective, parameters, rounds)
    files = {kind: leat.folder / f"{name}.{kind}" for kind in ("json", "ubj")}
    for file in files.values():
        booster.save_model(file)
    trees = json.loads(files["json"].read_text())["learner"]["gradient_booster"]["model"]["trees"]
    rows = nasty_rows(rng, x, trees, n_rows)
    finite = ~np.isinf(rows).any(axis=1)
    leaves, margin, predict = reference(booster, rows, finite, trees)
    for kind, file in files.items():
        yield {
            "xgboost": xgb.__version__, "case": name, "objective": objective, "file": kind,
            "trees": len(trees), "rows": n_rows, "rows_with_inf": int((~finite).sum()),
            "leaves_differ": differing_bits(leat.score(file, "leaves", rows), leaves),
            "margins_differ": differing_bits(leat.score(file, "margin", rows), margin),
            "predictions_differ": differing_bits(leat.score(file, "predict", rows), predict),
            "max_ulp": ulp(leat.score(file, "predict", rows), predict),
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--plant", choices=["leaves", "margin", "predict"])
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    leat = Leat(arguments.driver, arguments.folder, arguments.plant)
    for seed, name in enumerate(CASES):
        if arguments.only and name not in arguments.only:
            continue
        if name == "quantile" and int(xgb.__version__.split(".")[0]) < 2:
            continue
        for result in run_case(leat, name, seed, arguments.rows):
            result["ok"] = (result["leaves_differ"] == 0 and result["margins_differ"] == 0
                            and result["max_ulp"] <= MAX_ULP)
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
