"""The worker that bench/run pipeline measures beside Leat: Python as one would write it
well. Batches of 256, one prediction call a batch on one thread, compiled codecs, nothing
per event that could be done per batch. At least once: offsets are committed each second,
after everything published before was delivered.

    python_worker.py BROKERS GROUP SOURCE SINK MODEL
"""

import hashlib
import os
import signal
import sys
import time
from itertools import chain
from operator import itemgetter

import numpy as np
import xgboost
from confluent_kafka import Consumer, Producer
from msgpack import packb, unpackb

BATCH = 256
COMMIT_S = 1.0


class Scorer:
    def __init__(self, path):
        self.booster = xgboost.Booster(model_file=path)
        self.booster.set_param({"nthread": 1})
        self.row_of = itemgetter(*self.booster.feature_names)
        with open(path, "rb") as model:
            self.version = hashlib.sha256(model.read()).hexdigest()[:12]

    def run(self, events):
        numbers = chain.from_iterable(map(self.row_of, events))
        rows = np.fromiter(numbers, np.float32).reshape(len(events), -1)
        return self.booster.inplace_predict(rows, validate_features=False).tolist()


def on_delivery(error, _):
    if error is not None:
        print(f"not delivered: {error}", file=sys.stderr)
        os._exit(70)


def publish(producer, sink, scorer, records):
    for record in records:
        if record.error():
            raise RuntimeError(record.error())
    events = [unpackb(record.value()) for record in records]
    for record, event, score in zip(records, events, scorer.run(events)):
        prediction = {
            "id": f"{record.topic()}/{record.partition()}/{record.offset()}",
            "model": "fraud",
            "version": scorer.version,
            "score": score,
            "event": {"transaction_id": event["transaction_id"]},
        }
        producer.produce(sink, packb(prediction, use_single_float=True), record.key(),
                         on_delivery=on_delivery)


def main(brokers, group, source, sink, model):
    running = True

    def stop(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    scorer = Scorer(model)
    # The consumer and the producer have the properties that Leat gives its own.
    consumer = Consumer({
        "bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "fetch.wait.max.ms": 100,
        "socket.nagle.disable": True, "queued.max.messages.kbytes": 32768,
        "queued.min.messages": 1000000,
    })
    producer = Producer({
        "bootstrap.servers": brokers, "enable.idempotence": True, "acks": "all",
        "linger.ms": 1, "compression.type": "lz4", "partitioner": "murmur2_random",
        "socket.nagle.disable": True, "queue.buffering.max.messages": 1000000,
        "queue.buffering.max.kbytes": 524288,
    })
    consumer.subscribe([source])
    commit_at = time.monotonic() + COMMIT_S
    uncommitted = False
    while running:
        records = consumer.consume(BATCH, timeout=0.1)
        if records:
            publish(producer, sink, scorer, records)
            uncommitted = True
        producer.poll(0)
        if uncommitted and time.monotonic() >= commit_at:
            producer.flush()
            consumer.commit(asynchronous=True)
            uncommitted = False
            commit_at = time.monotonic() + COMMIT_S
    producer.flush()
    if uncommitted:
        consumer.commit(asynchronous=False)
    consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
