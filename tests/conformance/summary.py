"""summary.py RESULTS [REPORT]: the table of a conformance run; exit 1 when a case differs."""

import json
import pathlib
import sys


def main(results, report=None):
    cases = [json.loads(line) for line in pathlib.Path(results).read_text().splitlines()]
    print(f"{'XGBoost':8} {'case':20} {'file':5} {'trees':>5} {'rows':>6} {'leaves':>7} "
          f"{'margins':>7} {'predictions':>11} {'ulp':>4}")
    for case in cases:
        print(f"{case['xgboost']:8} {case['case']:20} {case['file']:5} {case['trees']:5} "
              f"{case['rows']:6} {case['leaves_differ']:7} {case['margins_differ']:7} "
              f"{case['predictions_differ']:11} {case['max_ulp']:4}"
              f"{'' if case['ok'] else '  DIFFERS'}")
    failed = [case for case in cases if not case["ok"]]
    versions = sorted({case["xgboost"] for case in cases})
    print(f"{len(cases)} comparisons with XGBoost {', '.join(versions)}: "
          f"{len(failed)} differ")
    if report:
        pathlib.Path(report).write_text(json.dumps(
            {"name": "conformance", "versions": versions, "comparisons": len(cases),
             "differ": len(failed), "cases": cases}, indent=1) + "\n")
    return 1 if failed or len(versions) < 2 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
