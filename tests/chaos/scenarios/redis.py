"""Redis is killed, put to sleep, answers late, half, or with a refusal, under load.

One worker of eight lanes reads users and cards through a proxy (redis_proxy.py);
on_unavailable and the cache take turns, round by round. Nothing may be lost or come twice, no
prediction may be given what is not of its entity, `quality` has to say what happened
(answers.py), a batch may wait a fifth longer than the time-out, and eight lanes may connect
eight times a second. Redis is started again with its data, from its RDB."""

import os
import pickle
import re
import urllib.request

from answers import ON_TIME, Judge, Promise, given_up, most_in
from entities import Traffic, fill
from outputs import LookupRound
from redis_proxy import RedisProxy
from redis_server import RedisServer

SAMPLE = 8
A_ROUND = 18
RATE, RATE_OF_A_SAMPLE = 3000, 1500
LANES = 8
# A fifth more is a bound of leat_stage_duration_seconds: 100 ms.
TIMEOUT_MS = 84
WAIT = 1.2 * TIMEOUT_MS / 1000
CACHE = {"entries": 100000, "ttl": "500ms", "stale": "20s"}
# The turns: on_unavailable, and whether there is a cache.
TURNS = (("default", False), ("default", True), ("wait", False), ("dead_letter", False))
# p99 of batches that were given up, by the proxy's clock; of all batches, by the worker's own;
# and connects in any second, less what the proxy may be late to see one.
PLEDGES = {"at_least_once": {"max_connects_s": LANES, "given_up_p99_s": WAIT,
                             "max_features_p99_s": 0.1}}


def kill(this):
    this.server.kill()
    this.pause(0.2, 3)
    this.server.start()


def sleep(this):
    """From 0.05 s to 30 s: as many short as long ones."""
    longest = 2 if this.options.sample else 30
    this.server.sleep(0.05 * (longest / 0.05) ** this.rng.random())


def by_the_proxy(fault):
    def play(this):
        this.proxy_of_redis.set(fault)
        this.pause(1.5, 4)
        this.proxy_of_redis.set(None)
    play.__name__ = fault
    return play


EVERY = (kill, sleep, *(by_the_proxy(fault) for fault in (
    "late", "truncated", "loading", "readonly", "noauth", "wrongtype")))
FAULTS = EVERY + (kill, sleep) * 5


def features_p99(worker):
    """The bound below which 99 of 100 batches were in the stage `features`, by the metrics."""
    with open(worker.log) as log:
        address = re.search(r"listens on (127\.0\.0\.1:\d+)", log.read())[1]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as page:
        text = page.read().decode()
    counts = {}
    for labels, count in re.findall(r"leat_stage_duration_seconds_bucket{(.*)} (\d+)", text):
        if 'stage="features"' in labels:
            bound = re.search(r'le="(.*?)"', labels)[1]
            bound = float("inf") if bound == "+Inf" else float(bound)
            counts[bound] = counts.get(bound, 0) + int(count)
    return min(bound for bound, n in counts.items() if n >= 0.99 * max(counts.values()))


def play(new_round, n):
    with RedisServer() as server, RedisProxy(server.port, TIMEOUT_MS / 1000) as proxy:
        this = new_round(0, kind=LookupRound)
        this.server, this.proxy_of_redis = server, proxy
        fill(server.client())
        policy, has_cache = TURNS[this.number % len(TURNS)]
        traffic = Traffic(this.rng.randrange(1 << 30))
        worker = this.start_worker(proxy.port, TIMEOUT_MS, policy,
                                   CACHE if has_cache else None, LANES)
        this.feed(traffic, RATE_OF_A_SAMPLE if this.options.sample else RATE)
        played = []
        for fault in FAULTS[:n]:
            this.await_answers()
            this.pause(0.2, 1)
            fault(this)
            played.append(fault.__name__)
        this.await_answers()
        sent = this.await_all()
        entry = {} if policy == "wait" else {"features_p99_s": features_p99(worker)}
        this.end()
        log = proxy.end()
    promise = Promise(policy, TIMEOUT_MS / 1000, *((0.5, 20) if has_cache else ()))
    judge = Judge(promise, traffic.users(), sent, this.predictions, this.dead_letters, log)
    verdict = judge.verdict()
    if judge.complaints:  # so that it can be judged again, beside the worker's log
        with open(os.path.join(this.workers.folder, "round.pickle"), "wb") as file:
            pickle.dump((promise, traffic.seed, sent, this.predictions, this.dead_letters, log),
                        file)
    if policy != "wait":
        entry["given_up_s"] = given_up(log)
    return {**verdict, **entry, "uncommitted": this.uncommitted(), "faults": n,
            "kills": played.count("kill"), "sleeps": played.count("sleep"), "played": played,
            "on_unavailable": policy, "cache": has_cache,
            "connects": len(log.tries), "connects_s": most_in(log.tries, 1 - ON_TIME),
            "complaints": judge.complaints}
