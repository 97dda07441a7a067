"""How long partitions stand still while the group rebalances: by the brokers' clock, when each
prediction was appended to the sink."""

import numpy as np


def stalls_of(seen, moments):
    """Of each round and partition: the longest time between two predictions, in seconds."""
    rows, at = np.array(seen.rows, np.int64), np.array(seen.at, np.int64)
    _, first = np.unique(rows, return_index=True)
    rows, at = rows[first], at[first]
    longest = []
    for began, ended in moments:
        for partition, start in seen.topic.first.items():
            of_it = at[(rows >= start) & (rows < start + seen.topic.n_of[partition])]
            times = np.sort(of_it[(of_it >= began) & (of_it <= ended)])
            longest.append(float(np.diff(times).max()) / 1000 if len(times) > 1
                           else (ended - began) / 1000)
    return longest


def summary(with_aggregates, without):
    def of(stalls):
        return {"stalls": len(stalls), "mean": round(float(np.mean(stalls)), 3),
                "median": round(float(np.median(stalls)), 3),
                "p90": round(float(np.quantile(stalls, 0.9)), 3),
                "max": round(max(stalls), 3)}

    return {"with": of(with_aggregates), "without": of(without),
            "ratio": round(float(np.mean(with_aggregates) / np.mean(without)), 3)}
