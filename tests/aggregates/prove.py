"""tests/aggregates/run [options]: aggregates end to end, beside the reference.

--kills N     SIGKILLs at random moments under load, two workers of two lanes each, sometimes both
              at once, sometimes one that has only just started
--freezes N   among them, workers that stand still for longer than their session
--rounds N    rebalances instead: one worker, four, one again, with and without aggregates in turns

Then every prediction of every event is compared with the reference's answer, bit for bit, and
every state in Redis. On a topic that is keyed by something else (--shared) what differs is
counted, and what does not depend on the order has to be equal."""

import argparse
import json
import os
import random
import signal
import sys
import time

from bed import Bed, hang_guard
from configured import ENTITIES, columns_of
from fleet import STRATEGIES, Fleet
from kept import Kept
from seen import FAULTS, judge
from shared import measure
from stalls import stalls_of, summary
from traffic import Traffic
from worker import Workers

DRIVER = os.environ["LEAT_DRIVER"]  # features/aggregate/state.c, beside the reference
SECONDS_A_KILL = 8
FAIL_SECONDS = 20
FROZEN_SECONDS = (6.5, 11)  # the session is of 6
ASLEEP_SECONDS = (12, 14)
STATE_FAULTS = ("states_missing", "states_differing", "states_too_many", "not_applied")
RATE_OF_ROUNDS = 400
SECONDS_A_ROUND = 30  # at most, and each is played twice
PATIENCE = 1.10  # stalls with aggregates, in those without


class Progress:
    """A line now and then."""

    def __init__(self):
        self.began = time.monotonic()
        self.next = 0.0

    def __call__(self, text, always=False):
        now = time.monotonic()
        if always or now >= self.next:
            self.next = now + 5
            print(f"[{now - self.began:6.1f} s] {text}", flush=True)


# --- kills -----------------------------------------------------------------------------


class Killer:
    def __init__(self, fleet, pair, rng, say):
        self.fleet, self.pair, self.rng, self.say = fleet, pair, rng, say
        self.points = ("after_features", "after_produce", "in_rebalance") + (
            ("before_commit", "after_commit")
            if fleet.options.delivery == "exactly_once" else ())
        self.count, self.freezes = {}, 0

    def note(self, how, n=1):
        self.count[how] = self.count.get(how, 0) + n
        self.say(f"kills: {self.n()} {self.count}, {self.fleet.feeder.sent} events sent", True)

    def n(self):
        return sum(self.count.values())

    def strike(self, most):
        """One kill, or two; where there are none left, a worker stands still."""
        if self.fleet.options.backlog:
            self.fleet.await_progress()
            time.sleep(self.rng.uniform(0, 1))
        else:
            time.sleep(self.rng.uniform(0.5, 2 * SECONDS_A_KILL - 1))
        victim = self.rng.choice(self.pair)
        hows = [self.one] if most else []
        if most > 1:
            hows += [self.both, self.newcomer]
        if self.freezes < self.fleet.options.freezes:
            hows += [self.frozen, self.asleep]
        if most > 1 and self.fleet.options.fail_points:
            hows.append(self.armed)
        self.rng.choice(hows)(victim)

    def one(self, victim, how="one", **environment):
        victim.kill()
        victim.start(**environment)
        self.note(how)

    def both(self, _):
        for worker in self.pair:
            worker.kill()
        for worker in self.pair:
            worker.start()
        self.note("both", 2)

    def newcomer(self, victim):
        """It is killed again while it joins, or has only just begun."""
        self.one(victim)
        time.sleep(self.rng.uniform(0.02, 8))
        self.one(victim, "newcomer")

    def frozen(self, victim, seconds=FROZEN_SECONDS):
        """It comes to when its partitions are somebody else's, with a batch in hand."""
        victim.process.send_signal(signal.SIGSTOP)
        time.sleep(self.rng.uniform(*seconds))
        victim.process.send_signal(signal.SIGCONT)
        self.freezes += 1
        self.say(f"freezes: {self.freezes}", True)

    def asleep(self, victim):
        """It is its first one, of which its successor has committed events by then."""
        victim.kill()
        victim.start()
        for _ in hang_guard(f"{victim.name} to be assigned partitions"):
            if "assigned" in victim.last_words():
                break
        time.sleep(self.rng.uniform(0.1, 0.45))
        self.frozen(victim, ASLEEP_SECONDS)

    def armed(self, victim):
        """It dies by itself, where it hurts."""
        point = self.rng.choice(self.points)
        n = self.rng.randint(1, 3 if point == "in_rebalance" else 100)
        self.one(victim, LEAT_FAIL_AT=f"{point}:{n}")
        end = time.monotonic() + FAIL_SECONDS
        while not victim.is_killed():
            if time.monotonic() > end:  # it was not passed so often
                return self.one(victim)
            time.sleep(0.05)
        victim.start()
        self.note(point)


def play_kills(options, fleet, traffic, rng, say):
    pair = [fleet.worker(name) for name in ("a", "b")]
    killer = Killer(fleet, pair, rng, say)
    seconds = max(options.kills + 2 * options.freezes, 1) * SECONDS_A_KILL
    rate = options.rate or max(traffic.n / seconds, 1)
    feeder = fleet.feed(traffic, None if options.backlog else rate)
    if options.backlog:
        feeder.finish()
    for worker in pair:
        worker.start()
    under_load = 0
    while killer.n() < options.kills or killer.freezes < options.freezes:
        killer.strike(options.kills - killer.n())
        if feeder.is_alive() or options.backlog and fleet.left():
            under_load = killer.n()
        elif options.backlog:
            break
    feeder.finish()
    say(f"{feeder.sent} events sent", True)
    return {"kills": killer.n(), "kills_by": killer.count, "kills_under_load": under_load,
            "freezes": killer.freezes}


# --- rebalances ------------------------------------------------------------------------


def play_round(fleet, others, say):
    """When it began and ended."""
    began = time.time() * 1000
    for worker in others:
        worker.start()
    fleet.await_members(1 + len(others))
    time.sleep(1.5)
    for worker in others:
        worker.terminate()
    fleet.await_members(1)
    time.sleep(1.5)
    return began, time.time() * 1000


def play_rounds(options, fleets, traffics, say):
    """The moments of every fleet's rounds."""
    crews = []
    for fleet, traffic in zip(fleets, traffics):
        fleet.worker("first", lanes=1).start()
        fleet.await_members(1)
        crews.append([fleet.worker(f"other{i}", lanes=1) for i in range(3)])
        fleet.feed(traffic, options.rate or RATE_OF_ROUNDS)
    time.sleep(2)
    moments = [[] for _ in fleets]
    for n in range(options.rounds):
        for i in (range(len(fleets)) if n % 2 else reversed(range(len(fleets)))):
            moments[i].append(play_round(fleets[i], crews[i], say))
            say(f"round {n + 1} of {options.rounds}: {fleets[i].title}", True)
    for fleet in fleets:
        assert fleet.feeder.is_alive(), "the stream ended before the rounds: more --events"
        fleet.feeder.stop()
    return moments


# --- the verdict -----------------------------------------------------------------------


def compare(options, fleet, say):
    topic = fleet.read_topic()
    say(f"{len(topic.records)} events read back", True)
    seen = fleet.read_outputs(topic)
    say(f"{len(seen.rows)} predictions read", True)
    kept = Kept(fleet.bed.redis_url, fleet.group, fleet.entities)
    expected = fleet.expected(topic)
    found, words = expected.work_out(kept.states, DRIVER, say)
    verdict = judge(seen, expected, options.delivery == "exactly_once")
    found["states_too_many"] = max(0, len(kept.keys) - found["states"])
    applied = kept.applied(fleet.group, fleet.topic, topic.n_of)
    found["not_applied"] = sum(applied[p] < last_applied(expected, p) for p in topic.n_of)
    verdict |= {"entities": [len(events) for events in expected.events],
                "states": found["states"], "bytes_a_state": kept.n_bytes(),
                **{fault: found[fault] for fault in STATE_FAULTS}}
    if any(entity.is_shared for entity in fleet.entities):
        verdict["shared"] = measure(seen, expected)
    return verdict, seen.words + words, seen


def last_applied(expected, partition):
    """The offset of the partition's last event that is applied."""
    first, n = expected.topic.first[partition], expected.topic.n_of[partition]
    good = [row for row in range(first, first + n) if expected.outcome[row] == 0]
    return good[-1] - first if good else -1


def conclude(options, verdict, words, faults):
    print(json.dumps(verdict, indent=1))
    for text in words:
        print(f"  {text}")
    if options.report:
        with open(options.report, "w") as file:
            json.dump({"name": "aggregates", "options": vars(options), **verdict}, file,
                      indent=2)
            file.write("\n")
    print(f"aggregates: {'FAILED: ' + str(faults) if faults else 'nothing differs'}")
    sys.exit(1 if faults else 0)


def faults_of(verdict):
    return {name: verdict[name] for name in (*FAULTS, *STATE_FAULTS, "uncommitted")
            if verdict.get(name)}


def parse():
    parser = argparse.ArgumentParser(prog="tests/aggregates/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int,
                        help="default: 20000, or enough for the rounds")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--freezes", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--keyed", dest="topic", action="store_const", const="keyed",
                        default="keyed")
    parser.add_argument("--shared", dest="topic", action="store_const", const="shared")
    parser.add_argument("--delivery", choices=("at_least_once", "exactly_once"),
                        default="at_least_once")
    parser.add_argument("--membership", choices=STRATEGIES, default="eager")
    parser.add_argument("--rate", type=float, help="events a second")
    parser.add_argument("--backlog", action="store_true",
                        help="all events are there before the workers: at full speed")
    parser.add_argument("--states", default="1MiB", help="a lane's redis.states")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--fail-points", action="store_true",
                        help="kill at them, too (base/fail_point.h)")
    parser.add_argument("--sample", action="store_true", help="judge no times")
    parser.add_argument("--report", metavar="FILE")
    options = parser.parse_args()
    of_rounds = int(2 * options.rounds * SECONDS_A_ROUND * (options.rate or RATE_OF_ROUNDS))
    options.events = options.events or of_rounds or 20000
    return options


def main():
    options, say = parse(), Progress()
    rng = random.Random(options.seed)
    bed = Bed()
    traffic = Traffic(options.events, options.seed, options.topic == "keyed")
    columns = columns_of(ENTITIES[options.topic])
    with Workers("aggregates") as workers:
        fleet = Fleet(bed, workers, options, "aggregates", ENTITIES[options.topic], columns)
        fleets = [fleet]
        if options.rounds:
            fleets.append(Fleet(bed, workers, options, "plain", None, columns))
            twin = Traffic(options.events, options.seed, options.topic == "keyed")
            moments = play_rounds(options, fleets, [traffic, twin], say)
            verdict = {"rounds": options.rounds}
        else:
            verdict = play_kills(options, fleet, traffic, rng, say)
        verdict["uncommitted"] = sum(each.await_all(say) for each in fleets)
        workers.terminate()
        compared, words, seen = compare(options, fleet, say)
        verdict |= {"seed": options.seed, **compared}
        faults = faults_of(verdict)
        if options.rounds:
            plain = fleets[1].read_outputs(fleets[1].read_topic())
            verdict["stalls_s"] = summary(stalls_of(seen, moments[0]),
                                          stalls_of(plain, moments[1]))
            if verdict["stalls_s"]["ratio"] > PATIENCE and not options.sample:
                faults["stalls"] = verdict["stalls_s"]["ratio"]
        workers.keep = bool(faults)
        conclude(options, verdict, words, faults)


if __name__ == "__main__":
    main()
