"""The examples on real brokers: their configurations as they are, but for names.

The streams of `leat demo`, keyed as their READMEs say, go through two workers, one of which
is killed with SIGKILL on the way. Whatever comes out for an event, once or again, has to be
what `leat score` says of the same events as a file, aggregates in memory alone: scores and
rankings to the last bit."""

import argparse
import json
import os
import pathlib
import re
import struct
import subprocess
import tempfile
from collections import namedtuple

import msgpack

from bed import Bed, hang_guard
from case import conclude
from passage import Passage
from worker import BIN, Workers

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
Example = namedtuple("Example", "name key_of id_field")
ALL = [Example("fraud", ("card", "id"), "transaction_id"),
       Example("recommend", ("user",), "view_id")]


class Run(Passage):
    """One example: its stream as files."""

    def __init__(self, bed, workers, dump, example, n):
        super().__init__(bed, workers, example.name)
        self.example = example
        self.dump = dump / example.name
        subprocess.run([BIN, "demo", example.name, "--dump", self.dump, f"--events={n}"],
                       check=True)
        with (self.dump / "events.msgpack").open("rb") as file:
            self.events = list(msgpack.Unpacker(file))
        self.fill_redis()
        self.configuration = self.configure()

    def fill_redis(self):
        pipe = self.bed.redis.pipeline(transaction=False)
        for line in (self.dump / "profiles.redis").read_text().splitlines():
            pipe.execute_command(*line.split())
        pipe.execute()

    def configure(self):
        """The example's file, with names of this run."""
        folder = EXAMPLES / self.example.name
        text = (folder / "leat.yaml").read_text()
        for pattern, value in ((r"topics: \[\w+\]", f"topics: [{self.topic}]"),
                               (r"group: [\w-]+", f"group: {self.group}\n  start: earliest"),
                               (r"(?<=sink:\n  topic: )[\w.]+", self.sink),
                               (r"(?<=dead_letter:\n  topic: )[\w.]+", self.dead),
                               (r"(path|golden): ", rf"\1: {folder}/")):
            text, n = re.subn(pattern, value, text)
            assert n == (2 if "golden" in pattern else 1), (pattern, n)
        return text

    def environment(self):
        return {"KAFKA_BROKERS": self.bed.brokers, "REDIS_URL": self.bed.redis_url,
                "REDIS_TIMEOUT": "5s", "LEAT_LANES": "2"}

    def expected(self):
        """What `leat score` says, by the event's id."""
        config = self.dump / "leat.yaml"
        config.write_text(self.configuration)
        done = subprocess.run(
            [BIN, "score", "-c", config, "--key", ".".join(("event", *self.example.key_of)),
             self.dump / "events.msgpack"], check=True, capture_output=True, text=True,
            env={**os.environ, **self.environment()})
        return {said["event"][self.example.id_field]: self.answer(said)
                for said in map(json.loads, done.stdout.splitlines())}

    @staticmethod
    def answer(said):
        """Without the place that the event came from; scores as the float32 that they are."""
        kept = {name: value for name, value in said.items()
                if name in ("score", "ranking", "decision", "quality", "missing", "version")}
        return json.loads(json.dumps(kept),
                          parse_float=lambda text: struct.pack("f", float(text)))

    def key(self, event):
        for step in self.example.key_of:
            event = event[step]
        return event.encode()

    def send(self, events):
        producer = self.bed.producer()
        for event in events:
            producer.send(self.topic, key=self.key(event), value=msgpack.packb(event))
        producer.flush()
        producer.close()

    def play(self):
        """Half of the stream, a kill while the other half is on its way."""
        half = len(self.events) // 2
        victim, survivor = (self.workers.add(f"{name}-{self.stamp}", self.configuration)
                            for name in ("victim", "survivor"))
        self.send(self.events[:half])
        victim.start(**self.environment())
        survivor.start(**self.environment())
        for _ in hang_guard("the first predictions"):
            self.workers.check()
            if sum(self.bed.ends(self.sink).values()):
                break
        self.send(self.events[half:])
        victim.kill()
        self.await_settled()
        survivor.terminate()

    def found(self):
        """All answers, by the event's id."""
        found = {}
        for record in self.read(self.sink):
            said = msgpack.unpackb(record.value)
            found.setdefault(said["event"][self.example.id_field], []).append(
                self.answer(said))
        return found


def verdict_of(run):
    expected, found = run.expected(), run.found()
    wrong = [(name, answer, said) for name, answer in expected.items()
             for said in found.get(name, []) if said != answer]
    lost = [name for name in expected if name not in found]
    again = sum(len(said) - 1 for said in found.values())
    return {"events": len(run.events), "predictions": len(found), "lost": len(lost),
            "came_again": again, "wrong": len(wrong),
            "unavailable": sum(said["quality"] == "unavailable"
                               for each in found.values() for said in each)}, wrong


def main():
    parser = argparse.ArgumentParser(prog="examples", description=__doc__)
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()
    bed = Bed()
    bed.redis.flushdb()
    verdicts, faults, complaints = {}, {}, []
    with Workers("examples") as workers, tempfile.TemporaryDirectory() as dump:
        for example in ALL:
            run = Run(bed, workers, pathlib.Path(dump), example, arguments.events)
            run.play()
            verdict, wrong = verdict_of(run)
            verdicts[example.name] = verdict
            if verdict["lost"] or verdict["wrong"] or not verdict["events"]:
                faults[example.name] = {"lost": verdict["lost"], "wrong": len(wrong)}
                complaints += [f"{example.name}: {each}" for each in wrong[:5]]
        conclude("examples", verdicts, faults, complaints, arguments.report)


if __name__ == "__main__":
    main()
