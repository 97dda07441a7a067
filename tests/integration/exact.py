"""Every event in is one prediction out, in the order of its key, with the framework's own score.

Two processes of one group with two lanes each score a backlog of N events over eight
partitions, lookups on."""

import argparse
import time

from bed import Bed
from case import Case, conclude, faults_of, new_stream
from stream import MODELS
from worker import Workers


def main():
    parser = argparse.ArgumentParser(prog="exact", description=__doc__)
    parser.add_argument("--model", action="append", choices=MODELS)
    parser.add_argument("--events", type=int, default=20000)
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()

    bed = Bed()
    stream = new_stream(arguments.events)
    stream.fill_redis(bed.redis)
    verdicts, faults, complaints, topic = {}, {}, [], None
    with Workers("exact") as workers:
        for kind in arguments.model or MODELS:
            case = Case(bed, workers, stream, topic)
            case.use_model(kind)
            if topic is None:
                case.feed().finish()
                topic = case.topic
            case.read_inputs()
            began = time.monotonic()
            for name in ("a", "b"):
                case.worker(name).start()
            case.watch()
            seconds = time.monotonic() - began
            case.wait_for_both()
            verdicts[kind] = {**case.finish(), "seconds": round(seconds, 1)}
            faults |= {f"{kind} {k}": v for k, v in faults_of(verdicts[kind]).items()}
            complaints += case.oracle.complaints
        conclude("exact", verdicts, faults, complaints, arguments.report)


if __name__ == "__main__":
    main()
