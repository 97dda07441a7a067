"""tests/chaos/run --selftest: the judge's own test, on a real broker.

A scorer that makes no mistake, in transactions as a worker should use them, passes. Then
each of six faults is planted in it, one at a time, and must show by its own name: a loss, a
duplicate, a reorder, a wrong score, a torn transaction, one that was never finished. The judge
of what Redis answered (answers.py) has plants of its own, in answers_test.py."""

import sys
import unittest

import msgpack
from kafka import KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

import answers_test
from bed import PARTITIONS, Bed, Tail
from case import Case, new_stream
from judge import Judge
from oracle import prediction_of
from report import COUNTS
from stream import reference
from worker import Workers

EVENTS = 600
BATCH = 100  # of a transaction
VICTIM = 217  # the place in the order of publication where a fault is planted

pack = msgpack.Packer(use_single_float=True).pack


class Scorer:
    """Publishes what belongs into the sink, a transaction a batch, with its offsets."""

    def __init__(self, case, records):
        self.case = case
        self.producer = KafkaProducer(
            bootstrap_servers=case.bed.brokers, transactional_id=f"scorer-{case.stamp}",
            transaction_timeout_ms=60000)
        self.producer.init_transactions()
        scores = reference(case.booster, case.stream)
        missing = case.stream.missing()
        self.outputs = []  # (input record, prediction)
        for record in records:
            i = int(dict(record.headers)["n"])
            self.outputs.append((record, prediction_of(case.topic, record, i, scores[i],
                                                       missing[i])))
        self.offsets = [{record.partition: record.offset + 1 for record, _ in batch}
                        for batch in self.batches()]

    def batches(self):
        return [self.outputs[at:at + BATCH] for at in range(0, len(self.outputs), BATCH)]

    def send(self, batch):
        for record, said in batch:
            self.producer.send(self.case.sink, key=record.key, value=pack(said))

    def send_offsets(self, offsets):
        self.producer.send_offsets_to_transaction(
            {TopicPartition(self.case.topic, p): OffsetAndMetadata(offset, "", -1)
             for p, offset in offsets.items()}, self.case.group)

    def publish(self, torn=None):
        for number, (batch, offsets) in enumerate(zip(self.batches(), self.offsets)):
            self.producer.begin_transaction()
            self.send(batch)
            if number == torn:
                self.producer.abort_transaction()
                self.producer.begin_transaction()
            self.send_offsets(offsets)
            self.producer.commit_transaction()

    def leave_open(self):
        self.producer.begin_transaction()
        self.send(self.outputs[:1])
        self.producer.flush()


def same_key(outputs):
    """Two neighbours of one key, behind the victim's place."""
    seen = {}
    for at, (record, _) in enumerate(outputs[VICTIM:], VICTIM):
        if record.key is not None and record.key in seen:
            return seen[record.key], at
        seen[record.key] = at
    raise AssertionError("no key comes twice")


def lose(scorer):
    del scorer.outputs[VICTIM]
    scorer.publish()


def duplicate(scorer):
    scorer.outputs.append(scorer.outputs[VICTIM])
    scorer.offsets.append({})
    scorer.publish()


def reorder(scorer):
    a, b = same_key(scorer.outputs)
    scorer.outputs[a], scorer.outputs[b] = scorer.outputs[b], scorer.outputs[a]
    scorer.publish()


def wrong_score(scorer):
    scorer.outputs[VICTIM][1]["score"] = scorer.outputs[VICTIM + 1][1]["score"]
    scorer.publish()


def tear(scorer):
    """One batch's predictions are aborted, and its offsets are committed all the same."""
    scorer.publish(torn=VICTIM // BATCH)


def leave_unfinished(scorer):
    scorer.publish()
    scorer.leave_open()


# What is planted, what has to show, and what else follows from it.
PLANTS = (
    ("no fault", Scorer.publish, None, ()),
    ("a loss", lose, "lost", ("torn",)),  # its offset is committed
    ("a duplicate", duplicate, "duplicated", ()),
    ("a reorder", reorder, "reordered", ()),
    ("a wrong score", wrong_score, "score_errors", ()),
    ("a torn transaction", tear, "torn", ("lost",)),
    ("an unfinished transaction", leave_unfinished, "open_transactions", ()),
)


def plant(bed, workers, how):
    case = Case(bed, workers, new_stream(EVENTS))
    case.use_model("binary")
    case.feed().finish()
    tail = Tail(bed, case.topic)
    # Partition by partition, so that a neighbour in the list is one in the stream.
    records = sorted(tail.read_to(tail.ends()), key=lambda r: (r.partition, r.offset))
    tail.close()
    assert len({record.partition for record in records}) == PARTITIONS
    judge = Judge(case, read_committed=True)
    how(Scorer(case, records))
    judge.start()
    verdict = judge.finish()
    return {**verdict, "uncommitted": case.uncommitted()}


def judge_of_answers():
    """What is wrong with it."""
    tests = unittest.defaultTestLoader.loadTestsFromModule(answers_test)
    result = unittest.TextTestRunner(stream=sys.stdout).run(tests)
    print(f"answers: {len(answers_test.PLANTS)} faults were planted")
    return [f"answers: {test}" for test, _ in (*result.failures, *result.errors)]


def main():
    bed = Bed()
    caught, mistakes = 0, judge_of_answers()
    with Workers("selftest") as workers:
        for name, how, fault, consequences in PLANTS:
            verdict = plant(bed, workers, how)
            shown = [count for count in COUNTS if count != "events" and verdict.get(count)]
            print(f"{name}: {', '.join(f'{n} {verdict[n]}' for n in shown) or 'nothing'}")
            caught += fault is not None and fault in shown
            if set(shown) - set(consequences) != ({fault} if fault else set()):
                mistakes.append(f"{name} was planted, and it says {verdict}")
    print(f"chaos selftest: {caught} of {len(PLANTS) - 1} planted faults caught")
    for mistake in mistakes:
        print(f"  {mistake}")
    sys.exit(1 if mistakes else 0)


if __name__ == "__main__":
    main()
