"""Twelve conditions that no worker can mend: it turns unready at once, and ends (or halts) as
docs/operations.md says.

A round plays all twelve. Each worker is watched from outside: /readyz must say so, or nothing
any more, within ten seconds of the condition, and the process must end with the documented
code, in words that name the place. Needs a bed with TLS and passwords (scripts/bed --secure)."""

import os
import re
import time
import urllib.error
import urllib.request

import msgpack

from bed import hang_guard
from security import tls

SAMPLE = 1
A_ROUND = 1
PLEDGES = {"at_least_once": {"at_least": {"conditions": 12}, "wrong_ends": 0,
                             "unready_p99_s": 10}}
CONFIG, UNAVAILABLE, DATA, FATAL = 78, 69, 65, 70
ABSENT = "127.0.0.1:1"


def swap(old, new):
    def change(text):
        assert old in text, f"{old!r} is not in the configuration"
        return text.replace(old, new)
    return change


def add(line):
    return lambda text: text + line


def with_kafka(properties):
    lines = "".join(f"  {name}: {value}\n" for name, value in properties.items())
    return swap("kafka:\n", "kafka:\n" + lines)


class Watched:
    """A worker of its own group, whose readiness is asked for again and again."""

    def __init__(self, this, name, change=lambda text: text, **settings):
        self.worker = this.case.worker(name, listen="127.0.0.1:0", lanes=1, **{
            "brokers": this.bed.brokers, "delivery": "at_least_once", **settings})
        with open(self.worker.config) as file:
            text = file.read()
        group = this.case.group
        text = change(text.replace(f"group: {group}", f"group: {group}-{name}"))
        with open(self.worker.config, "w") as file:
            file.write(text)
        self.worker.start()
        self.address = None
        self.is_never_ready = False

    def said(self):
        with open(self.worker.log, errors="replace") as log:
            return log.read()

    def is_ready(self):
        """Whether /readyz says so. One that is not there is not ready."""
        if not self.address:
            found = re.search(r"listens on (127\.0\.0\.1:\d+)", self.said())
            if not found:
                return False
            self.address = found[1]
        try:
            with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5) as page:
                return page.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def await_ready(self):
        for _ in hang_guard("the worker to be ready"):
            self.worker.check()
            if self.is_ready():
                return self

    def turns_ready(self):
        """Whether it does, before it ends."""
        for _ in hang_guard("the worker to end"):
            if self.is_ready():
                return True
            if not self.worker.is_alive():
                return False

    def until_unready(self):
        began = time.monotonic()
        for _ in hang_guard("the worker to turn unready"):
            if not self.is_ready():
                return round(time.monotonic() - began, 2)

    def end(self):
        code = self.worker.process.wait(60)
        self.worker.process = None
        return code


def send(this, topic, *payloads):
    producer = this.bed.producer()
    for payload in payloads:
        producer.send(topic, value=payload)
    producer.flush()
    producer.close()


# --- the conditions: each makes a worker that meets it, and says how it has to end ------------

def at_start(name, code, words, change):
    """One that never turns ready."""
    def play(this):
        worker = Watched(this, name, change)
        worker.is_never_ready = True
        return worker, code, words
    return play


def topic_deleted(this):
    topic = f"{this.case.topic}-doomed"
    this.bed.create_topics(topic)
    worker = Watched(this, "deleted", swap(f"topics: [{this.case.topic}]",
                                           f"topics: [{topic}]")).await_ready()
    this.bed.admin.delete_topics([topic])
    return worker, FATAL, topic


def bad_event(this):
    worker = Watched(this, "bad", swap(f"dead_letter: {{topic: {this.case.dead}}}\n",
                                       "")).await_ready()
    send(this, this.case.topic, b"\xc1")
    return worker, DATA, "dead_letter.topic"


def refused_twice(this):
    small = f"{this.case.dead}-small"
    this.bed.create_topics(small, **{"max.message.bytes": "100"})
    worker = Watched(this, "refused", swap(f"topic: {this.case.dead}",
                                           f"topic: {small}")).await_ready()
    send(this, this.case.topic, msgpack.packb("no map"))
    return worker, FATAL, "dead letter was refused"


def fenced_member(this):
    change = swap("session.timeout.ms", 'group.instance.id": "one", "session.timeout.ms')
    worker = Watched(this, "member", change).await_ready()
    twin = Watched(this, "twin", lambda text: change(text).replace("-twin", "-member"))
    this.twins.append(twin)
    return worker, FATAL, "(?i)fenced"


def halted(this):
    worker = Watched(this, "halted").await_ready()
    send(this, this.case.topic, *[b"\xc1"] * 400)
    return worker, None, "halted: "


def conditions(this):
    case = this.case
    sink = f"topic: {case.sink}"
    secure = swap(this.bed.brokers, os.environ["KAFKA_TLS"])
    password = {"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN",
                "sasl.username": "leat", "sasl.password": "dust-and-ashes"}
    return {
        "a topic that is gone": topic_deleted,
        "a bad event and no topic for it": bad_event,
        "a dead letter that is refused": refused_twice,
        "a member that is fenced": fenced_member,
        "too many that fail": halted,
        "a wrong password": at_start(
            "password", CONFIG, "refuse the credentials", lambda text: with_kafka(password)(
                swap(this.bed.brokers, os.environ["KAFKA_SASL_BROKERS"])(text))),
        "a topic that is missing": at_start("missing", CONFIG, "no topic",
                                            swap(sink, "topic: nowhere")),
        "another model than the pinned one": at_start(
            "pinned", DATA, "sha256|digest", swap("  name: tested\n",
                                                  f"  name: tested\n  sha256: {'0' * 64}\n")),
        "a column without a feature": at_start(
            "column", CONFIG, "amount", swap("  amount: {from: event.amount}\n", "")),
        "an unknown key": at_start("key", CONFIG, "windw", swap("window:", "windw:")),
        "brokers that are not there": at_start("absent", None, "trying again",
                                               swap(this.bed.brokers, ABSENT)),
        "an authority that is not trusted": at_start(
            "stranger", None, "certificate verify failed",
            lambda text: with_kafka(tls("stranger"))(secure(text))),
    }


def ends_well(worker, code, words):
    """What is wrong with its end: `code` None is one that stays alive, and is not ready."""
    if code is None:
        for _ in hang_guard(f"the worker to say {words!r}"):
            worker.worker.check()
            if re.search(words, worker.said()):
                break
        ready = worker.is_ready()
        worker.worker.process.terminate()
        worker.end()
        return "is ready" if ready else None
    if worker.is_never_ready and worker.turns_ready():
        return "turned ready"
    found = worker.end()
    if found != code:
        return f"exit {found}, not {code}"
    return None if re.search(words, worker.said()) else f"does not say {words!r}"


def play(new_round, n):
    this = new_round(100)
    this.twins = []
    wrong, unready = [], []
    every = conditions(this)
    for name, condition in every.items():
        worker, code, words = condition(this)
        if not worker.is_never_ready:
            unready.append(worker.until_unready())
        fault = ends_well(worker, code, words)
        if fault:
            wrong.append(f"{name}: {fault}")
    for twin in this.twins:
        twin.worker.kill()
    return {"faults": 1, "conditions": len(every), "wrong_ends": len(wrong),
            "unready_s": unready, "complaints": wrong}
