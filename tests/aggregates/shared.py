"""What differs where the topic is not keyed by the entity: answers beside those of one order of all
events, that of their timestamps. Nothing of it is a fault; it is what docs/configuration.md says
that one gets."""

import numpy as np

from configured import SENTINEL
from seen import as_bits


def measure(seen, expected):
    """Of each value: the share of first answers that differ, and by how much."""
    rows = np.array(seen.rows, np.int64)
    _, first, where = np.unique(rows, return_index=True, return_inverse=True)
    scores = np.array(seen.scores).reshape(-1, seen.n_columns)
    wanted = expected.answers[rows]
    again = np.ones(len(rows), bool)
    again[first] = False
    measured = {}
    for entity, at in zip(expected.entities, expected.first):
        for i, value in enumerate(entity.values if entity.is_shared else ()):
            found, same = scores[:, at + i], wanted[:, at + i]
            differs = as_bits(np.ascontiguousarray(found)) != as_bits(
                np.ascontiguousarray(same))
            of_first = differs[first]
            relative = apart(found[first][of_first], same[first][of_first])
            changed = again & (as_bits(np.ascontiguousarray(found)) != as_bits(
                np.ascontiguousarray(found[first][where])))
            measured[".".join(value[:2])] = {
                "share": round(float(of_first.mean()), 5),
                "median_relative": quantile(relative, 0.5),
                "p99_relative": quantile(relative, 0.99),
                "repeated": int(again.sum()), "repeated_otherwise": int(changed.sum())}
    return measured


def apart(found, wanted):
    """Relative to what was wanted, where both are numbers."""
    both = (found != SENTINEL) & ~np.isnan(wanted)
    found, wanted = found[both], wanted[both]
    return np.abs(found - wanted) / np.maximum(np.abs(wanted), 1)


def quantile(values, q):
    return float(f"{np.quantile(values, q):.3g}") if len(values) else 0.0
