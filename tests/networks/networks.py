"""What the networks of this folder take: used by make.py and by tests/conformance.

A network's inputs, in order: name, (kind, shape of a row). A kind is "normal", numbers with
a standard normal distribution, or a count: ids from 0 to below it."""

import numpy as np

NETWORKS = {
    "mlp_batch_norm": {"features": ("normal", (30,))},
    "mlp_gelu": {"features": ("normal", (24,))},
    "two_towers": {"user": (200, ()), "item": (300, ()), "context": ("normal", (8,))},
    "dlrm": {"dense": ("normal", (13,)), "ids": (50, (6,))},
    "gru4rec": {"items": (120, (20,))},
    "sasrec": {"items": (120, (16,)), "candidate": (120, ())},
    "autoencoder": {"features": ("normal", (32,))},
    "lstm": {"events": ("normal", (12, 6))},
    "masked_pooling": {"items": (100, (15,)), "features": ("normal", (4,))},
}

OPSETS = (11, 17)  # before axes became inputs and softmax ran along one axis; and after


def random_inputs(name, rng, n_rows):
    """Rows of a network by input. Ids are 0, the padding, at the start of a sequence."""
    inputs = {}
    for key, (kind, shape) in NETWORKS[name].items():
        if kind == "normal":
            inputs[key] = rng.normal(size=(n_rows, *shape)).astype(np.float32)
            continue
        ids = rng.integers(0, kind, (n_rows, *shape))
        if key == "items":
            padding = rng.integers(0, shape[0], (n_rows, 1))
            ids = np.where(np.arange(shape[0]) < padding, 0, ids)
        inputs[key] = ids.astype(np.int64)
    return inputs
