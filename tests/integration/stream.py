"""A stream of events with known features, models trained on it, and the frameworks' own
scores.

Everything follows from the seed. Features come from the payload (nested, by index, absent,
nil, of every numeric type) and from two hashes in Redis (absent keys, absent fields)."""

import json

import lightgbm
import msgpack
import numpy as np
import xgboost

from malformed import KINDS

FEATURES = {
    "amount": "{from: event.amount}",
    "hour": "{from: event.hour}",
    "items": "{from: event.items}",
    "online": "{from: event.online}",
    "limit": "{from: event.card.limit}",
    "third": "{from: 'event.history[2]'}",
    "rate": "{from: event.rate}",
    "avg_30d": "{from: user.avg_30d, default: -1}",
    "count_30d": "{from: user.count_30d}",
    "risk": "{from: card.risk}",
}
COLUMNS = list(FEATURES)
AVG_30D_DEFAULT = -1.0
USERS = 2000
CARDS = 500
MODELS = ("binary", "multiclass", "regression", "double")
CLASSES = 5


def with_gaps(rng, values, share):
    return np.where(rng.random(len(values)) < share, np.nan, values)


class Stream:
    def __init__(self, n, seed=1, malformed_share=0.0):
        rng = np.random.default_rng(seed)
        self.n = n
        self.user = rng.integers(0, USERS, n)
        self.card = rng.integers(0, CARDS, n)
        self.user_avg = with_gaps(rng, rng.gamma(2, 30, USERS), 0.2)
        self.user_count = with_gaps(rng, rng.integers(0, 90, USERS), 0.1)
        self.card_risk = with_gaps(rng, rng.random(CARDS), 0.1)
        self.columns = {
            "amount": rng.gamma(1.5, 40, n),
            "hour": rng.integers(0, 24, n).astype(float),
            "items": with_gaps(rng, rng.integers(-3, 70000, n), 0.1),
            "online": rng.integers(0, 2, n).astype(float),
            "limit": rng.integers(1, 100, n) * 250.0,
            "third": with_gaps(rng, rng.normal(0, 1e6, n), 0.2),
            "rate": with_gaps(rng, rng.normal(0, 1e-3, n), 0.2),
            "avg_30d": self.user_avg[self.user],
            "count_30d": self.user_count[self.user],
            "risk": self.card_risk[self.card],
        }
        # kind[i]: which of KINDS event i is, or -1 for a good one
        self.kind = np.full(n, -1)
        bad = np.flatnonzero(rng.random(n) < malformed_share)
        self.kind[bad] = np.arange(len(bad)) % len(KINDS)

    def cut(self, n):
        """Only the first n were sent."""
        self.n = n
        self.user, self.card, self.kind = self.user[:n], self.card[:n], self.kind[:n]
        self.columns = {name: values[:n] for name, values in self.columns.items()}

    def rows(self, dtype=np.float32):
        """What the model is to be given, [n][columns]."""
        rows = np.column_stack([self.columns[name] for name in COLUMNS]).astype(dtype)
        avg = rows[:, COLUMNS.index("avg_30d")]
        avg[np.isnan(avg)] = AVG_30D_DEFAULT
        return rows

    def missing(self):
        """Which features have no value, as the prediction's `missing` says: [n] of names."""
        gaps = np.column_stack([np.isnan(self.columns[name]) for name in COLUMNS])
        names = {}
        for bits in np.unique(gaps, axis=0):
            names[bits.tobytes()] = [name for name, gap in zip(COLUMNS, bits) if gap]
        return [names[bits.tobytes()] for bits in gaps]

    def event(self, i):
        column = self.columns
        event = {
            "n": i,
            "user": f"u{self.user[i]}",
            "amount": float(column["amount"][i]),
            "hour": int(column["hour"][i]),
            "online": bool(column["online"][i]),
            "card": {"id": int(self.card[i]), "limit": int(column["limit"][i]),
                     "issuer": "Hundred Acre Savings Bank"},
            "rate": None if np.isnan(column["rate"][i]) else float(column["rate"][i]),
            "note": "what nobody asks for and the worker has to pass over",
            "tags": ["a", "bb", {"ccc": [1, 2.5, None, True]}],
        }
        if not np.isnan(column["items"][i]):
            event["items"] = int(column["items"][i])
        event["history"] = [0.5, -0.25]
        if not np.isnan(column["third"][i]):
            event["history"] += [float(column["third"][i]), 99]
        return event

    def payload(self, i):
        if self.kind[i] >= 0:
            return KINDS[self.kind[i]][1]
        event = self.event(i)
        if i % 31 == 0:  # another order of keys than the event before
            event = dict(reversed(event.items()))
        if i % 97 == 0:  # keys as bytes
            event = {key.encode(): value for key, value in event.items()}
        return msgpack.packb(event)

    def key(self, i):
        return None if i % 1000 == 999 else f"u{self.user[i]}".encode()

    def records(self, start=0, stop=None):
        """Key, value, headers; the header `n` is how the oracle knows the event again."""
        for i in range(start, self.n if stop is None else stop):
            yield self.key(i), self.payload(i), [("n", str(i).encode())]

    def fill_redis(self, client):
        client.flushdb()
        pipeline = client.pipeline(transaction=False)
        for user in range(USERS):
            fields = {"name": f"user {user}"}
            if not np.isnan(self.user_avg[user]):
                fields["avg_30d"] = repr(float(self.user_avg[user]))
            if not np.isnan(self.user_count[user]):
                fields["count_30d"] = str(int(self.user_count[user]))
            if len(fields) > 1:
                pipeline.hset(f"user:u{user}", mapping=fields)
        for card in range(CARDS):
            if not np.isnan(self.card_risk[card]):
                pipeline.hset(f"card:{card}", "risk", repr(float(self.card_risk[card])))
        pipeline.execute()


def train(kind):
    """A booster of that kind on a stream of its own: `double` is LightGBM's, which takes
    and gives doubles, the others are XGBoost's."""
    stream = Stream(8000, seed=99)
    rows = stream.rows()
    rng = np.random.default_rng(5)
    signal = (np.nan_to_num(rows) - np.nanmean(rows, 0)) / np.nanstd(rows, 0)
    target = signal @ rng.normal(0, 1, rows.shape[1]) + np.sin(signal[:, 0] * 3)
    parameters = {"max_depth": 6, "eta": 0.2, "nthread": 2, "seed": 3}
    rounds = 100
    if kind == "binary":
        parameters["objective"] = "binary:logistic"
        label = target > np.quantile(target, 0.8)
    elif kind == "multiclass":
        parameters |= {"objective": "multi:softprob", "num_class": CLASSES}
        rounds = 20
        label = np.digitize(target, np.quantile(target, [0.2, 0.4, 0.6, 0.8]))
    else:
        parameters["objective"] = "reg:squarederror"
        label = target
    if kind == "double":
        data = lightgbm.Dataset(stream.rows(np.float64), label, feature_name=COLUMNS)
        return lightgbm.train({"objective": "regression", "num_threads": 2, "seed": 3,
                               "verbose": -1}, data, num_boost_round=rounds)
    data = xgboost.DMatrix(rows, label=label, feature_names=COLUMNS)
    return xgboost.train(parameters, data, num_boost_round=rounds)


def reference(booster, stream):
    """The framework's own scores, float32 or float64 [n][outputs]."""
    if isinstance(booster, lightgbm.Booster):
        scores = booster.predict(stream.rows(np.float64), num_threads=2)
    else:
        scores = booster.inplace_predict(stream.rows(), validate_features=False)
    return np.ascontiguousarray(scores).reshape(stream.n, -1)


def configuration(bed, topic, model, group, sink, dead_letter=None, start="earliest",
                  client="leat", consumer=None, brokers=None, delivery=None, lanes=2,
                  kafka=None, listen="off", max_rate=None, out_of_range="stop", id_prefix="",
                  on_unavailable="default", redis_timeout="5s", feature_log=None):
    """The worker's YAML, as a user would write it. `kafka`: more properties of all clients,
    `consumer`: of the consumer. `listen`: where probes and metrics are. `feature_log`: the
    topic of feature records."""
    log = f", features: {feature_log}" if feature_log else ""
    features = "\n".join(f"  {name}: {what}" for name, what in FEATURES.items())
    consumer = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500,
                **(consumer or {})}
    rate = f", max_rate: {max_rate}" if max_rate is not None else ""
    bad = f"dead_letter: {{topic: {dead_letter}{rate}}}\n" if dead_letter else ""
    more = "".join(f"  {name}: {json.dumps(value)}\n" for name, value in (kafka or {}).items())
    promise = f"delivery: {delivery}\n" if delivery else ""
    if delivery == "exactly_once":
        promise += f"transaction: {{id_prefix: {group}-{client}}}\n"
    return f"""\
kafka:
  bootstrap.servers: {brokers or bed.brokers}
  client.id: {client}
{more}source:
  topics: [{topic}]
  group: {group}
  start: {start}
  out_of_range: {out_of_range}
  id_prefix: "{id_prefix}"
  kafka: {json.dumps(consumer)}
window: {{max_events: 256, max_wait: 2ms}}
model:
  name: tested
  path: {model}
features:
{features}
lookups:
  user: {{key: "user:{{event.user}}", on_unavailable: {on_unavailable}}}
  card: {{key: "card:{{event.card.id}}", on_unavailable: {on_unavailable}}}
redis: {{url: "{bed.redis_url}", timeout: {redis_timeout}}}
sink: {{topic: {sink}, include: [event.n]{log}}}
{bad}{promise}lanes: {lanes}
http: {{listen: "{listen}"}}
"""
