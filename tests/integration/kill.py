"""Workers killed at random moments lose nothing, and repeat only what they must.

Two processes of one group score a live stream, 1% of it malformed in forty ways, while one
of them after the other gets SIGKILL and starts again. An event may come out twice only if
its prediction was published past the committed offset of a partition that a killed worker
owned; each kill explains one repetition of it."""

import argparse
import random
import time
from dataclasses import dataclass

import numpy as np

from bed import PARTITIONS, Bed
from case import Case, conclude, faults_of, new_stream
from worker import Workers

SECONDS_A_KILL = 12  # session time-out, join, a random while


@dataclass
class Kill:
    """What Kafka held of a dead worker, before its partitions went to another."""

    dead: list  # members of the group
    owned: list  # partitions
    committed: dict
    ends: dict  # per sink, per partition
    under_load: bool
    began: float


def kill(case, worker, feeder):
    began = time.monotonic()
    worker.kill()
    return bury(case, worker, feeder, began)


def bury(case, worker, feeder, began):
    """Of a worker that was killed at that moment, whoever did it."""
    # What the dead worker had sent may still be in the broker's sockets; its partitions
    # stand still until the session times out.
    time.sleep(0.5)
    _, members = case.bed.members(case.group)
    dead = [member for member in members if member.client == worker.name]
    return Kill(
        dead=[member.id for member in dead],
        owned=[p for member in dead for p in member.owned],
        committed=case.bed.committed(case.group, case.topic),
        ends={"prediction": case.bed.ends(case.sink),
              "dead letter": case.bed.ends(case.dead)},
        under_load=feeder.is_alive(),
        began=began)


def explain(oracle, kills):
    """How many records were published past the committed offsets of each kill, and how
    many repetitions no kill explains."""
    coordinates = np.full((oracle.stream.n, 2), -1)
    for place, i in oracle.coordinates.items():
        coordinates[i] = place
    events = np.array([i for i, _ in oracle.arrivals])
    partitions, offsets = coordinates[events].T
    excuses = np.zeros(oracle.stream.n, dtype=int)
    bounds = []
    for kill in kills:
        floor = np.full(PARTITIONS, np.iinfo(np.int64).max)
        for p in kill.owned:
            floor[p] = kill.committed.get(p, 0)
        published = np.array([offset < kill.ends[sink][p]
                              for _, (sink, p, offset) in oracle.arrivals])
        past = published & (offsets >= floor[partitions])
        bounds.append(int(past.sum()))
        excuses[np.unique(events[past])] += 1
    repetitions = np.maximum(oracle.scored + oracle.buried - 1, 0)
    return bounds, int(np.maximum(repetitions - excuses, 0).sum())


def main():
    parser = argparse.ArgumentParser(prog="kill", description=__doc__)
    parser.add_argument("--events", type=int, default=20000)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.randrange(1 << 30)
    rng = random.Random(seed)

    bed = Bed()
    stream = new_stream(arguments.events, malformed_share=0.01)
    stream.fill_redis(bed.redis)
    with Workers("kill") as workers:
        case = Case(bed, workers, stream)
        case.use_model("binary")
        pair = [case.worker(name).start() for name in ("a", "b")]
        case.wait_for_both()
        feeder = case.feed(rate=stream.n / (arguments.kills * SECONDS_A_KILL))
        kills = []
        for _ in range(arguments.kills):
            case.wait_for_both(gone=[id for kill in kills for id in kill.dead])
            time.sleep(rng.uniform(0.2, 3))
            victim = rng.choice(pair)
            kills.append(kill(case, victim, feeder))
            victim.start()
        feeder.finish()
        case.read_inputs()
        case.watch()
        verdict = case.finish()
        bounds, unexplained = explain(case.oracle, kills)
        verdict |= {"malformed": int((stream.kind >= 0).sum()),
                    "malformed_kinds": len(np.unique(stream.kind[stream.kind >= 0])),
                    "kills": len(kills), "seed": seed,
                    "kills_under_load": sum(k.under_load for k in kills),
                    "published_past_committed": bounds, "unexplained": unexplained}
        faults = faults_of(verdict, allowed=("duplicated",))
        if unexplained or verdict["duplicated"] > sum(bounds):
            faults["duplicated"] = f"{verdict['duplicated']}, {unexplained} not explained"
        conclude("kill", {"binary": verdict}, faults, case.oracle.complaints, arguments.report)


if __name__ == "__main__":
    main()
