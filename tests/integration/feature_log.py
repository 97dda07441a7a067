"""Feature records say what the model was given, one for each prediction.

Two processes score a live stream, some of it malformed, with `sink.features`. What they publish
is held against the rows that the reference scores: every value in its type, the names of
those that are missing, the id, the key, the order of each key. At least once there are as
many feature records as predictions; where a worker is killed meanwhile, both may come again.
Exactly once there is one of each, killed or not."""

import argparse
import collections
import json
import os
import subprocess
import time

import msgpack
import numpy as np

from bed import Bed, Tail, hang_guard
from case import Case, conclude, new_stream
from passage import await_settled
from stream import AVG_30D_DEFAULT, COLUMNS
from worker import BIN, Workers

# What is promised, the model that is given float32 or float64, whether a worker is killed.
RUNS = [("at_least_once", "binary", False), ("at_least_once", "double", True),
        ("exactly_once", "binary", True)]
RATE = 2000  # events a second
KILL_AFTER = 500  # feature records


class Log:
    """The feature records that came out, by the number of their event."""

    def __init__(self, case, dtype):
        self.case = case
        self.rows = case.stream.rows(dtype)
        self.missing = case.stream.missing()
        self.pack = msgpack.Packer(use_single_float=dtype == np.float32).pack
        self.times = collections.Counter()
        self.last_of_key = {}
        self.versions = set()
        self.values = []  # of good records, by their ids
        self.complaints = []

    def complain(self, text):
        self.complaints.append(text)

    def take(self, record):
        said = msgpack.unpackb(record.value)
        topic, partition, offset = said["id"].rsplit("/", 2)
        i = self.case.oracle.coordinates.get((int(partition), int(offset)))
        if topic != self.case.topic or i is None:
            return self.complain(f"{said['id']} is no event")
        if self.case.stream.kind[i] >= 0:
            return self.complain(f"{said['id']} is malformed and has a feature record")
        if record.value != self.expected(i, said):
            self.complain(f"{said['id']}: {said}")
        if record.key != self.case.oracle.key[i]:
            self.complain(f"{said['id']}: key {record.key}")
        self.versions.add(said["version"])
        self.values.append((said["id"], record.value))
        if not self.times[i]:
            self.judge_order(record, int(partition), int(offset))
        self.times[i] += 1

    def judge_order(self, record, partition, offset):
        place = partition, record.key
        before = self.last_of_key.get(place, (record.partition, -1))
        if record.key is not None and (record.partition != before[0] or offset <= before[1]):
            self.complain(f"key {record.key}: {offset} comes after {before}")
        self.last_of_key[place] = record.partition, offset

    def expected(self, i, said):
        """The bytes of the record; only what no reference knows is taken from it."""
        values = {name: None if np.isnan(value) else float(value)
                  for name, value in zip(COLUMNS, self.rows[i])}
        wanted = {"id": said["id"], "version": said["version"],
                  "time": msgpack.Timestamp.from_unix_nano(
                      int(self.case.oracle.timestamp[i]) * 1_000_000),
                  "quality": "defaulted" if self.missing[i] else "complete"}
        if self.missing[i]:
            wanted["missing"] = self.missing[i]
        return self.pack(wanted | {"features": values})


def predictions_of(bed, case, isolation):
    """How often each event has one, by its number; versions; scores by their ids."""
    tail = Tail(bed, case.sink, isolation)
    times = collections.Counter()
    versions, scores = set(), {}
    for record in tail.read_to(tail.ends()):
        said = msgpack.unpackb(record.value)
        times[said["event"]["n"]] += 1
        versions.add(said["version"])
        scores[said["id"]] = said["score"]
    tail.close()
    return times, versions, scores


def score_again(workers, case, log):
    """The scores of the records, as events of a file."""
    path = os.path.join(workers.folder, f"again-{case.stamp}")
    with open(f"{path}.msgpack", "wb") as file:
        for _, value in log.values:
            file.write(value)
    features = "\n".join(f"  {name}: {{from: event.features.{name}}}" for name in COLUMNS)
    with open(f"{path}.yaml", "w") as file:
        file.write(f"kafka: {{bootstrap.servers: none}}\nsource: {{topics: [x]}}\n"
                   f"model: {{path: {case.model}}}\nfeatures:\n{features}\n"
                   f"sink: {{topic: y}}\n")
    done = subprocess.run([BIN, "score", "-c", f"{path}.yaml", f"{path}.msgpack"],
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line)["score"] for line in done.stdout.splitlines()]


def kill_one(bed, case, worker):
    """When it has published something of what it was given."""
    tail = Tail(bed, case.features)
    seen = 0
    for _ in hang_guard("feature records"):
        seen += sum(1 for _ in tail.poll())
        if seen >= KILL_AFTER:
            break
    tail.close()
    worker.kill()
    time.sleep(0.5)
    worker.start()


def run(bed, workers, stream, delivery, kind, kills):
    case = Case(bed, workers, stream)
    case.features = f"features-{case.stamp}"
    bed.create_topics(case.features)
    case.use_model(kind)
    pair = [case.worker(name, delivery=delivery, feature_log=case.features).start()
            for name in ("a", "b")]
    case.wait_for_both()
    feeder = case.feed(RATE)
    if kills:
        kill_one(bed, case, pair[0])
        assert feeder.is_alive(), "all was sent before the worker was killed"
    feeder.finish()
    case.read_inputs()
    await_settled(bed, workers, case.group, case.topic)
    case.wait_for_both()
    workers.terminate()
    isolation = "read_committed" if delivery == "exactly_once" else "read_uncommitted"
    log = Log(case, np.float64 if kind == "double" else np.float32)
    tail = Tail(bed, case.features, isolation)
    for record in tail.read_to(tail.ends()):
        log.take(record)
    tail.close()
    predicted, versions, scores = predictions_of(bed, case, isolation)
    again = score_again(workers, case, log)
    good = set(np.flatnonzero(stream.kind < 0).tolist())
    may_repeat = kills and delivery == "at_least_once"
    faults = {"without_record": len(good - set(log.times)),
              "without_prediction": len(good - set(predicted)),
              "scored_otherwise": len(log.values) - sum(
                  scores[id] == score for (id, _), score in zip(log.values, again)),
              "versions": len(versions | log.versions) - 1, "wrong": len(log.complaints)}
    if not may_repeat:
        faults["repeated"] = sum(log.times.values()) - len(log.times)
        faults["not_as_many"] = abs(sum(log.times.values()) - sum(predicted.values()))
    verdict = {"events": stream.n, "good": len(good), "killed": kills,
               "predictions": sum(predicted.values()),
               "feature_records": sum(log.times.values()), **faults}
    return verdict, faults, log.complaints


def main():
    parser = argparse.ArgumentParser(prog="feature_log", description=__doc__)
    parser.add_argument("--events", type=int, default=8000)
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()
    bed = Bed()
    stream = new_stream(arguments.events, malformed_share=0.02)
    stream.fill_redis(bed.redis)
    assert AVG_30D_DEFAULT in stream.rows()[:, COLUMNS.index("avg_30d")]
    verdicts, faults, complaints = {}, {}, []
    with Workers("feature_log") as workers:
        for delivery, kind, kills in RUNS:
            name = f"{delivery} {kind}"
            verdicts[name], found, said = run(bed, workers, stream, delivery, kind, kills)
            faults |= {f"{name} {k}": v for k, v in found.items() if v}
            complaints += said[:5]
        conclude("feature_log", verdicts, faults, complaints, arguments.report)


if __name__ == "__main__":
    main()
