"""What tests/fuzz/run found, as a table and as JSON.

summary.py FOLDER REPORT SECONDS TARGET...: reads libFuzzer's logs and llvm-cov's summaries.
Exits 1 when there was a finding or a file was reached too little."""

import glob
import json
import os
import re
import sys

WANTED_PERCENT = 90.0


def executed(log):
    with open(log, errors="replace") as file:
        found = re.search(r"stat::number_of_executed_units:\s*(\d+)", file.read())
    return int(found[1]) if found else None


def lines(coverage):
    """Percent of the lines that the corpus reached, by file."""
    with open(coverage) as file:
        files = json.load(file)["data"][0]["files"]
    return {os.path.relpath(file["filename"]): round(file["summary"]["lines"]["percent"], 1)
            for file in files}


def target(folder, name):
    return {"runs": executed(f"{folder}/{name}.log"),
            "findings": len([path for path in glob.glob(f"{folder}/{name}-*")]),
            "lines": lines(f"{folder}/{name}.coverage.json")}


def main():
    folder, report, seconds, *names = sys.argv[1:]
    targets = {name: target(folder, name) for name in names}
    short = 0
    for name, found in targets.items():
        print(f"{name}: {found['runs']} runs, {found['findings']} findings")
        short += found["findings"] > 0 or found["runs"] is None or not found["lines"]
        for file, percent in found["lines"].items():
            print(f"  {percent:5.1f}%  {file}")
            short += percent < WANTED_PERCENT
    if report:
        with open(report, "w") as file:
            json.dump({"name": "fuzz", "seconds": int(seconds), "targets": targets}, file,
                      indent=2)
            file.write("\n")
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
