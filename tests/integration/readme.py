"""README's "Score your own stream", word for word: its configuration and its Python have to
work as they stand, and the prediction at the end has to be XGBoost's own.

Only the names of topics and the group get a stamp, so that one bed serves many runs."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import xgboost

from bed import Bed, hang_guard
from worker import BIN

COLUMNS = ["amount", "hour", "avg_30d"]
ROW = [12.5, 3, 12.5]  # the event that README writes


def blocks(language):
    """The code of the chapter, its indentation taken off."""
    with open("README.md") as file:
        chapter = file.read().split("## Score your own stream")[1].split("\n## ")[0]
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", chapter, re.S | re.M)
    return [re.sub(rf"^{indent}", "", code, flags=re.M) for indent, code in found]


def save_model(path):
    rng = np.random.default_rng(1)
    rows = (rng.random((500, len(COLUMNS))) * 20).astype(np.float32)
    data = xgboost.DMatrix(rows, rows.sum(1) > 30, feature_names=COLUMNS)
    booster = xgboost.train({"objective": "binary:logistic"}, data, 10)
    booster.save_model(path)
    booster.feature_names = None
    return booster.inplace_predict(np.array([ROW], dtype=np.float32))[0]


class Reader:
    def __init__(self, folder):
        self.folder = folder
        stamp = time.time_ns() // 1000
        self.names = {name: f"{name}-{stamp}" for name in
                      ("transactions", "predictions", "fraud-scorer")}
        self.faults = []

    def type_in(self, name, code):
        for old, new in self.names.items():
            code = code.replace(old, new)
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(code)

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True,
                              timeout=60)
        if done.returncode:
            self.faults.append(f"{' '.join(command)} exits {done.returncode}:\n"
                               f"{done.stdout}{done.stderr}")
        return done.stdout

    def score_until_seen(self, bed):
        binary = os.path.abspath(BIN)
        worker = subprocess.Popen([binary, "run", "-c", "leat.yaml"], cwd=self.folder,
                                  stderr=subprocess.DEVNULL)
        try:
            for _ in hang_guard("the prediction"):
                if sum(bed.ends(self.names["predictions"]).values()):
                    break
        finally:
            worker.terminate()
        if worker.wait(60):
            self.faults.append(f"leat run exits {worker.returncode}")


def main():
    argparse.ArgumentParser(prog="readme", description=__doc__).parse_args()
    bed = Bed()
    configuration, = blocks("yaml")
    write, read = blocks("python")
    with tempfile.TemporaryDirectory(prefix="leat-readme-") as folder:
        reader = Reader(folder)
        expected = save_model(os.path.join(folder, "model.ubj"))
        reader.type_in("leat.yaml", configuration)
        reader.type_in("write.py", write)
        reader.type_in("read.py", read)
        reader.run(sys.executable, "write.py")
        reader.run(os.path.abspath(BIN), "check", "-c", "leat.yaml")
        reader.score_until_seen(bed)
        said = reader.run(sys.executable, "read.py")
    score = re.search(r"'score': ([0-9.e-]+)", said)
    if not score or np.float32(score[1]) != expected:
        reader.faults.append(f"the prediction is not {expected!r}: {said!r}")
    print(f"readme: {len(reader.faults)} faults")
    for fault in reader.faults:
        print(f"  {fault}")
    sys.exit(1 if reader.faults else 0)


if __name__ == "__main__":
    main()
