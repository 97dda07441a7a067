"""summary.py RESULTS [REPORT]: the table of a conformance run; exit 1 when a case differs."""

import json
import pathlib
import sys

COLUMNS = ("leaves_differ", "margins_differ", "predictions_differ", "max_ulp")


def main(results, report=None):
    cases = [json.loads(line) for line in pathlib.Path(results).read_text().splitlines()]
    print(f"{'framework':14} {'case':20} {'file':5} {'trees':>5} {'rows':>7} {'leaves':>7} "
          f"{'margins':>7} {'predictions':>11} {'ulp':>4}")
    for case in cases:
        print(f"{case['framework'] + ' ' + case['version']:14} {case['case']:20} "
              f"{case['file']:5} {case['trees']:5} {case['rows']:7} "
              f"{case['leaves_differ']:7} {case['margins_differ']:7} "
              f"{case['predictions_differ']:11} {case['max_ulp']:4}"
              f"{'' if case['ok'] else '  DIFFERS'}")
    failed = [case for case in cases if not case["ok"]]
    versions = sorted({f"{case['framework']} {case['version']}" for case in cases})
    print(f"{len(cases)} comparisons with {', '.join(versions)}: {len(failed)} differ")
    if report:
        figures = {column: max(case[column] for case in cases) for column in COLUMNS}
        pathlib.Path(report).write_text(json.dumps(
            {"name": "conformance", "versions": versions, "comparisons": len(cases),
             "differ": len(failed), "largest": figures, "cases": cases}, indent=1) + "\n")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
