"""Probes and metrics through the lives of workers, on real Kafka and Redis.

What /readyz says while a worker waits for its brokers, joins, scores, halts, fails and
drains; that the numbers of /metrics are what was sent, and clean for promtool; and that no
secret shows anywhere."""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

import msgpack

from bed import PARTITIONS, Bed, hang_guard
from case import Case, new_stream
from gate import Gate
from security import WRONG, count_secrets, tls, with_key
from worker import Workers

GOOD, BAD = 900, 40
FLOOD, CALM = 400, 200
LOOKED_UP = 3  # features that Redis feeds
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')
OPEN_METRICS = "application/openmetrics-text"


class Page:
    def __init__(self, code, kind, text):
        self.code, self.kind, self.text = code, kind, text

    def __repr__(self):
        return f"{self.code} {self.text.strip()!r}"

    def samples(self):
        """Each with its labels: [(name, {label: value}, value)]."""
        found = (SAMPLE.match(line) for line in self.text.splitlines()
                 if not line.startswith("#"))
        return [(at[1], dict(LABEL.findall(at[2] or "")), float(at[3])) for at in found]

    def sum(self, name, **labels):
        return sum(value for at, has, value in self.samples()
                   if at == name and labels.items() <= has.items())


class Probed:
    """A worker and its endpoints, whose port it took by itself."""

    def __init__(self, worker):
        self.worker = worker
        self.said = []  # all pages that it gave
        worker.start("--log-level", "debug")
        for _ in hang_guard("the address in the log"):
            worker.check()
            with open(worker.log, errors="replace") as log:
                found = re.search(r"listens on (127\.0\.0\.1:\d+)", log.read())
            if found:
                break
        self.address = found[1]

    def get(self, path, accept="text/plain"):
        request = urllib.request.Request(f"http://{self.address}{path}",
                                         headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                page = Page(answer.status, answer.headers["Content-Type"],
                            answer.read().decode())
        except urllib.error.HTTPError as refusal:
            page = Page(refusal.code, refusal.headers["Content-Type"],
                        refusal.read().decode())
        self.said.append(page.text)
        return page

    def await_page(self, path, code, words):
        for _ in hang_guard(f"{path} to say {code} {words!r}"):
            page = self.get(path)
            if page.code == code and words in page.text:
                return page

    def await_sum(self, least, name, **labels):
        for _ in hang_guard(f"{name} {labels} to reach {least}"):
            page = self.get("/metrics")
            if page.sum(name, **labels) >= least:
                return page

    def end(self, terminate=True):
        """Its exit code, when it has ended."""
        if terminate:
            self.worker.process.terminate()
        code = self.worker.process.wait(60)
        self.worker.process = None
        return code


class Probes:
    def __init__(self, bed, workers):
        self.bed = bed
        self.workers = workers
        self.stream = new_stream(GOOD)
        self.stream.fill_redis(bed.redis)
        self.faults = []
        self.probed = []

    def expect(self, found, wanted, what):
        if found != wanted:
            self.faults.append(f"{what}: {found!r}, not {wanted!r}")

    def case(self):
        case = Case(self.bed, self.workers, self.stream)
        case.use_model("binary")
        return case

    def start(self, case, name, change=lambda text: text, **settings):
        worker = case.worker(name, listen="127.0.0.1:0", **settings)
        with open(worker.config) as file:
            text = change(file.read())
        with open(worker.config, "w") as file:
            file.write(text)
        self.probed.append(Probed(worker))
        return self.probed[-1]

    def send(self, topic, payloads, partition=None):
        producer = self.bed.producer()
        for payload in payloads:
            producer.send(topic, value=payload, partition=partition)
        producer.flush()
        producer.close()

    def good(self, n):
        return [msgpack.packb(self.stream.event(i)) for i in range(n)]

    # ---- what is compared

    def check_numbers(self, case, probed):
        """The numbers of a worker that has scored GOOD and refused BAD events."""
        page = probed.await_sum(GOOD + BAD, "leat_records_consumed_total", topic=case.topic)
        page = probed.await_sum(page.sum("leat_batch_size_count"),
                                "leat_end_to_end_latency_seconds_count")
        with open(case.model, "rb") as model:
            version = hashlib.sha256(model.read()).hexdigest()[:12]
        batches = page.sum("leat_batch_size_count")
        wanted = {
            ("leat_records_consumed_total",): GOOD + BAD,
            ("leat_predictions_produced_total", ("model", "tested"),
             ("version", version)): GOOD,
            ("leat_records_failed_total", ("stage", "decode"), ("reason", "E_FORMAT")): BAD,
            ("leat_records_failed_total",): BAD,
            ("leat_dead_letters_total", ("reason", "E_FORMAT")): BAD,
            ("leat_dead_letters_total",): BAD,
            ("leat_batch_size_sum",): GOOD + BAD,
            ("leat_batch_wait_seconds_count",): batches,
            ("leat_stage_duration_seconds_count", ("stage", "model")): batches,
            ("leat_stage_duration_seconds_count",): 4 * batches,
            ("leat_end_to_end_latency_seconds_count",): batches,
            ("leat_feature_lookups_total",): LOOKED_UP * GOOD,
            ("leat_feature_lookups_total", ("source", "card")): GOOD,
            ("leat_feature_lookups_total", ("result", "unavailable")): 0,
            ("leat_assigned_partitions",): PARTITIONS,
            ("leat_consumer_lag",): 0,
            ("leat_rewinds_total",): 0,
            ("leat_ready",): 1,
            ("leat_halted",): 0,
            ("leat_model_info", ("version", version)): 1,
            ("leat_build_info",): 1,
        }
        for (name, *labels), value in wanted.items():
            self.expect(page.sum(name, **dict(labels)), value, f"{name} {labels}")
        hits = page.sum("leat_feature_lookups_total", result="hit")
        self.expect(0 < hits < LOOKED_UP * GOOD, True, "hits and gaps in Redis")
        self.expect(lags(page), {(case.topic, str(p)) for p in range(PARTITIONS)},
                    "partitions with a lag")

    def check_formats(self, probed):
        page = probed.get("/metrics")
        self.expect(page.kind, "text/plain; version=0.0.4; charset=utf-8", "content type")
        said = subprocess.run(["promtool", "check", "metrics"], input=page.text, text=True,
                              capture_output=True)
        self.expect((said.returncode, said.stdout + said.stderr), (0, ""), "promtool")
        page = probed.get("/metrics", OPEN_METRICS)
        self.expect(page.kind.startswith(OPEN_METRICS), True, f"type {page.kind}")
        self.expect(page.text.endswith("\n# EOF\n"), True, "the end of OpenMetrics")
        self.expect(probed.get("/").code, 404, "another page")

    # ---- lives

    def waits_joins_scores_and_drains(self):
        """The brokers come late and go early; everything is answered meanwhile."""
        case, gate = self.case(), Gate()
        probed = self.start(case, "late", brokers=os.environ["KAFKA_PROXIED"])
        probed.await_page("/readyz", 503, "no broker has answered yet")
        self.expect(probed.get("/livez").code, 200, "/livez without brokers")
        self.expect(probed.get("/metrics").sum("leat_ready"), 0, "leat_ready")
        gate.open()
        probed.await_page("/readyz", 200, "ready: 2 lanes, 8 partitions")
        self.send(case.topic, self.good(GOOD) + [b"\xc1"] * BAD)
        self.check_numbers(case, probed)
        self.check_formats(probed)
        gate.shut()
        probed.worker.process.terminate()
        probed.await_page("/readyz", 503, "draining")
        self.expect(probed.get("/livez").code, 200, "/livez while draining")
        gate.reopen()
        self.expect(probed.end(terminate=False), 0, "exit code after draining")
        gate.close()

    def shares_its_group(self):
        """More lanes than partitions: those without one are ready, too; and what another
        worker took over is shown no more."""
        case = self.case()
        first = self.start(case, "first")
        first.await_page("/readyz", 200, "ready: 2 lanes, 8 partitions")
        second = self.start(case, "second", lanes=8)
        second.await_page("/readyz", 200, "ready: 8 lanes")
        for _ in hang_guard("eight partitions between the two"):
            pages = [probed.get("/metrics") for probed in (first, second)]
            if [sorted(set.union(*map(lags, pages))), sum(map(len, map(lags, pages)))] == [
                    sorted((case.topic, str(p)) for p in range(PARTITIONS)), PARTITIONS]:
                break
        for probed, page in zip((first, second), pages):
            self.expect(len(lags(page)), page.sum("leat_assigned_partitions"),
                        "partitions with a lag")
            self.expect(probed.end(), 0, "exit code")

    def halts(self):
        """Settles nothing more, stays a member, says why; a peer that joins is answered.
        Mended, the group scores what was left."""
        case = self.case()
        probed = self.start(case, "flooded", max_rate=0.5)
        probed.await_page("/readyz", 200, "ready")
        self.send(case.topic, [b"\xc1"] * FLOOD)
        page = probed.await_page("/readyz", 503, "halted: ")
        for words in ("decode", "E_FORMAT", "dead_letter.max_rate is 0.5"):
            self.expect(words in page.text, True, f"{page} says {words}")
        self.expect(probed.get("/livez").code, 200, "/livez when halted")
        self.expect(probed.get("/metrics").sum("leat_halted"), 1, "leat_halted")
        self.send(case.topic, self.good(CALM))
        peer = self.start(case, "peer", max_rate=1)
        peer.await_page("/readyz", 200, "ready: 2 lanes, 4 partitions")
        self.bed.wait_for_members(case.group, 4)
        self.expect(peer.end(), 0, "exit code of the peer")
        probed.await_sum(PARTITIONS, "leat_assigned_partitions")
        before = self.bed.committed(case.group, case.topic)
        consumed = probed.get("/metrics").sum("leat_records_consumed_total")
        self.expect(consumed <= FLOOD, True, f"{consumed} events consumed by one that halted")
        self.expect(probed.end(), 65, "exit code of one that halted")
        self.expect(self.bed.committed(case.group, case.topic), before,
                    "offsets settled by one that halted")
        with open(probed.worker.log) as log:
            self.expect(log.read().count("halted: "), 1, "lines that say it halted")
        self.scores_the_rest(case)

    def scores_the_rest(self, case):
        mended = self.start(case, "mended", max_rate=1)
        for _ in hang_guard("the rest to be settled"):
            mended.worker.check()
            if not case.uncommitted():
                break
        self.expect(mended.end(), 0, "exit code of one that was mended")

    def fails(self):
        """What ends a worker is told before it has ended: it cannot leave its group yet."""
        case, gate = self.case(), Gate()
        gate.open()
        case.dead = None
        probed = self.start(case, "fatal", brokers=os.environ["KAFKA_PROXIED"], lanes=1,
                            consumer={"fetch.wait.max.ms": 4000})
        probed.await_page("/readyz", 200, "ready: 1 lane, 8 partitions")
        self.send(case.topic, self.good(1), partition=0)
        probed.await_sum(1, "leat_end_to_end_latency_seconds_count")
        gate.shut()  # behind a fetch that waits for events
        self.send(case.topic, [b"\xc1"], partition=0)
        probed.await_page("/readyz", 503, "failed: lane ")
        self.expect(f"{case.topic}/" in probed.said[-1], True,
                    f"{probed.said[-1]!r} names the event")
        self.expect(probed.end(terminate=False), 65, "exit code of one that failed")
        gate.close()

    def keeps_secrets(self):
        """A key's password, and two that nobody asks for, at debug level."""
        case = self.case()
        with_password = self.bed.redis_url.replace("redis://", f"redis://:{WRONG}@")
        probed = self.start(
            case, "secret", brokers=os.environ["KAFKA_MTLS"],
            change=lambda text: text.replace(self.bed.redis_url, with_password),
            kafka={**tls(**with_key()), "sasl.password": WRONG, "debug": "all"})
        probed.await_page("/readyz", 200, "ready")
        self.send(case.topic, self.good(50) + [b"\xc1"])
        probed.await_sum(51, "leat_records_consumed_total")
        page = probed.get("/metrics")
        self.expect(page.sum("leat_feature_lookups_total", result="unavailable"),
                    LOOKED_UP * 50, "values that Redis refused")
        self.expect(probed.end(), 0, "exit code")

    def search_secrets(self):
        said = [text for probed in self.probed for text in probed.said]
        for probed in self.probed:
            with open(probed.worker.log, errors="replace") as log:
                said.append(log.read())
        leaks = sum(map(count_secrets, said))
        print(f"probes: {sum(map(len, said))} bytes said, {leaks} secrets in them")
        self.expect(leaks, 0, "secrets in what workers said")


def lags(page):
    return {(has["topic"], has["partition"]) for name, has, _ in page.samples()
            if name == "leat_consumer_lag"}


def main():
    parser = argparse.ArgumentParser(prog="probes", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", default="", help="lives that hold TEXT")
    arguments = parser.parse_args()
    with Workers("probes") as workers:
        probes = Probes(Bed(), workers)
        lives = [probes.waits_joins_scores_and_drains, probes.shares_its_group,
                 probes.halts, probes.fails, probes.keeps_secrets, probes.search_secrets]
        for life in lives:
            if arguments.only in life.__name__:
                life()
                print(f"probes: {life.__name__}: {len(probes.faults)} faults so far")
        for fault in probes.faults:
            print(f"  {fault}")
        for probed in probes.probed:
            probed.worker.check_sanitizers()
        sys.exit(1 if probes.faults else 0)


if __name__ == "__main__":
    main()
