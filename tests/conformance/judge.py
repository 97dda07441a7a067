"""What the comparisons with a framework share: rows for Leat, and how scores are judged.

Leaves and margins must be the same to the bit, predictions within 2 units in the last
place. `plant` spoils one score of that kind, so that a run can be seen to fail."""

import argparse
import json
import pathlib
import subprocess

import numpy as np

MAX_ULP = 2
INTEGERS = {4: np.int32, 8: np.int64}


def bits(values):
    return values.view(INTEGERS[values.dtype.itemsize])


def differing_bits(ours, theirs):
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    same = bits(ours) == bits(theirs)
    if ours.dtype.kind == "f":
        same |= np.isnan(ours) & np.isnan(theirs)
    return int((~same).sum())


def ulp(ours, theirs):
    """Largest distance in units in the last place."""
    least = np.iinfo(INTEGERS[ours.dtype.itemsize]).min
    order = [np.where(bits(values) < 0, least - bits(values), bits(values)).astype(object)
             if values.dtype.itemsize == 8 else
             np.where(bits(values) < 0, least - bits(values), bits(values)).astype(np.int64)
             for values in differing(ours, theirs)]
    return int(np.abs(order[0] - order[1]).max()) if order[0].size else 0


def differing(ours, theirs):
    """Those that are not the same, and not both NaN."""
    apart = (bits(ours) != bits(theirs)) & ~(np.isnan(ours) & np.isnan(theirs))
    return ours[apart], theirs[apart]


class Leat:
    """The driver, for models whose rows and scores are of `dtype`."""

    def __init__(self, arguments, dtype):
        self.driver, self.folder, self.plant = (arguments.driver, arguments.folder,
                                                arguments.plant)
        self.dtype = dtype

    def score(self, model, kind, rows):
        rows_file, scores_file = self.folder / "rows", self.folder / "scores"
        rows.astype(self.dtype).tofile(rows_file)
        subprocess.run([self.driver, model, kind, rows_file, scores_file], check=True)
        scores = np.fromfile(scores_file, np.int32 if kind == "leaves" else self.dtype)
        if kind == self.plant and len(scores):
            bits(scores)[len(scores) // 2] ^= 4
        return scores

    def judge(self, model, rows, leaves, margin, predict):
        """How Leat's scores of a model differ from those of its framework."""
        ours = {kind: self.score(model, kind, rows)
                for kind in ("leaves", "margin", "predict")}
        result = {
            "leaves_differ": differing_bits(ours["leaves"],
                                            leaves.astype(np.int32).ravel()),
            "margins_differ": differing_bits(ours["margin"],
                                             margin.astype(self.dtype).ravel()),
            "predictions_differ": differing_bits(ours["predict"],
                                                 predict.astype(self.dtype).ravel()),
            "max_ulp": ulp(ours["predict"], predict.astype(self.dtype).ravel()),
        }
        result["ok"] = (result["leaves_differ"] == 0 and result["margins_differ"] == 0
                        and result["max_ulp"] <= MAX_ULP)
        return result


def main(cases, run_case):
    """run_case(arguments, name, seed) yields a result for every file of a case."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--plant", choices=["leaves", "margin", "predict"])
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(cases):
        if arguments.only and name not in arguments.only:
            continue
        for result in run_case(arguments, name, seed):
            print(json.dumps(result), flush=True)
