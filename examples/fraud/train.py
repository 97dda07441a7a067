"""Trains the fraud model that Leat ships, on the stream that `leat demo` generates.

    python3 -m venv build/python/fraud
    build/python/fraud/bin/pip install --no-deps -r examples/fraud/requirements.txt
    build/python/fraud/bin/python examples/fraud/train.py build/release/leat

writes fraud.ubj and fraud.golden.ndjson beside this file. The rows are those that `leat
features` makes with leat.yaml, which scores the live stream: training and scoring cannot
differ. A redis-server must be installed."""

import json
import pathlib
import sys
import tempfile

import numpy as np
import xgboost

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import world  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TRAIN_EVENTS, TRAIN_SEED = 300_000, 1001
TEST_EVENTS, TEST_SEED = 100_000, 1002
GOLDEN_ROWS = 50
LEAST_AUC = 0.93


def generate(leat, events, seed):
    """Names of the features; rows, float32 with NaN where a value is missing; labels."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        labels = world.dump(leat, "fraud", folder, events, seed)
        rows = []
        for record in world.records(leat, "fraud", folder, key="event.card.id"):
            features = record["features"]
            rows.append([np.nan if value is None else value for value in features.values()])
    return list(features), np.array(rows, dtype=np.float32), np.array(labels)


def auc(labels, scores):
    """The area under the ROC curve, by the ranks of the scores."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = labels.sum()
    wins = ranks[labels == 1].sum() - positives * (positives + 1) / 2
    return wins / (positives * (len(labels) - positives))


def train(rows, labels, names):
    settings = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 6,
        "eta": 0.1,
        "subsample": 0.8,
        "min_child_weight": 5,
        "seed": 1,
        "nthread": 1,  # so that the same rows give the same model
    }
    matrix = xgboost.DMatrix(rows, label=labels, feature_names=names)
    return xgboost.train(settings, matrix, num_boost_round=100)


def shortest(value):
    """The fewest digits that read back as the same float32."""
    return float(str(value))


def write_golden(path, rows, scores, names):
    """A missing value is left out."""
    with path.open("w") as file:
        for row, score in zip(rows, scores):
            features = {n: shortest(v) for n, v in zip(names, row) if not np.isnan(v)}
            line = {"features": features, "score": shortest(score)}
            file.write(json.dumps(line) + "\n")


def main(leat):
    names, rows, labels = generate(leat, TRAIN_EVENTS, TRAIN_SEED)
    model = train(rows, labels, names)
    _, rows, labels = generate(leat, TEST_EVENTS, TEST_SEED)
    scores = model.inplace_predict(rows)
    held_out = auc(labels, scores)
    print(f"AUC on {len(rows)} events of another seed: {held_out:.4f}")
    if held_out < LEAST_AUC:
        sys.exit(f"that is less than {LEAST_AUC}: nothing was written")
    model.save_model(HERE / "fraud.ubj")
    # The likeliest frauds and as many others: both ends of the scale.
    chosen = np.argsort(-scores, kind="stable")[: GOLDEN_ROWS // 2]
    chosen = np.concatenate([chosen, np.arange(GOLDEN_ROWS // 2)])
    write_golden(HERE / "fraud.golden.ndjson", rows[chosen], scores[chosen], names)
    size = (HERE / "fraud.ubj").stat().st_size
    print(f"wrote fraud.ubj ({size} bytes) and fraud.golden.ndjson")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
