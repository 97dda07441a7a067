"""Trains models of every supported kind with the XGBoost of this environment, scores nasty
rows with it and with Leat, and compares. Prints one JSON object a file. Called by
tests/conformance/run."""

import json

import numpy as np
import xgboost as xgb

import judge

N_FEATURES = 8
N_TRAIN = 2000
CATEGORICAL = {5: 12, 6: 200}  # feature: how many categories, in the categorical cases
VERSION = tuple(int(part) for part in xgb.__version__.split(".")[:2])
HIST = {"tree_method": "hist"}
DART = {"booster": "dart", "rate_drop": 0.3, "skip_drop": 0.2}

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
    "quantiles": ("reg:quantileerror", {"quantile_alpha": [0.1, 0.5, 0.9]}, 20),
    "expectiles": ("reg:expectileerror", {"expectile_alpha": [0.1, 0.5, 0.9]}, 20),
    "poisson": ("count:poisson", {}, 20),
    "gamma": ("reg:gamma", {}, 20),
    "tweedie": ("reg:tweedie", {"tweedie_variance_power": 1.3}, 20),
    "cox": ("survival:cox", {}, 20),
    "aft": ("survival:aft", {"aft_loss_distribution": "logistic"}, 20),
    "pairwise": ("rank:pairwise", {}, 20),
    "ndcg": ("rank:ndcg", {}, 20),
    "map": ("rank:map", {}, 20),
    "targets": ("reg:squarederror", {"targets": 3}, 20),
    "forest": ("binary:logistic", {"num_parallel_tree": 50, "subsample": 0.6, "eta": 1,
                                   "colsample_bynode": 0.6}, 1),
    "parallel": ("binary:logistic", {"num_parallel_tree": 5, "subsample": 0.7}, 8),
    "parallel_softprob": ("multi:softprob", {"num_class": 3, "num_parallel_tree": 3,
                                             "subsample": 0.7}, 5),
    "dart": ("binary:logistic", DART, 40),
    "dart_forest": ("reg:squarederror", {**DART, "normalize_type": "forest"}, 40),
    "dart_softprob": ("multi:softprob", {**DART, "num_class": 3}, 15),
    "one_hot": ("binary:logistic", {"categorical": True, "max_cat_to_onehot": 1000}, 30),
    "partitions": ("binary:logistic", {"categorical": True, "max_cat_to_onehot": 1}, 30),
    "mixed_classes": ("multi:softprob", {"categorical": True, "max_cat_to_onehot": 20,
                                         "num_class": 3}, 15),
    "mixed_dart": ("reg:squarederror", {**DART, "categorical": True}, 20),
    "frame": ("binary:logistic", {"frame": True, "max_cat_to_onehot": 4}, 20),
    "pruned": ("reg:squarederror", {"tree_method": "exact", "gamma": 2.0}, 20),
    "stumps": ("binary:logistic", {"max_depth": 1}, 50),
    "leaves_only": ("reg:squarederror", {"gamma": 1e9}, 5),
    "no_trees": ("binary:logistic", {"base_score": 0.2}, 0),
    "deep": ("reg:squarederror", {"max_depth": 14, "min_child_weight": 0}, 10),
    "lossguide": ("binary:logistic", {"grow_policy": "lossguide", "max_depth": 0,
                                      "max_leaves": 60}, 20),
    "dropout_of_columns": ("binary:logistic", {"colsample_bytree": 0.3}, 35),
}
SINCE = {"quantile": (2, 0), "quantiles": (2, 0), "frame": (3, 1), "expectiles": (3, 3)}


def training_data(rng, objective, parameters):
    x = rng.normal(size=(N_TRAIN, N_FEATURES)).astype(np.float32)
    x[:, 1] = rng.integers(-3, 4, N_TRAIN)
    x[:, 2] = np.abs(x[:, 2]) * 1e-40  # denormals
    for feature, n in CATEGORICAL.items() if is_categorical(parameters) else ():
        x[:, feature] = rng.integers(0, n, N_TRAIN)
    x[rng.random(x.shape) < 0.15] = np.nan
    filled = np.nan_to_num(x)
    signal = filled[:, 0] + 0.5 * filled[:, 1] * filled[:, 3] - filled[:, 4] ** 2
    signal = signal + rng.normal(scale=0.3, size=N_TRAIN)
    if is_categorical(parameters):
        signal += np.sin(7 * filled[:, 5]) + np.cos(filled[:, 6])
    return x, labels(signal, objective, parameters)


def labels(signal, objective, parameters):
    if objective.startswith(("binary", "rank")) or objective == "reg:logistic":
        return (signal > 0).astype(np.float32)
    if objective.startswith("multi"):
        shares = np.linspace(0, 1, parameters["num_class"] + 1)[1:-1] ** 2
        return np.digitize(signal, np.quantile(signal, shares)).astype(np.float32)
    if objective in ("reg:gamma", "reg:tweedie", "count:poisson", "reg:squaredlogerror",
                     "survival:cox", "survival:aft"):
        return np.exp(signal / 4).round(2).astype(np.float32) + np.float32(0.01)
    if "targets" in parameters:
        return np.stack([signal, signal ** 2, -signal], axis=1).astype(np.float32)
    return signal.astype(np.float32)


def is_categorical(parameters):
    return "categorical" in parameters or "frame" in parameters


def to_frame(x):
    """Columns of strings, whose codes are the numbers of x."""
    import pandas
    frame = pandas.DataFrame(x, columns=[f"feature {i}" for i in range(N_FEATURES)])
    for feature, n in CATEGORICAL.items():
        codes = np.where(np.isnan(x[:, feature]), -1, x[:, feature]).astype(int)
        frame[f"feature {feature}"] = pandas.Categorical.from_codes(
            codes, [f"category {i}" for i in range(n)])
    return frame


def to_matrix(x, y, parameters):
    names = [f"feature {i}" for i in range(N_FEATURES)]
    if "frame" in parameters:
        return xgb.DMatrix(to_frame(x), y, enable_categorical=True)
    types = ["c" if "categorical" in parameters and i in CATEGORICAL else "q"
             for i in range(N_FEATURES)]
    return xgb.DMatrix(x, y, feature_names=names, feature_types=types,
                       enable_categorical=True)


def train(rng, objective, parameters, rounds):
    x, y = training_data(rng, objective, parameters)
    matrix = to_matrix(x, y, parameters)
    if objective.startswith("rank"):
        matrix.set_group([50] * (N_TRAIN // 50))
    if objective == "survival:aft":
        matrix.set_float_info("label_lower_bound", y)
        matrix.set_float_info("label_upper_bound", np.where(y > 1, np.inf, y))
    ours = ("categorical", "frame", "targets")
    parameters = {"objective": objective, "max_depth": 5, "eta": 0.2, "seed": 7,
                  "nthread": 1, **HIST,
                  **{k: v for k, v in parameters.items() if k not in ours}}
    return xgb.train(parameters, matrix, rounds), x


def thresholds(trees):
    found = [[] for _ in range(N_FEATURES)]
    for tree in trees:
        for left, feature, condition in zip(tree["left_children"], tree["split_indices"],
                                            tree["split_conditions"]):
            if left != -1:
                found[feature].append(condition)
    return [np.unique(np.nan_to_num(np.array(values or [0], np.float32)))
            for values in found]


def nasty_rows(rng, x, trees, n_rows, parameters):
    """Values of the training, values at thresholds and their neighbours, and specials."""
    specials = np.array([np.nan, np.nan, np.nan, -0.0, 0.0, np.inf, -np.inf, 1e-45, -1e-45,
                         3.4e38, -3.4e38], np.float32)
    categories = np.array([-1, -0.5, -0.0, 0.5, 3.99, 199.5, 250, 2 ** 24 - 1, 2 ** 24,
                           2 ** 25, 3e9, 1e20], np.float32)
    rows = x[rng.integers(0, len(x), n_rows)]
    for feature, at in enumerate(thresholds(trees)):
        value = at[rng.integers(0, len(at), n_rows)]
        toward = rng.choice(np.array([-np.inf, 0, np.inf], np.float32), n_rows)
        near = np.where(toward == 0, value, np.nextafter(value, toward, dtype=np.float32))
        share = 0.5
        if is_categorical(parameters) and feature in CATEGORICAL:
            near = categories[rng.integers(0, len(categories), n_rows)]
            share = 0.2
        choice = rng.random(n_rows)
        rows[:, feature] = np.where(choice < share, near, rows[:, feature])
        special = specials[rng.integers(0, len(specials), n_rows)]
        rows[:, feature] = np.where(choice > 0.93, special, rows[:, feature])
    # In-place prediction is the only one that takes infinity, and for DART it rounds
    # otherwise than Booster.predict.
    if "booster" in parameters:
        rows = np.clip(rows, -3.4e38, 3.4e38)
    return np.ascontiguousarray(rows, np.float32)


def goes_left(tree, at, value):
    """Listed categories go right; what is no category left."""
    condition = np.array(tree["split_conditions"], np.float32)
    left = value < condition[at]
    for node, segment, size in zip(tree.get("categories_nodes", ()),
                                   tree.get("categories_segments", ()),
                                   tree.get("categories_sizes", ())):
        listed = tree["categories"][segment:segment + size]
        here = at == node
        category = value[here]
        valid = (category >= 0) & (category < 2 ** 24)
        left[here] = ~(valid & np.isin(np.trunc(category), listed))
    return left


def walk(tree, rows):
    """The leaf of each row."""
    left = np.array(tree["left_children"])
    right = np.array(tree["right_children"])
    feature = np.array(tree["split_indices"])
    default_left = np.array(tree["default_left"]).astype(bool)
    at = np.zeros(len(rows), np.int64)
    while True:
        inner = left[at] != -1
        if not inner.any():
            return at
        value = rows[np.arange(len(rows)), np.where(inner, feature[at], 0)]
        goes = np.where(np.isnan(value), default_left[at], goes_left(tree, at, value))
        at = np.where(inner, np.where(goes, left[at], right[at]), at)


def leaves_of(booster, matrix, rows, finite, trees):
    """Of XGBoost; it takes no rows with infinity here, so those are walked."""
    leaves = np.zeros((len(rows), len(trees)), np.int32)
    if not trees:
        return leaves
    leaves[finite] = booster.predict(matrix, pred_leaf=True).reshape(finite.sum(), -1)
    walked = ~finite
    walked[:2000] = True
    said = leaves[walked & finite]
    leaves[walked] = np.stack([walk(tree, rows[walked]) for tree in trees], axis=1)
    assert (said == leaves[walked & finite]).all(), "the walk differs from pred_leaf"
    return leaves


def reference(booster, rows, trees, parameters):
    """What XGBoost says: leaves, margins, predictions."""
    finite = ~np.isinf(rows).any(axis=1)
    types = booster.feature_types if "frame" in parameters else None
    matrix = xgb.DMatrix(rows[finite], feature_names=booster.feature_names,
                         feature_types=types)
    leaves = leaves_of(booster, matrix, rows, finite, trees)
    margin = booster.predict(matrix, output_margin=True)
    predict = booster.predict(matrix)
    if finite.all():
        return leaves, margin, predict
    whole = booster.inplace_predict(rows, predict_type="margin", validate_features=False)
    assert judge.differing_bits(whole[finite].ravel(), margin.ravel()) == 0
    return leaves, whole, booster.inplace_predict(rows, validate_features=False)


def trees_of(model):
    booster = model["learner"]["gradient_booster"]
    return booster.get("gbtree", booster)["model"]["trees"]


def run_case(arguments, name, seed):
    if VERSION < SINCE.get(name, (0, 0)):
        return
    objective, parameters, rounds = CASES[name]
    leat = judge.Leat(arguments, np.float32)
    rng = np.random.default_rng(seed)
    booster, x = train(rng, objective, parameters, rounds)
    files = {kind: leat.folder / f"{name}.{kind}" for kind in ("json", "ubj")}
    for file in files.values():
        booster.save_model(file)
    trees = trees_of(json.loads(files["json"].read_text()))
    rows = nasty_rows(rng, x, trees, arguments.rows, parameters)
    scores = reference(booster, rows, trees, parameters)
    for kind, file in files.items():
        yield {"framework": "XGBoost", "version": xgb.__version__, "case": name,
               "objective": objective, "file": kind, "trees": len(trees),
               "rows": len(rows), **leat.judge(file, rows, *scores)}


if __name__ == "__main__":
    judge.main(CASES, run_case)
