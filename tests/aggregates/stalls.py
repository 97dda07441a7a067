"""How long partitions stand still while the group rebalances: by the brokers' clock, when each
prediction was appended to the sink."""

import numpy as np


def stalls_of(seen, moments):
    """[rounds][partitions]: the longest time between two predictions, in seconds."""
    rows, at = np.array(seen.rows, np.int64), np.array(seen.at, np.int64)
    _, first = np.unique(rows, return_index=True)
    rows, at = rows[first], at[first]
    longest = []
    for began, ended in moments:
        longest.append([])
        for partition, start in seen.topic.first.items():
            of_it = at[(rows >= start) & (rows < start + seen.topic.n_of[partition])]
            times = np.sort(of_it[(of_it >= began) & (of_it <= ended)])
            longest[-1].append(float(np.diff(times).max()) / 1000 if len(times) > 1
                               else (ended - began) / 1000)
    return np.array(longest)


def summary(with_aggregates, without):
    """The ratio of the means, and its standard error: partitions of a round stand still
    together, so a round counts as one."""
    def of(stalls):
        return {"stalls": stalls.size, "mean": round(float(stalls.mean()), 3),
                "median": round(float(np.median(stalls)), 3),
                "p90": round(float(np.quantile(stalls, 0.9)), 3),
                "max": round(float(stalls.max()), 3),
                "by_round": [round(float(mean), 3) for mean in stalls.mean(axis=1)]}

    def error(stalls):
        rounds = stalls.mean(axis=1)
        return rounds.std(ddof=1) / len(rounds)**0.5 / rounds.mean() if len(rounds) > 1 else 1

    ratio = float(with_aggregates.mean() / without.mean())
    return {"with": of(with_aggregates), "without": of(without), "ratio": round(ratio, 3),
            "ratio_error": round(ratio * float(np.hypot(error(with_aggregates),
                                                        error(without))), 3)}
