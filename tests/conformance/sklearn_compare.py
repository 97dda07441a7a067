"""tests/conformance/sklearn_compare.py --driver PROGRAM --folder DIR [--plant] [--report FILE] [NAME...]

Runs ONNX Runtime and Leat on the same file with the same rows, for every model of
sklearn_models.py and every node of ml_nodes.py, and prints the largest error of each: |leat - onnxruntime|, relative where
the value is above 1. Labels and shapes must be equal. Exits 1 when an error is above 1e-5.

A model that Leat refuses is named with the reason; it counts as a failure unless REFUSED
says for which operator. --plant changes one number of what Leat says, and must be found."""

import argparse
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import onnxruntime
from onnx import numpy_helper

import ml_nodes
import sklearn_models

LIMIT = 1e-5
NOT_SUPPORTED = 77
DTYPES = {"f32": np.float32, "f64": np.float64, "i64": np.int64, "i32": np.int32,
          "bool": np.bool_}
REFUSED = {
    "KNeighborsClassifier": "Scan",
    "KNeighborsRegressor": "Scan",
    "GaussianProcessRegressor": "Scan",
}


def expected(model, inputs):
    """The outputs of ONNX Runtime; those of a ZipMap as the matrix that it was made of. With
    several threads it would add up trees in another order every time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options)
    outputs = session.run(None, inputs)
    return [np.array([list(row.values()) for row in output], np.float32)
            if isinstance(output, list) else np.asarray(output) for output in outputs]


def read_output(path):
    with open(path, "rb") as file:
        dtype, *shape = file.readline().decode().split()
        shape = [int(length) for length in shape]
        rest = file.read()
    if dtype != "string":
        return np.frombuffer(rest, DTYPES[dtype]).reshape(shape)
    texts, at = [], 0
    while at < len(rest):
        size = int.from_bytes(rest[at:at + 4], sys.byteorder)
        texts.append(rest[at + 4:at + 4 + size].decode())
        at += 4 + size
    return np.array(texts, object).reshape(shape)


def leat(driver, model, inputs, folder):
    """Leat's outputs and the scores of its session, or a string that says why there are
    none."""
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    path = os.path.join(folder, "model.onnx")
    with open(path, "wb") as file:
        file.write(model)
    for i, array in enumerate(inputs.values()):
        with open(os.path.join(folder, f"input_{i}.pb"), "wb") as file:
            file.write(numpy_helper.from_array(array).SerializeToString())
    done = subprocess.run([driver, path, folder], capture_output=True, text=True,
                          errors="replace", timeout=300)
    if done.returncode:
        return done.stdout.strip() or f"exit {done.returncode}: {done.stderr[-300:]}"
    n = len([name for name in os.listdir(folder) if name.startswith("output_")])
    names = [f"output_{i}" for i in range(n)] + ["scores"]
    return [read_output(os.path.join(folder, name)) for name in names
            if os.path.exists(os.path.join(folder, name))]


def error_of(found, wanted):
    """The largest error of an output; infinite where labels or shapes differ."""
    if found.shape != wanted.shape:
        return np.inf, f"shape {found.shape}, expected {wanted.shape}"
    if wanted.dtype.kind in "OUSib":
        differ = int(np.sum(found != wanted))
        return (np.inf, f"{differ} of {wanted.size} differ") if differ else (0.0, "")
    a, b = found.astype(np.float64), wanted.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        errors = np.where(same, 0, np.abs(a - b) / np.maximum(1, np.abs(b)))
    errors = np.where(np.isnan(errors), np.inf, errors)
    return float(errors.max(initial=0)), ""


def plant(outputs):
    """One score a little off."""
    scores = outputs[-1].copy()
    if scores.dtype.kind != "f":
        outputs[-1] = scores[:-1]
        return
    at = np.flatnonzero(np.isfinite(scores))[-1]
    scores.flat[at] += 1e-3 * max(1, abs(scores.flat[at]))
    outputs[-1] = scores


def compare(name, make, options):
    """A row of the report."""
    model, inputs = make()
    model = model.SerializeToString()
    rows = len(next(iter(inputs.values())))
    result = {"name": name, "rows": rows, "nan": any(
        a.dtype.kind == "f" and bool(np.isnan(a).any()) for a in inputs.values())}
    wanted = expected(model, inputs)
    scores = next((output for output in wanted if output.dtype.kind == "f"), None)
    if scores is not None:
        wanted.append(scores.reshape(rows, -1))
    folder = os.path.join(options.folder, "".join(c if c.isalnum() else "_" for c in name))
    found = leat(options.driver, model, inputs, folder)
    if isinstance(found, str):
        by_name = name in REFUSED and REFUSED[name] in found
        return {**result, "status": "refused" if by_name else "failed", "reason": found}
    if options.plant:
        plant(found)
    if len(found) != len(wanted):
        return {**result, "status": "failed", "reason": f"{len(found)} outputs, expected "
                                                        f"{len(wanted)}"}
    errors = [error_of(a, b) for a, b in zip(found, wanted)]
    worst = max(error for error, _ in errors)
    reason = "; ".join(text for _, text in errors if text)
    return {**result, "status": "passed" if worst <= LIMIT else "failed",
            "error": worst, **({"reason": reason} if reason else {})}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--driver", required=True)
    arguments.add_argument("--folder", required=True)
    arguments.add_argument("--report")
    arguments.add_argument("--plant", action="store_true")
    arguments.add_argument("names", nargs="*")
    options = arguments.parse_args()
    warnings.filterwarnings("ignore")
    sklearn_models.register()
    results = []
    for name, make in sklearn_models.models() + ml_nodes.cases():
        if options.names and not any(part in name for part in options.names):
            continue
        try:
            results.append(compare(name, make, options))
        except Exception as error:  # a converter's or ONNX Runtime's own
            results.append({"name": name, "status": "no model",
                            "reason": f"{type(error).__name__}: {error}"[:300]})
        row = results[-1]
        print(f"{row['status']:8} {row['name']:50} {row.get('error', float('nan')):.2e} "
              f"{row.get('reason', '')}", flush=True)
    count = {status: sum(row["status"] == status for row in results)
             for status in ("passed", "refused", "failed", "no model")}
    errors = [row["error"] for row in results if row["status"] == "passed"]
    summary = {**count, "limit": LIMIT, "largest_error": max(errors, default=None)}
    print(json.dumps(summary))
    if options.report:
        with open(options.report, "w") as file:
            json.dump({**summary, "models": results}, file, indent=1)
    if options.plant:
        return 0 if count["passed"] == 0 and count["failed"] else 1
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
