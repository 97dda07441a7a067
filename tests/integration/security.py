"""TLS, client certificates and SCRAM on a real broker: who is let in, who is refused, and
that no secret shows in what the worker says, at debug=all too."""

import argparse
import base64
import os
import re
import subprocess
import sys
import urllib.parse

from bed import Bed, hang_guard
from case import Case, new_stream
from worker import BIN, Workers

EVENTS = 400
SECRET = os.environ.get("KAFKA_SCRAM_PASSWORD")
WRONG = "Ladle-5527-brook"  # a password that nobody has; no less a secret


def certificate(name):
    return os.path.join(os.environ["KAFKA_CERTIFICATES"], name)


def tls(authority="ca", **more):
    return {"security.protocol": "ssl",
            "ssl.ca.location": certificate(f"{authority}.pem"), **more}


def with_key():
    return {"ssl.certificate.location": certificate("client.crt"),
            "ssl.key.location": certificate("client.locked.key"),
            "ssl.key.password": SECRET}


def scram(bits, password=None):
    return {**tls(), "security.protocol": "sasl_ssl",
            "sasl.mechanism": f"SCRAM-SHA-{bits}", "sasl.username": "leat",
            "sasl.password": password or SECRET}


# What is offered, at which listener.
WELCOME = (
    ("TLS", "TLS", tls),
    ("a client certificate, its key locked", "MTLS", lambda: tls(**with_key())),
)
SCRAM = (
    ("SCRAM-SHA-256", "SCRAM", lambda: scram(256)),
    ("SCRAM-SHA-512", "SCRAM", lambda: scram(512)),
)
# ... and a word that has to stand in the message.
REFUSED = (
    ("another authority", "TLS", lambda: tls("stranger"), "certificate verify failed"),
    ("another host's certificate", "WRONGHOST", tls, "certificate verify failed"),
    ("an expired certificate", "EXPIRED", tls, "certificate verify failed"),
    ("no client certificate", "MTLS", tls, "bad certificate"),
    ("a wrong password", "SCRAM", lambda: scram(256, WRONG), "refuse the credentials"),
)


def scram_is_understood():
    """librdkafka before 2.6.1 repeats the client's nonce in SCRAM's last message (its pull
    request 4895), which Kafka has refused since 4.0."""
    said = subprocess.run([BIN, "version"], capture_output=True, text=True, check=True)
    version = re.search(r"librdkafka +(\d+)\.(\d+)\.(\d+)", said.stdout)
    return os.environ["KAFKA_VERSION"] == "3.9" or tuple(
        map(int, version.groups())) >= (2, 6, 1)


def disguises(secret):
    """How a secret may look where it leaks."""
    raw = secret.encode()
    return {secret, base64.b64encode(raw).decode(), raw.hex(), urllib.parse.quote(secret)}


class Security:
    def __init__(self, bed, workers):
        self.bed = bed
        self.workers = workers
        self.stream = new_stream(EVENTS)
        self.stream.fill_redis(bed.redis)
        self.said = []  # all that workers said
        self.faults = []

    def case(self, listener, offered):
        case = Case(self.bed, self.workers, self.stream)
        case.use_model("binary")
        case.feed().finish()
        worker = case.worker("w", brokers=os.environ[f"KAFKA_{listener}"],
                             kafka={**offered(), "debug": "all"})
        return case, worker

    def fault(self, *words):
        self.faults.append(": ".join(words))

    def take_words(self, worker):
        with open(worker.log, errors="replace") as log:
            self.said.append(log.read())
        return self.said[-1]

    def welcome(self, name, listener, offered):
        case, worker = self.case(listener, offered)
        worker.start("--log-level", "debug")
        case.read_inputs()
        case.watch()
        verdict = case.finish()
        lost = verdict["lost"] or verdict["duplicated"] or verdict["score_errors"]
        if lost:
            self.fault(name, f"not all was scored: {verdict}")
        self.take_words(worker)

    def refuse(self, name, listener, offered, word):
        """`check` says so and gives up; `run` publishes nothing."""
        case, worker = self.case(listener, offered)
        checked = subprocess.run([BIN, "check", "-c", worker.config], capture_output=True,
                                 text=True, timeout=60)
        self.said.append(checked.stdout + checked.stderr)
        failure = next((line for line in checked.stdout.splitlines()
                        if line.startswith("FAIL")), "")
        if not checked.returncode or word not in failure:
            self.fault(name, f"check exits {checked.returncode} and says {failure!r}")
        print(f"  {name}: {failure}")
        worker.start("--log-level", "debug")
        for _ in hang_guard("the worker to notice"):
            if not worker.is_alive() or word in worker.last_words(1000):
                break
        if worker.is_alive():
            worker.kill()
        worker.process = None
        if sum(self.bed.ends(case.sink).values()):
            self.fault(name, "it scored all the same")
        self.take_words(worker)

    def search(self):
        leaks = sum(map(count_secrets, self.said))
        size = sum(map(len, self.said))
        print(f"security: {size} bytes said at debug=all, {leaks} secrets in them")
        if leaks:
            self.fault(f"{leaks} secrets in what workers said")
        if size < 100_000:
            self.fault(f"only {size} bytes said: is debug=all on?")


def count_secrets(text):
    return sum(text.count(shape) for secret in (SECRET, WRONG)
               for shape in disguises(secret))


def selftest():
    """A secret in any disguise is found."""
    for secret in (SECRET, WRONG):
        for shape in disguises(secret):
            if count_secrets(f"... {shape} ...") != 1:
                sys.exit(f"planted {shape!r} and did not find it")


def main():
    argparse.ArgumentParser(prog="security", description=__doc__).parse_args()
    if not SECRET:
        sys.exit("this bed is not secure: scripts/bed up --secure")
    selftest()
    with Workers("security") as workers:
        security = Security(Bed(), workers)
        welcome, refused = list(WELCOME), list(REFUSED)
        if scram_is_understood():
            welcome += SCRAM
        else:
            refused += [(*way, "older than 2.6.1") for way in SCRAM]
        for way in welcome:
            security.welcome(*way)
        for way in refused:
            security.refuse(*way)
        security.search()
        print(f"security: {len(welcome)} ways in, {len(refused)} refused, "
              f"{len(security.faults)} faults")
        for fault in security.faults:
            print(f"  {fault}")
        sys.exit(1 if security.faults else 0)


if __name__ == "__main__":
    main()
