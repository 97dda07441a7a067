"""The events and the forests that the benches run on; all of it follows from the seed."""

import os

import msgpack
import numpy as np
import xgboost

CACHE = "build/bench"
DEPTH = 6


def measure(rng, n):
    return rng.normal(0, 100, n)


def share(rng, n):
    return rng.random(n)


def count(rng, n):
    return rng.poisson(3, n)


def code(rng, n):
    return rng.integers(0, 10000, n)


def flag(rng, n):
    return rng.integers(0, 2, n).astype(bool)


# With the two of text in `payloads`, the 30 fields of an event, in their order.
FEATURES = {
    "amount": measure, "balance": measure, "spent": measure, "refunded": measure,
    "distance": measure, "speed": measure, "latitude": share, "longitude": share,
    "risk": share, "trust": share, "usage": share, "drift": share,
    "merchant": code, "country": code, "device": code, "agent": code, "limit": code,
    "age": count, "tenure": count, "tries": count, "items": count, "cards": count,
    "hour": count, "day": count,
    "online": flag, "chip": flag, "pin": flag, "new_card": flag,
}


def columns(n, seed):
    rng = np.random.default_rng(seed)
    return {name: draw(rng, n) for name, draw in FEATURES.items()}


def events(n, seed=1):
    drawn = columns(n, seed)
    names = ["transaction_id", "type", *drawn]
    for i, values in enumerate(zip(*(column.tolist() for column in drawn.values()))):
        yield dict(zip(names, (f"tx-{i:08}", "purchase", *values)))


def records(n, seed=1):
    """The key and the payload of each event."""
    pack = msgpack.Packer().pack
    for i, event in enumerate(events(n, seed)):
        yield b"card-%05d" % (i * 7919 % 50000), pack(event)


def train(trees):
    """Labels with noise, so that every tree finds something to split at any depth."""
    drawn = columns(20000, seed=99)
    rows = np.column_stack(list(drawn.values())).astype(np.float32)
    rng = np.random.default_rng(7)
    signal = (rows - rows.mean(0)) / rows.std(0) @ rng.normal(0, 1, rows.shape[1])
    labels = (signal + rng.normal(0, 4, len(rows)) > 0).astype(np.float32)
    options = {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 0.03,
               "min_child_weight": 0, "tree_method": "hist", "seed": 7}
    matrix = xgboost.DMatrix(rows, labels, feature_names=list(drawn))
    return xgboost.train(options, matrix, trees)


def forest(trees):
    """The path of a model of that many trees, trained once."""
    path = os.path.abspath(f"{CACHE}/forest-{trees}.ubj")
    if not os.path.exists(path):
        os.makedirs(CACHE, exist_ok=True)
        train(trees).save_model(path + ".new.ubj")
        os.rename(path + ".new.ubj", path)
    return path
