"""Events with candidates, and a model that ranks them; all of it follows from the seed."""

import os

import msgpack
import numpy as np
import xgboost

CACHE = "build/bench"
CANDIDATES = 200
TOP = 10
EVENT = ["hour", "age", "tenure", "spent"]
CANDIDATE = ["price", "rating", "sales", "distance", "margin", "stock", "recency", "position"]


def draw(rng, n):
    """Rows of numbers of several sizes, [n][all columns]."""
    return np.concatenate([rng.integers(0, 90, (n, 3)), rng.gamma(2, 40, (n, 2)).round(2),
                           rng.integers(1, 6, (n, 1)), rng.integers(0, 5000, (n, 2)),
                           rng.random((n, 3)), rng.integers(0, CANDIDATES, (n, 1))], axis=1)


def candidate(item, values):
    """Counts are integers, measures are floats."""
    price, rating, sales, distance, *shares, position = values
    return dict(zip(["id", *CANDIDATE], (item, price, int(rating), int(sales), int(distance),
                                         *shares, int(position))))


def events(n, seed=1):
    rng = np.random.default_rng(seed)
    for i in range(n):
        rows = draw(rng, CANDIDATES)
        items = rng.integers(0, 1_000_000, CANDIDATES).tolist()
        hour, age, tenure, spent = rows[0, :len(EVENT)].tolist()
        yield {"request": f"r-{i:08}", "hour": int(hour), "age": int(age),
               "tenure": int(tenure), "spent": spent,
               "candidates": [candidate(item, values) for item, values in
                              zip(items, rows[:, len(EVENT):].tolist())]}


def records(n, seed=1):
    """The key and the payload of each event."""
    pack = msgpack.Packer().pack
    for i, event in enumerate(events(n, seed)):
        yield b"user-%05d" % (i * 7919 % 50000), pack(event)


def train(trees):
    rng = np.random.default_rng(99)
    rows = draw(rng, 20000).astype(np.float32)
    signal = (rows - rows.mean(0)) / rows.std(0) @ rng.normal(0, 1, rows.shape[1])
    labels = np.digitize(signal + rng.normal(0, 3, len(rows)), [0, 2, 4])
    matrix = xgboost.DMatrix(rows, labels, feature_names=[*EVENT, *CANDIDATE])
    matrix.set_group([CANDIDATES] * (len(rows) // CANDIDATES))
    return xgboost.train({"objective": "rank:ndcg", "max_depth": 6, "eta": 0.1, "seed": 7},
                         matrix, trees)


def model(trees):
    """The path of a model of that many trees, trained once."""
    path = os.path.abspath(f"{CACHE}/ranker-{trees}.ubj")
    if not os.path.exists(path):
        os.makedirs(CACHE, exist_ok=True)
        train(trees).save_model(path + ".new.ubj")
        os.rename(path + ".new.ubj", path)
    return path
