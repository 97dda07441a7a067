"""The worker that bench/run rank measures beside Leat: Python as one would write it well, like
bench/python_worker.py. Batches of 32 events, one prediction call for the candidates of all of
them, on one thread; the best ten of each by a stable sort.

    python_ranker.py BROKERS GROUP SOURCE SINK MODEL
"""

import sys
from itertools import chain
from operator import itemgetter

import numpy as np
from msgpack import packb, unpackb

import python_worker
from rank_stream import CANDIDATE, EVENT, TOP

of_event = itemgetter(*EVENT)
of_candidate = itemgetter(*CANDIDATE)


class Ranker(python_worker.Scorer):
    def run(self, events):
        """The ranking of each event."""
        lists = [event["candidates"] for event in events]
        sizes = [len(candidates) for candidates in lists]
        total = sum(sizes)
        rows = np.empty((total, len(EVENT) + len(CANDIDATE)), np.float32)
        rows[:, :len(EVENT)] = np.repeat(np.array([of_event(event) for event in events],
                                                  np.float32), sizes, axis=0)
        numbers = chain.from_iterable(map(of_candidate, chain.from_iterable(lists)))
        rows[:, len(EVENT):] = np.fromiter(numbers, np.float32).reshape(total, -1)
        scores = self.booster.inplace_predict(rows, validate_features=False)
        ends = np.cumsum(sizes).tolist()
        return [self.rank(candidates, scores[end - len(candidates):end])
                for candidates, end in zip(lists, ends)]

    @staticmethod
    def rank(candidates, scores):
        best = np.argsort(-scores, kind="stable")[:TOP]
        return [{"item": candidates[k]["id"], "score": score}
                for k, score in zip(best.tolist(), scores[best].tolist())]


def publish(producer, sink, ranker, records):
    for record in records:
        if record.error():
            raise RuntimeError(record.error())
    events = [unpackb(record.value()) for record in records]
    for record, event, ranking in zip(records, events, ranker.run(events)):
        prediction = {
            "id": f"{record.topic()}/{record.partition()}/{record.offset()}",
            "model": "ranker",
            "version": ranker.version,
            "ranking": ranking,
            "event": {"request": event["request"]},
        }
        producer.produce(sink, packb(prediction, use_single_float=True), record.key(),
                         on_delivery=python_worker.on_delivery)


if __name__ == "__main__":
    python_worker.BATCH = 32
    python_worker.Scorer = Ranker
    python_worker.publish = publish
    python_worker.main(*sys.argv[1:])
