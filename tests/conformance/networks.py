"""Compares what Leat makes of the networks of tests/networks with what ONNX Runtime makes of
them. Called by tests/conformance/networks."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/networks"))
from networks import random_inputs  # noqa: E402

BATCHES = (1, 3, 8, 64, 256, 1000)
BOUND = 1e-5


def reference(model, inputs):
    """ONNX Runtime's scores, [rows][columns]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
    scores = session.run(None, inputs)[0]
    return scores.reshape(len(scores), -1)


def leat(driver, folder, model, inputs, batch):
    """Leat's scores and what its driver says of the run."""
    files = []
    for name, value in inputs.items():
        files.append(folder / name)
        value.tofile(files[-1])
    done = subprocess.run([driver, model, str(batch), folder / "scores", *files],
                          check=True, capture_output=True, text=True)
    facts = json.loads(done.stdout)
    kind = {4: np.float32, 8: np.float64}[facts["element"]]
    return np.fromfile(folder / "scores", kind).reshape(-1, facts["columns"]), facts


def plant(what, batch, scores, facts):
    """A fault where the last batch size meets the middle row."""
    middle = scores[len(scores) // 2]
    if batch == BATCHES[-1] and what == "error":
        middle[0] += 3 * BOUND
    if batch == BATCHES[-1] and what == "batch":
        middle[0] = np.nextafter(middle[0], np.inf, dtype=middle.dtype)
    if batch == BATCHES[-1] and what == "malloc":
        facts["mallocs"] += 1


def compare(driver, model, rows, planted):
    """One result: of a network, over all batch sizes."""
    name = model.parent.name.rpartition("-")[0]
    inputs = random_inputs(name, np.random.default_rng(5), rows)
    expected = reference(model, inputs)
    first, differing, mallocs, error = None, 0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for batch in BATCHES:
            scores, facts = leat(driver, pathlib.Path(folder), model, inputs, batch)
            plant(planted, batch, scores, facts)
            first = scores if first is None else first
            differing += int((scores != first).any(axis=1).sum())
            mallocs += facts["mallocs"]
            assert scores.shape == expected.shape, (scores.shape, expected.shape)
            assert np.isfinite(scores).all()
            error = max(error, float(np.abs(scores - expected).max()))
    return {"network": model.parent.name, "rows": rows, "batches": BATCHES,
            "largest_error": error, "largest_score": float(np.abs(expected).max()),
            "rows_that_differ_by_batch": differing, "mallocs": mallocs,
            "planned_bytes": facts["planned_bytes"],
            "intermediate_bytes": facts["intermediate_bytes"],
            "ok": error <= BOUND and not differing and not mallocs}


def print_table(results):
    print(f"{'network':18} {'largest error':>13} {'largest score':>13} {'differ':>6} "
          f"{'mallocs':>7} {'planned':>9} {'sum of all':>10}")
    for result in results:
        print(f"{result['network']:18} {result['largest_error']:13.2e} "
              f"{result['largest_score']:13.3f} {result['rows_that_differ_by_batch']:6} "
              f"{result['mallocs']:7} {result['planned_bytes']:9} "
              f"{result['intermediate_bytes']:10}{'' if result['ok'] else '  WRONG'}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--rows", type=int, default=2500)
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--plant", choices=["error", "batch", "malloc"])
    arguments = parser.parse_args()
    models = sorted((ROOT / "tests/networks").glob("*/model.onnx"))
    results = [compare(arguments.driver, model, arguments.rows, arguments.plant)
               for model in models]
    print_table(results)
    failed = sum(not result["ok"] for result in results)
    print(f"{len(results)} networks, {arguments.rows} rows each at batches of "
          f"{', '.join(map(str, BATCHES))}, beside ONNX Runtime {onnxruntime.__version__}: "
          f"largest error {max(result['largest_error'] for result in results):.2e}, "
          f"{failed} wrong")
    if arguments.report:
        arguments.report.write_text(json.dumps(
            {"name": "networks", "onnxruntime": onnxruntime.__version__,
             "largest_error": max(result["largest_error"] for result in results),
             "mallocs": sum(result["mallocs"] for result in results), "wrong": failed,
             "networks": results}, indent=1) + "\n")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
