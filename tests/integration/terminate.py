"""SIGTERM under load: exit 0, nothing lost, nothing twice.

Two processes of one group score a live stream; in turn one of them is asked to end, and
starts again."""

import argparse
import random
import time

from bed import Bed
from case import Case, conclude, faults_of, new_stream
from worker import Workers


def main():
    parser = argparse.ArgumentParser(prog="terminate", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rate", type=int, default=2000, help="events a second")
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()

    bed = Bed()
    stream = new_stream(arguments.rate * arguments.rounds * 4)
    stream.fill_redis(bed.redis)
    with Workers("terminate") as workers:
        case = Case(bed, workers, stream)
        case.use_model("binary")
        pair = [case.worker(name).start() for name in ("a", "b")]
        case.wait_for_both()
        feeder = case.feed(arguments.rate)
        took = []
        for turn in range(arguments.rounds):
            case.wait_for_both()
            time.sleep(random.uniform(0.1, 0.5))
            took.append(pair[turn % 2].terminate())
            under_load = feeder.is_alive()
            pair[turn % 2].start()
        stream.cut(feeder.stop())
        case.read_inputs()
        case.watch()
        verdict = {**case.finish(), "terminations": len(took), "under_load": under_load,
                   "slowest_s": round(max(took), 2)}
        faults = faults_of(verdict)
        if not under_load:
            faults["under_load"] = "the stream ended before the last termination"
        conclude("terminate", {"binary": verdict}, faults, case.oracle.complaints,
                 arguments.report)


if __name__ == "__main__":
    main()
