"""Trains models of every supported kind with the LightGBM of this environment, scores nasty
rows with it and with Leat, and compares. Prints one JSON object a model. Called by
tests/conformance/run."""

import lightgbm as lgb
import numpy as np

import judge

N_FEATURES = 8
N_TRAIN = 3000
CATEGORICAL = {5: 12, 6: 200}  # feature: how many categories, in the categorical cases
RANDOM_FOREST = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6,
                 "feature_fraction": 0.7}
CATEGORIES = {"categorical": True, "min_data_per_group": 5, "cat_smooth": 1}
LINEAR = {"linear_tree": True, "linear_lambda": 0.01}

# name: (objective, other parameters, rounds)
CASES = {
    "regression": ("regression", {}, 40),
    "regression_sqrt": ("regression", {"reg_sqrt": True}, 20),
    "l1": ("regression_l1", {}, 20),
    "l1_sqrt": ("regression_l1", {"reg_sqrt": True}, 20),
    "huber": ("huber", {}, 20),
    "fair": ("fair", {"reg_sqrt": True}, 20),
    "quantile": ("quantile", {"alpha": 0.3, "reg_sqrt": True}, 20),
    "mape": ("mape", {}, 20),
    "poisson": ("poisson", {}, 20),
    "gamma": ("gamma", {}, 20),
    "tweedie": ("tweedie", {"tweedie_variance_power": 1.3}, 20),
    "binary": ("binary", {}, 40),
    "binary_slope": ("binary", {"sigmoid": 0.7}, 20),
    "cross_entropy": ("cross_entropy", {}, 20),
    "cross_entropy_lambda": ("cross_entropy_lambda", {}, 20),
    "multiclass": ("multiclass", {"num_class": 5}, 20),
    "multiclassova": ("multiclassova", {"num_class": 4, "sigmoid": 1.3}, 20),
    "lambdarank": ("lambdarank", {}, 20),
    "rank_xendcg": ("rank_xendcg", {}, 20),
    "custom": ("none", {}, 20),
    "missing_none": ("binary", {"use_missing": False}, 30),
    "missing_zero": ("binary", {"zero_as_missing": True}, 30),
    "categorical": ("binary", CATEGORIES, 30),
    "one_hot": ("binary", {**CATEGORIES, "max_cat_to_onehot": 300}, 30),
    "categorical_classes": ("multiclass", {**CATEGORIES, "num_class": 3}, 15),
    "categorical_zero": ("regression", {**CATEGORIES, "zero_as_missing": True}, 20),
    "categorical_none": ("regression", {**CATEGORIES, "use_missing": False}, 20),
    "random_forest": ("regression", RANDOM_FOREST, 50),
    "random_forest_binary": ("binary", RANDOM_FOREST, 50),
    "random_forest_classes": ("multiclass", {**RANDOM_FOREST, "num_class": 3}, 20),
    "dart": ("binary", {"boosting": "dart", "drop_rate": 0.3}, 40),
    "goss": ("binary", {"data_sample_strategy": "goss"}, 40),
    "linear": ("regression", LINEAR, 20),
    "linear_binary": ("binary", LINEAR, 20),
    "linear_classes": ("multiclass", {**LINEAR, "num_class": 3}, 10),
    "linear_categorical": ("regression", {**LINEAR, **CATEGORIES}, 20),
    "stumps": ("binary", {"num_leaves": 2}, 50),
    "leaves_only": ("regression", {"min_gain_to_split": 1e9}, 5),
    "one_label": ("binary", {"one_label": True}, 5),
    "deep": ("regression", {"num_leaves": 500, "min_data_in_leaf": 1}, 10),
    "extra": ("regression", {"extra_trees": True, "path_smooth": 1.0}, 30),
}


def labels(signal, objective, parameters):
    if "one_label" in parameters:
        return np.ones(N_TRAIN)
    if objective in ("binary", "lambdarank", "rank_xendcg"):
        return (signal > 0).astype(float)
    if objective.startswith("multiclass"):
        shares = np.linspace(0, 1, parameters["num_class"] + 1)[1:-1] ** 2
        return np.digitize(signal, np.quantile(signal, shares)).astype(float)
    if objective.startswith("cross"):
        return 1 / (1 + np.exp(-signal))
    if objective in ("poisson", "gamma", "tweedie", "mape"):
        return np.exp(signal / 4) + 0.01
    return signal


def training_data(rng, objective, parameters):
    x = rng.normal(size=(N_TRAIN, N_FEATURES))
    x[:, 1] = rng.integers(-3, 4, N_TRAIN)
    x[:, 2] = np.where(rng.random(N_TRAIN) < 0.7, 0, x[:, 2] * 1e-30)
    x[:, 3] = x[:, 3].astype(np.float32)
    for feature, n in CATEGORICAL.items() if "categorical" in parameters else ():
        x[:, feature] = rng.integers(0, n, N_TRAIN)
    x[rng.random(x.shape) < 0.15] = np.nan
    filled = np.nan_to_num(x)
    signal = filled[:, 0] + 0.5 * filled[:, 1] * filled[:, 3] - filled[:, 4] ** 2
    signal += rng.normal(scale=0.3, size=N_TRAIN)
    if "categorical" in parameters:
        signal += np.sin(7 * filled[:, 5]) + np.cos(filled[:, 6])
    return x, labels(signal, objective, parameters)


def half_squares(predictions, data):
    return predictions - data.get_label(), np.ones_like(predictions)


def train(rng, objective, parameters, rounds):
    x, y = training_data(rng, objective, parameters)
    categorical = list(CATEGORICAL) if "categorical" in parameters else []
    ours = ("categorical", "one_label")
    parameters = {"objective": objective if objective != "none" else half_squares,
                  "verbosity": -1, "num_threads": 1, "seed": 7, "deterministic": True,
                  "min_data_in_leaf": 5, "num_leaves": 31,
                  **{k: v for k, v in parameters.items() if k not in ours}}
    data = lgb.Dataset(x, y, categorical_feature=categorical, params=parameters,
                       group=[50] * (N_TRAIN // 50) if "rank" in objective else None)
    return lgb.train(parameters, data, rounds), x


def thresholds(trees):
    found = [[0.0] for _ in range(N_FEATURES)]
    stack = [tree["tree_structure"] for tree in trees]
    while stack:
        node = stack.pop()
        if "split_feature" not in node:
            continue
        if node["decision_type"] == "<=":
            found[node["split_feature"]].append(node["threshold"])
        stack += [node["left_child"], node["right_child"]]
    return [np.unique(values) for values in found]


def nasty_rows(rng, x, trees, n_rows, parameters):
    """Values of the training, values at thresholds and their neighbours, and specials."""
    zero = float(np.float32(1e-35))
    specials = np.array([np.nan, np.nan, np.nan, -0.0, 0.0, np.inf, -np.inf, 5e-324,
                         -5e-324, zero, -zero, np.nextafter(zero, 1),
                         np.nextafter(-zero, -1), 1e-36, -1e-36, 1.7e308, -1.7e308])
    categories = np.array([-1, -0.999, -0.0, 0.5, 3.99, 199.5, 250, 2 ** 24, 2 ** 31 - 1,
                           2 ** 31, 2 ** 32, -2 ** 31, 1e20, np.nextafter(-1, 0)])
    rows = x[rng.integers(0, len(x), n_rows)]
    for feature, at in enumerate(thresholds(trees)):
        value = at[rng.integers(0, len(at), n_rows)]
        toward = rng.choice([-np.inf, 0, np.inf], n_rows)
        near = np.where(toward == 0, value, np.nextafter(value, toward))
        share = 0.5
        if "categorical" in parameters and feature in CATEGORICAL:
            near = categories[rng.integers(0, len(categories), n_rows)]
            share = 0.2
        choice = rng.random(n_rows)
        rows[:, feature] = np.where(choice < share, near, rows[:, feature])
        special = specials[rng.integers(0, len(specials), n_rows)]
        rows[:, feature] = np.where(choice > 0.93, special, rows[:, feature])
    return np.ascontiguousarray(rows)


def run_case(arguments, name, seed):
    objective, parameters, rounds = CASES[name]
    leat = judge.Leat(arguments, np.float64)
    rng = np.random.default_rng(seed)
    booster, x = train(rng, objective, parameters, rounds)
    file = leat.folder / f"{name}.txt"
    booster.save_model(file)
    saved = lgb.Booster(model_file=file)
    trees = saved.dump_model()["tree_info"]
    rows = nasty_rows(rng, x, trees, arguments.rows, parameters)
    leaves = saved.predict(rows, pred_leaf=True, num_threads=1)
    margin = saved.predict(rows, raw_score=True, num_threads=1)
    predict = saved.predict(rows, num_threads=1)
    yield {"framework": "LightGBM", "version": lgb.__version__, "case": name,
           "objective": objective, "file": "text", "trees": len(trees),
           "rows": len(rows), **leat.judge(file, rows, leaves, margin, predict)}


if __name__ == "__main__":
    judge.main(CASES, run_case)
