"""tests/chaos/run --scenario NAME [options]: one scenario, round after round.

A round is a stream of its own on topics of its own, scored by workers that reach the brokers
through the proxy, while the scenario does bad things to workers, brokers or the network. The
judge reads everything that goes in and comes out, past the proxy. Rounds are added to the
report as they end; the same command goes on where the last one stopped.

A scenario is a module in scenarios/:
  SAMPLE         how many faults are wanted when nobody says
  A_ROUND        at most so many of them in one round
  PLEDGES        what pledges() holds the totals to, by delivery
  play(new_round, n)  plays a round of n faults and returns the verdict"""

import argparse
import importlib
import json
import os
import random
import sys
import time

from bed import Bed, hang_guard
from case import STALL_SECONDS, Case, new_stream
from judge import Judge
from ownership import Ownership
from pledges import shortcomings
from proxy import Proxy
from report import Report, totals
from worker import Workers

SCENARIOS = sorted(name.removesuffix(".py") for name in os.listdir(
    os.path.join(os.path.dirname(__file__), "scenarios")) if name.endswith(".py"))

# How workers are members of their group. Eager is librdkafka's default.
STRATEGIES = {"eager": "range,roundrobin", "cooperative": "cooperative-sticky",
              "static": "range,roundrobin"}


class Round:
    """What a scenario has in its hands."""

    def __init__(self, options, bed, workers, proxy, rng, events, malformed_share=0.0,
                 topic=None, group=None):
        self.options = options
        self.rng = rng
        self.proxy = proxy
        self.exactly_once = options.delivery == "exactly_once"
        self.case = Case(bed, workers, new_stream(options.events or events,
                                                  malformed_share), topic)
        self.case.group = group or self.case.group
        self.case.stream.fill_redis(bed.redis)
        self.case.use_model("binary")
        self.bed = bed
        self.judge = Judge(self.case, read_committed=self.exactly_once)
        self.faults = 0
        self.feeder = None

    def worker(self, name, **settings):
        consumer = {"partition.assignment.strategy": STRATEGIES[self.options.membership]}
        if self.options.membership == "static":
            consumer["group.instance.id"] = self.case.named(name)
        return self.case.worker(name, brokers=os.environ["KAFKA_PROXIED"],
                                delivery=self.options.delivery, consumer=consumer,
                                **settings)

    def await_start(self):
        """Where a group starts at the end of its topic, one member commits that for all."""
        for _ in hang_guard("the committed start of the topic"):
            if len(self.bed.committed(self.case.group, self.case.topic)) == len(
                    self.bed.partitions(self.case.topic)):
                break
        self.proxy.witness.forget()

    def feed(self, rate):
        self.judge.start()
        self.feeder = self.case.feed(rate)

    def is_under_load(self):
        return self.feeder.is_alive()

    def pause(self, least, most):
        """Lets the stream flow for a random while."""
        end = time.monotonic() + self.rng.uniform(least, most)
        while time.monotonic() < end:
            self.judge.check()
            time.sleep(0.02)

    def owned_by(self, worker):
        """The partitions that Kafka's group gives to the process."""
        _, members = self.bed.members(self.case.group)
        return [p for member in members if member.client == worker.name
                for p in member.owned]

    def expect_resume(self, partitions, ends, began):
        """The worker of these partitions is gone, and what it had sent lies below `ends` of
        the sink: they have to move again."""
        assert partitions, "a worker that owned nothing proves nothing by its end"
        self.judge.expect_resume(partitions, ends, began)
        self.faults += 1

    def await_resume(self):
        for _ in hang_guard("the partitions to move again"):
            self.judge.check()
            if self.judge.resumed() or not self.is_under_load():
                return

    def await_rate(self, wanted):
        """How long it takes until so many events a second come out."""
        began = time.monotonic()
        for _ in hang_guard(f"{wanted} events a second"):
            self.judge.check()
            self.case.workers.check()
            if self.judge.rate() >= wanted:
                return round(time.monotonic() - began, 2)
            assert self.is_under_load(), "the stream ended before the rate was back"

    def conclude(self, **more):
        """Waits until every event has come out, or nothing has for half a minute; ends the
        workers; judges."""
        self.judge.cut(self.feeder.finish() if self.options.events else self.feeder.stop())
        remaining, give_up = None, 0
        while (now := self.judge.remaining()) and (
                now != remaining or time.monotonic() < give_up):
            if now != remaining:
                remaining, give_up = now, time.monotonic() + STALL_SECONDS
            self.judge.check()
            self.case.workers.check()
            time.sleep(0.1)
        self.case.workers.check()
        self.case.workers.terminate()
        verdict = self.judge.finish()
        verdict["uncommitted"] = self.case.uncommitted()
        witness = self.proxy.witness
        return {**verdict, "faults": self.faults, "commits": witness.commits,
                "commits_refused": witness.refused,
                "unowned_commits": len(witness.unowned),
                "unowned_accepted": witness.accepted,
                "memberless_commits": witness.memberless,
                "complaints": self.judge.oracle.complaints
                + [str(commit) for commit in witness.unowned[:5]], **more}


def parse():
    parser = argparse.ArgumentParser(prog="tests/chaos/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", choices=SCENARIOS, required=True)
    parser.add_argument("--delivery", choices=("at_least_once", "exactly_once"),
                        help="default: at_least_once, where the scenario plays it")
    parser.add_argument("--membership", choices=STRATEGIES, default="eager")
    parser.add_argument("--faults", "--kills", "--rounds", type=int, dest="faults",
                        help="of all rounds together, those in the report included")
    parser.add_argument("--events", type=int, help="of a round")
    parser.add_argument("--kafka", choices=("4", "3.9"), default="4")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--sample", action="store_true",
                        help="judge no times and rates, but all else")
    parser.add_argument("--report", metavar="FILE")
    return parser.parse_args()


def choose_delivery(options, scenario):
    options.delivery = options.delivery or next(iter(scenario.PLEDGES))
    if options.delivery not in scenario.PLEDGES:
        raise SystemExit(f"{options.scenario} is played with {', '.join(scenario.PLEDGES)}")


def play_round(options, scenario, bed, rng, n):
    with Proxy(Ownership()) as proxy, Workers(f"chaos-{options.scenario}") as workers:
        def new_round(events, kind=Round, **more):
            return kind(options, bed, workers, proxy, rng, events, **more)
        entry = scenario.play(new_round, n)
        workers.keep = bool(shortcomings(totals([entry]), timed=not options.sample,
                                         **scenario.PLEDGES[options.delivery]))
        return entry


def main():
    options = parse()
    scenario = importlib.import_module(f"scenarios.{options.scenario}")
    choose_delivery(options, scenario)
    report = Report(options.report, {"scenario": options.scenario,
                                     "delivery": options.delivery, "kafka": options.kafka,
                                     "membership": options.membership})
    bed = Bed()
    rng = random.Random(options.seed)
    wanted = options.faults or scenario.SAMPLE
    while (left := wanted - report.done("faults")) > 0:
        options.number = len(report.rounds)
        try:
            entry = play_round(options, scenario, bed, rng, min(left, scenario.A_ROUND))
        except Exception as error:
            report.add({"aborted": 1, "error": str(error)[:1000], "seed": options.seed})
            raise
        report.add({**entry, "seed": options.seed})
        print(json.dumps(entry), flush=True)
    total = totals(report.rounds)
    print(f"chaos {options.scenario}, {options.delivery}, {options.membership}: {json.dumps(total)}")
    short = shortcomings(total, timed=not options.sample,
                         **scenario.PLEDGES[options.delivery])
    for text in short:
        print(f"chaos {options.scenario}: {text}")
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
