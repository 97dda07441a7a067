"""The sides of a bench as processes that take turns (bench/side/side.h)."""

import atexit
import os
import subprocess
import sys
import tempfile
from statistics import median

import numpy as np


class Side:
    def __init__(self, name, command):
        self.name = name
        # One thread: libraries that start some when they are loaded heed nothing else.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(command, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.process.kill)  # does nothing where it has ended

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its end is told below
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} ended with {self.process.wait()} at \"{command}\"")
        return answer.strip()

    def outputs(self):
        """What it makes of all items, in their order."""
        with tempfile.NamedTemporaryFile() as file:
            self.ask(f"say {file.name}")
            return np.fromfile(file.name, np.float32)

    def ns_per_item(self, batch):
        return float(self.ask(f"time {batch}"))

    def peak_mib(self):
        return int(self.ask("peak")) / 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(sides, batches, runs):
    """Median nanoseconds per item, {side: {batch: ns}}. The sides take turns at every size
    of a batch: what slows the machine for a while slows all of them."""
    spent = {side.name: {batch: [] for batch in batches} for side in sides}
    for _ in range(runs):
        for batch in batches:
            for side in sides:
                spent[side.name][batch].append(side.ns_per_item(batch))
    return {name: {batch: round(median(ns), 1) for batch, ns in of.items()}
            for name, of in spent.items()}


def print_table(title, columns, rows):
    """`rows`: {name: {column: number}}; three digits that count are enough to read."""
    width = max(map(len, [title, *rows]))
    print("\n" + title.ljust(width), *(f"{column:>9}" for column in columns))
    for name, cells in rows.items():
        shown = (f"{cells[column]:9,.0f}" if cells[column] >= 100
                 else f"{cells[column]:9.3g}" for column in columns)
        print(name.ljust(width), *shown, flush=True)
