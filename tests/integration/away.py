"""Redis goes away, with on_unavailable: wait: nothing is scored without it, nothing lost.

Two processes score a live stream while Redis stands still again and again. In some of these
times one of them is asked to end: it lets go of the batch that waits, and exits 0. Every
score has to be the framework's own on the values that Redis had."""

import argparse
import os
import random
import signal
import time

from bed import Bed
from case import Case, conclude, faults_of, new_stream
from worker import Workers


class FrozenRedis:
    """The bed's Redis stands still within the block."""

    def __init__(self, client):
        self.process = client.info("server")["process_id"]

    def __enter__(self):
        os.kill(self.process, signal.SIGSTOP)

    def __exit__(self, *exception):
        os.kill(self.process, signal.SIGCONT)


def main():
    parser = argparse.ArgumentParser(prog="away", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--rate", type=int, default=2000, help="events a second")
    parser.add_argument("--delivery", default="at_least_once")
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()

    bed = Bed()
    stream = new_stream(arguments.rate * arguments.rounds * 12)
    stream.fill_redis(bed.redis)
    with Workers("away") as workers:
        case = Case(bed, workers, stream)
        case.use_model("binary")
        pair = [case.worker(name, on_unavailable="wait", redis_timeout="20ms",
                            delivery=arguments.delivery).start() for name in ("a", "b")]
        case.wait_for_both()
        feeder = case.feed(arguments.rate)
        took = []
        for turn in range(arguments.rounds):
            case.wait_for_both()
            time.sleep(random.uniform(0.2, 1))
            with FrozenRedis(bed.redis):
                time.sleep(random.uniform(0.5, 3))
                if turn % 2:
                    took.append(pair[turn // 2 % 2].terminate())
            if turn % 2:
                pair[turn // 2 % 2].start()
        under_load = feeder.is_alive()
        stream.cut(feeder.stop())
        case.read_inputs()
        case.watch()
        waited = sum("lookups are unavailable" in open(worker.log).read()
                     for worker in pair)
        verdict = {**case.finish(), "terminations": len(took), "under_load": under_load,
                   "waited": waited, "slowest_s": round(max(took), 2)}
        faults = faults_of(verdict)
        if not under_load:
            faults["under_load"] = "the stream ended before the last round"
        if waited < 2:
            faults["waited"] = "a worker did not see that Redis was away"
        conclude("away", {"binary": verdict}, faults, case.oracle.complaints,
                 arguments.report)


if __name__ == "__main__":
    main()
