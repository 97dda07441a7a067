"""What a bench says at its end."""

import json
import os
import sys


def load():
    return [round(average, 2) for average in os.getloadavg()]


def finish(report, targets, path):
    """`targets`: (what, found, holds, wanted) for each figure that is judged. Exits 1
    when one fell short."""
    report["machine"] = {"cores": os.cpu_count(), "load_at_start": LOAD_AT_START,
                         "load_at_end": load()}
    report["fell_short"] = [f"{what}: {found}, wanted {wanted}"
                            for what, found, holds, wanted in targets if not holds]
    text = json.dumps(report, indent=2)
    print(text)
    if path:
        with open(path, "w") as out:
            out.write(text + "\n")
    sys.exit(1 if report["fell_short"] else 0)


LOAD_AT_START = load()
