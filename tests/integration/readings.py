"""Features that are more than numbers, on a stream that is not all for the model.

A model of LightGBM's, trained on a DataFrame with an hour, a weekday, an age in seconds,
categories of strings and of numbers, from the event, from the record's key and headers and
from Redis. Every event that `source.where` lets in has to get the score that LightGBM's
predict gives for the frame, to the last bit; all others have to leave no trace, however
unlike they are; what is malformed has to be a dead letter."""

import argparse
import json
import os
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import lightgbm
import msgpack
import numpy as np
import pandas

from bed import Bed
from case import conclude
from passage import Passage, play
from worker import Workers

COUNTRIES = ["NO", "DE", "Åland", "FR"]
MERCHANTS = [5411, 4111, -1, 5732]
CHANNELS = ["web", "app", "shop"]
TIERS = ["gold", "silver"]
USERS = 100
ZONE = "America/St_Johns"
BEGAN = 1_700_000_000

CONFIGURATION = """\
kafka: {{bootstrap.servers: "{brokers}"}}
source:
  topics: [{topic}]
  group: {group}
  format: {form}
  start: earliest
  time: event.at
  where: {{event.kind: [purchase, 7], event.test: false}}
model: {{path: {model}}}
features:
  amount: {{from: event.amount}}
  hour: {{from: event.at, as: hour, zone: {zone}}}
  weekday: {{from: event.at, as: weekday, zone: {zone}}}
  age: {{from: user.created_at, as: seconds_since}}
  country: {{from: event.country}}
  merchant: {{from: event.merchant.code}}
  channel: {{from: headers.channel}}
  tier: {{from: user.tier, categories: {tiers}, default: silver}}
  user: {{from: key}}
lookups: {{user: {{key: "user:{{key}}"}}}}
redis: {{url: "{redis}", timeout: 5s}}
sink: {{topic: {sink}, include: [event.n]}}
dead_letter: {{topic: {dead}, max_rate: 1}}
lanes: 2
"""


def maybe(rng, values, share=0.1):
    return [None if gap else value for gap, value in zip(rng.random(len(values)) < share,
                                                         values)]


class Stream:
    def __init__(self, n, seed=1):
        rng = np.random.default_rng(seed)
        self.n = n
        self.at = BEGAN + rng.integers(0, 400 * 86400, n) + rng.integers(0, 4, n) / 4
        self.amount = maybe(rng, rng.gamma(2, 100, n).round(2).tolist())
        self.country = maybe(rng, rng.choice([*COUNTRIES, "XX"], n).tolist())
        self.merchant = maybe(rng, rng.choice([*MERCHANTS, 1], n).tolist())
        self.channel = maybe(rng, rng.choice(CHANNELS, n).tolist())
        self.user = rng.integers(0, USERS, n)
        self.created = BEGAN - rng.integers(0, 10**8, USERS)
        self.created_text = maybe(rng, range(USERS))
        self.tier = maybe(rng, rng.choice(TIERS, USERS).tolist())
        # 0: scored; then what the filter leaves out, and what is malformed
        self.what = rng.choice(6, n, p=[0.6, 0.1, 0.1, 0.1, 0.05, 0.05]).tolist()

    def frame(self):
        """What the model is to be given."""
        local = [datetime.fromtimestamp(at, ZoneInfo(ZONE)) for at in self.at]
        created = [np.nan if self.created_text[user] is None
                   else float(self.created[user]) for user in self.user]
        tier = [TIERS.index(self.tier[user] or "silver") for user in self.user]
        return pandas.DataFrame({
            "amount": np.array(self.amount, np.float64),
            "hour": [float(time.hour) for time in local],
            "weekday": [float(time.weekday()) for time in local],
            "age": self.at - np.array(created),
            "country": pandas.Categorical(self.country, COUNTRIES),
            "merchant": pandas.Categorical(self.merchant, MERCHANTS),
            "channel": pandas.Categorical(self.channel, CHANNELS),
            "tier": np.array(tier, np.float64),
            "user": self.user.astype(np.float64)})

    def event(self, i, form):
        event = {"n": i, "kind": 7 if i % 3 else "purchase", "test": False,
                 "at": self.time(i, form), "amount": self.amount[i],
                 "country": self.country[i], "merchant": {"code": self.merchant[i]}}
        if self.amount[i] is None:
            del event["amount"]
        left_out = {1: {"kind": "view", "amount": "much", "merchant": 5, "country": []},
                    2: {"test": True, "at": "never"}, 3: {"kind": None}}
        return event | left_out.get(self.what[i], {})

    def time(self, i, form):
        """In all forms that a time may have."""
        at = float(self.at[i])
        text = datetime.fromtimestamp(at, timezone.utc).isoformat()
        forms = [at, round(at * 1000), text, msgpack.Timestamp.from_unix(at)]
        return forms[i % (4 if form == "msgpack" else 3)]

    def payload(self, i, form):
        if self.what[i] == 4:
            return None  # a tombstone
        event = self.event(i, form)
        packed = msgpack.packb(event) if form == "msgpack" else json.dumps(event).encode()
        return packed[:-1] if self.what[i] == 5 else packed

    def send(self, producer, topic, form):
        for i in range(self.n):
            channel = self.channel[i]
            headers = [] if channel is None else [("channel", channel.encode())]
            producer.send(topic, key=str(self.user[i]).encode(),
                          value=self.payload(i, form), timestamp_ms=BEGAN * 1000,
                          headers=[("n", str(i).encode()), *headers])
        producer.flush()
        producer.close()

    def fill_redis(self, client):
        client.flushdb()
        for user in range(USERS):
            fields = {"name": "somebody"}
            if self.created_text[user] is not None:
                created = int(self.created[user])
                text = datetime.fromtimestamp(created, timezone.utc).isoformat()
                fields["created_at"] = text if user % 2 else created
            if self.tier[user]:
                fields["tier"] = self.tier[user]
            client.hset(f"user:{user}", mapping=fields)


def train():
    stream = Stream(4000, seed=9)
    frame = stream.frame()
    target = (frame.hour.isin([3, 4, 5]) * 2 + frame.weekday / 3 + frame.age / 1e8
              + frame.country.isin(["DE", "Åland"]) + frame.merchant.isin([4111, -1]) * 1.5
              + (frame.channel == "app") + frame.tier + (frame.amount > 150)
              + (frame.user % 7) / 7)
    return lightgbm.train(
        {"objective": "regression", "num_threads": 2, "seed": 3, "verbose": -1,
         "min_data_per_group": 5, "cat_smooth": 1},
        lightgbm.Dataset(frame, np.nan_to_num(target)), num_boost_round=60)


class Run(Passage):
    """The stream in one format."""

    def __init__(self, bed, workers, stream, model, form):
        super().__init__(bed, workers, form)
        stream.send(bed.producer(), self.topic, form)
        self.worker = workers.add(self.stamp, CONFIGURATION.format(
            **self.names(), model=model, form=form, zone=ZONE, tiers=json.dumps(TIERS)))

    def faults(self, stream, scores):
        """Events that were not answered as they have to be."""
        found, letters = {}, {}
        for record in self.read(self.sink):
            said = msgpack.unpackb(record.value)
            found.setdefault(said["event"]["n"], []).append(said["score"])
        for record in self.read(self.dead):
            said = dict(record.headers)
            letters.setdefault(int(said["n"]), []).append(
                said["__connect.errors.exception.class.name"].decode())
        return [(i, found.get(i), scores[i], letters.get(i)) for i in range(stream.n)
                if found.get(i, []) != [scores[i]] * (stream.what[i] == 0)
                or letters.get(i, []) != ["E_TRUNCATED"] * (stream.what[i] == 5)]


def main():
    parser = argparse.ArgumentParser(prog="readings", description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()
    bed = Bed()
    stream = Stream(arguments.events)
    stream.fill_redis(bed.redis)
    with Workers("readings") as workers:
        model = os.path.join(workers.folder, "model.txt")
        booster = train()
        booster.save_model(model)
        scores = booster.predict(stream.frame(), num_threads=2).tolist()
        runs = {form: Run(bed, workers, stream, model, form)
                for form in ("msgpack", "json")}
        play(workers, runs.values())
        faults = {form: run.faults(stream, scores) for form, run in runs.items()}
        verdicts = {form: {"events": stream.n, "scored": stream.what.count(0),
                           "left_out": sum(map(stream.what.count, (1, 2, 3, 4))),
                           "malformed": stream.what.count(5),
                           "faults": len(faults[form])} for form in runs}
        conclude("readings", verdicts,
                 {form: len(wrong) for form, wrong in faults.items() if wrong},
                 [f"{form}: {wrong}" for form in faults for wrong in faults[form][:5]],
                 arguments.report)


if __name__ == "__main__":
    main()
