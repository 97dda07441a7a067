"""Events that rank their candidates, beside what XGBoost says of the same rows.

Each event asks for the best ten of 0, 1, 200 or any number of candidates, as msgpack and as
JSON. Features are of the event, of the candidate, of the user and of each candidate's item in
Redis. The ranking has to be the one that a stable sort of XGBoost's own scores gives, item by
item and to the last bit, with ties; `quality` and `missing` have to name what any candidate
lacks; an event without its list, with too many candidates or with one that cannot be read has
to be a dead letter that names it. `leat score` has to say the same of a file of the events."""

import argparse
import json
import os
import subprocess

import msgpack
import numpy as np
import xgboost

from bed import Bed
from case import conclude
from passage import Passage, play
from worker import BIN, Workers

USERS = 300
ITEMS = 4000
TOP = 10
MOST = 400
KINDS = ["good", "empty", "nil", "absent", "no list", "too many", "a text", "no item"]
LETTERS = {"absent": ("E_MISSING", "event.page.candidates: missing"),
           "no list": ("E_TYPE", "event.page.candidates: expected an array"),
           "too many": ("E_RANGE", f"{MOST + 1} candidates; at most {MOST} are allowed"),
           "a text": ("E_TYPE", "]: candidate.price: expected a number, found a string"),
           "no item": ("E_MISSING", "]: candidate.id: missing")}
COLUMNS = ["hour", "price", "position", "taste", "rating", "sales"]

CONFIGURATION = """\
kafka: {{bootstrap.servers: "{brokers}"}}
source: {{topics: [{topic}], group: {group}, format: {form}, start: earliest}}
window: {{max_events: 32}}
model: {{path: {model}}}
features:
  hour: {{from: event.hour}}
  price: {{from: candidate.price}}
  position: {{from: 'candidate.shown[1]', default: -1}}
  taste: {{from: user.taste}}
  rating: {{from: item.rating}}
  sales: {{from: item.sales, default: 0}}
lookups:
  user: {{key: "user:{{event.user}}", format: json}}
  item: {{key: "item:{{candidate.id}}"}}
rank: {{over: event.page.candidates, item: candidate.id, top: {top}, max: {most}}}
redis: {{url: "{redis}", timeout: 5s}}
sink: {{topic: {sink}, include: [event.n]}}
dead_letter: {{topic: {dead}, max_rate: 1}}
lanes: 2
"""


def gaps(rng, values, share):
    return np.where(rng.random(len(values)) < share, np.nan, values)


class Stream:
    def __init__(self, n, seed=1):
        rng = np.random.default_rng(seed)
        self.n = n
        self.taste = gaps(rng, rng.normal(0, 1, USERS), 0.1)
        self.rating = gaps(rng, rng.integers(1, 6, ITEMS).astype(float), 0.02)
        self.sales = gaps(rng, rng.gamma(1, 100, ITEMS).round(), 0.02)
        self.hour = gaps(rng, rng.integers(0, 24, n).astype(float), 0.05)
        self.user = rng.integers(0, USERS, n)
        self.kind = [KINDS[kind] for kind in
                     rng.choice(len(KINDS), n, p=[0.8, 0.05, 0.05] + 5 * [0.02])]
        size = np.where(rng.random(n) < 0.5, 200, rng.choice([1, 2, 37, MOST], n))
        self.candidates = [self.draw(rng, size[i], self.kind[i]) for i in range(n)]

    def draw(self, rng, size, kind):
        """(item, price, position): some twice, so that their scores are equal."""
        if kind in ("empty", "nil", "absent", "no list"):
            return []
        size = MOST + 1 if kind == "too many" else size
        item = rng.integers(0, ITEMS, size)
        price = gaps(rng, rng.gamma(2, 20, size).round(2), 0.01)
        position = gaps(rng, np.arange(size, dtype=float), 0.01)
        for i in np.flatnonzero(rng.random(size) < 0.1):
            j = rng.integers(0, size)
            item[i], price[i], position[i] = item[j], price[j], position[j]
        return list(zip(item.tolist(), price.tolist(), position.tolist()))

    def rows(self, i):
        """What the model is to be given, [candidates][columns]."""
        item = np.array([one[0] for one in self.candidates[i]], dtype=int)
        price = np.array([one[1] for one in self.candidates[i]])
        position = np.array([one[2] for one in self.candidates[i]])
        n = len(item)
        return np.column_stack([
            np.full(n, self.hour[i]), price, position, np.full(n, self.taste[self.user[i]]),
            self.rating[item], self.sales[item]]).reshape(n, len(COLUMNS))

    def missing(self, i):
        gone = np.isnan(self.rows(i)).any(axis=0)
        if not self.candidates[i]:  # then of the event alone
            gone[0] = np.isnan(self.hour[i])
        return [name for name, gap in zip(COLUMNS, gone) if gap]

    def candidate(self, item, price, position):
        made = {"id": item, "shown": [True] if np.isnan(position) else [True, int(position)],
                "title": "what nobody asks for", "price": None if np.isnan(price) else price}
        return dict(reversed(made.items())) if item % 7 == 0 else made

    def event(self, i):
        kind = self.kind[i]
        page = {"candidates": [self.candidate(*one) for one in self.candidates[i]]}
        if kind == "nil":
            page["candidates"] = None
        elif kind == "absent":
            del page["candidates"]
        elif kind == "no list":
            page["candidates"] = {"id": 1}
        elif kind == "a text":
            page["candidates"][-1]["price"] = "much"
        elif kind == "no item":
            del page["candidates"][-1]["id"]
        event = {"n": i, "user": f"u{self.user[i]}", "page": page}
        if not np.isnan(self.hour[i]):
            event["hour"] = int(self.hour[i])
        return event

    def payload(self, i, form):
        event = self.event(i)
        return msgpack.packb(event) if form == "msgpack" else json.dumps(event).encode()

    def send(self, producer, topic, form):
        for i in range(self.n):
            producer.send(topic, key=f"u{self.user[i]}".encode(), value=self.payload(i, form),
                          headers=[("n", str(i).encode())])
        producer.flush()
        producer.close()

    def fill_redis(self, client):
        client.flushdb()
        pipeline = client.pipeline(transaction=False)
        for user in range(USERS):
            if not np.isnan(self.taste[user]):
                pipeline.set(f"user:u{user}", json.dumps({"taste": self.taste[user]}))
        for item in range(ITEMS):
            fields = {name: repr(float(values[item]))
                      for name, values in (("rating", self.rating), ("sales", self.sales))
                      if not np.isnan(values[item])}
            if fields:
                pipeline.hset(f"item:{item}", mapping=fields)
        pipeline.execute()


def matrix(rows):
    rows = rows.astype(np.float32)
    for name, default in (("position", -1), ("sales", 0)):
        column = rows[:, COLUMNS.index(name)]
        column[np.isnan(column)] = default
    return xgboost.DMatrix(rows, feature_names=COLUMNS)


def train():
    stream = Stream(400, seed=9)
    lists = [stream.rows(i) for i in range(stream.n) if stream.candidates[i]]
    rows = np.concatenate(lists)
    signal = np.nan_to_num((rows - np.nanmean(rows, 0)) / np.nanstd(rows, 0))
    gain = signal[:, 4] - signal[:, 1] * signal[:, 3] - signal[:, 2] / 2 + signal[:, 5] / 3
    data = matrix(rows)
    data.set_label(np.digitize(gain, np.quantile(gain, [0.5, 0.8, 0.95])))
    data.set_group([len(one) for one in lists])
    return xgboost.train({"objective": "rank:ndcg", "max_depth": 6, "seed": 3, "nthread": 2},
                         data, num_boost_round=100)


def reference(booster, stream):
    """The answers: ranking, quality and missing of each event that is to be ranked."""
    answers = {}
    for i in range(stream.n):
        if stream.kind[i] in LETTERS:
            continue
        scores = (booster.predict(matrix(stream.rows(i))) if stream.candidates[i]
                  else np.zeros(0, np.float32))
        best = np.argsort(-scores, kind="stable")[:TOP]
        missing = stream.missing(i)
        answers[i] = ([{"item": stream.candidates[i][k][0], "score": float(scores[k])}
                       for k in best], "defaulted" if missing else "complete", missing)
    return answers


def answer(said):
    return said["ranking"], said["quality"], said.get("missing", [])


class Run(Passage):
    """The stream in one format."""

    def __init__(self, bed, workers, stream, model, form):
        super().__init__(bed, workers, form)
        self.form = form
        stream.send(bed.producer(), self.topic, form)
        self.worker = workers.add(self.stamp, CONFIGURATION.format(
            **self.names(), model=model, form=form, top=TOP, most=MOST))

    def faults(self, stream, answers):
        """Events that were not answered as they have to be."""
        found, letters = {}, {}
        for record in self.read(self.sink):
            said = msgpack.unpackb(record.value)
            found.setdefault(said["event"]["n"], []).append(answer(said))
        for record in self.read(self.dead):
            said = {name: value.decode() for name, value in record.headers}
            letters.setdefault(int(said["n"]), []).append(
                (said["__connect.errors.exception.class.name"],
                 said["__connect.errors.exception.message"]))
        return [(i, stream.kind[i], found.get(i), answers.get(i), letters.get(i))
                for i in range(stream.n)
                if found.get(i) != ([answers[i]] if i in answers else None)
                or not self.is_buried(letters.get(i, []), LETTERS.get(stream.kind[i]))]

    @staticmethod
    def is_buried(letters, wanted):
        if not wanted:
            return not letters
        return len(letters) == 1 and letters[0][0] == wanted[0] and wanted[1] in letters[0][1]

    def faults_of_score(self, stream, answers):
        """What `leat score` says of a file of the events."""
        path = f"{self.worker.config}.events"
        with open(path, "wb") as file:
            for i in range(stream.n):
                file.write(stream.payload(i, self.form) + b"\n" * (self.form == "json"))
        done = subprocess.run([BIN, "score", "-c", self.worker.config, path],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        said = [json.loads(line) for line in done.stdout.splitlines()]
        if len(said) != stream.n:
            return [("lines", len(said))]
        return [(i, line) for i, line in enumerate(said)
                if ("error" in line) != (i not in answers)
                or (i in answers and self.rounded(answer(line)) != answers[i])]

    @staticmethod
    def rounded(said):
        """Its texts of scores have the digits that a float32 needs."""
        ranking, *worth = said
        return ([{"item": one["item"], "score": float(np.float32(one["score"]))}
                 for one in ranking], *worth)


def main():
    parser = argparse.ArgumentParser(prog="ranking", description=__doc__)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()
    bed = Bed()
    stream = Stream(arguments.events)
    stream.fill_redis(bed.redis)
    with Workers("ranking") as workers:
        model = os.path.join(workers.folder, "ranker.ubj")
        booster = train()
        booster.save_model(model)
        answers = reference(booster, stream)
        runs = {form: Run(bed, workers, stream, model, form)
                for form in ("msgpack", "json")}
        play(workers, runs.values())
        faults = {form: run.faults(stream, answers) for form, run in runs.items()}
        for form, run in runs.items():
            faults[f"{form} by leat score"] = run.faults_of_score(stream, answers)
        verdicts = {form: {"events": stream.n, "ranked": len(answers),
                           "candidates": sum(len(stream.candidates[i]) for i in answers),
                           "dead_letters": stream.n - len(answers),
                           "faults": len(wrong)} for form, wrong in faults.items()}
        conclude("ranking", verdicts,
                 {form: len(wrong) for form, wrong in faults.items() if wrong},
                 [f"{form}: {one}"[:2000] for form in faults for one in faults[form][:3]],
                 arguments.report)


if __name__ == "__main__":
    main()
