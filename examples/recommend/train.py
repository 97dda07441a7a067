"""Trains the ranking model that Leat ships, on the stream of `leat demo recommend`.

    python3 -m venv build/python/recommend
    build/python/recommend/bin/pip install --no-deps -r examples/recommend/requirements.txt
    build/python/recommend/bin/python examples/recommend/train.py build/release/leat

writes recommend.onnx and recommend.golden.ndjson beside this file. Two towers: one makes a
vector of what the user viewed, by attention over the history with the present item as the
query; the other has a vector for each item. Their product, and how often the candidate was
viewed of late, is the score. Trained with the softmax over all items, in NumPy, gradients
written out. The rows are those that `leat features` makes with leat.yaml, which scores the
live stream: training and scoring cannot differ. A redis-server must be installed."""

import json
import pathlib
import sys
import tempfile

import msgpack
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import world  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TRAIN_EVENTS, TRAIN_SEED = 300_000, 1001
TEST_EVENTS, TEST_SEED = 50_000, 1002
ITEMS, LENGTH, WIDTH, TOP = 1001, 20, 16, 10
BATCH, EPOCHS, RATE = 1024, 8, 0.01
GOLDEN_ROWS = 50
LEAST_HIT_RATE = 0.6
NOWHERE = -1e9  # the logit of a place of the history that is empty


# ---- rows ----

def narrow(folder, labels):
    """Leaves each event the one candidate that was viewed next: a row each, to learn from.
    Gives the candidates that there were."""
    path, all_candidates = folder / "events.msgpack", []
    events = list(msgpack.Unpacker(path.open("rb"), timestamp=0))
    with path.open("wb") as file:
        for event, label in zip(events, labels, strict=True):
            all_candidates.append(event["candidates"])
            file.write(msgpack.packb({**event, "candidates": [label]}))
    return np.array(all_candidates)


def generate(leat, events, seed):
    """What the model is given of each event: history, item, and the true candidate; then
    all of its candidates, and the views of every item."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        labels = world.dump(leat, "recommend", folder, events, seed)
        candidates = narrow(folder, labels)
        rows = [record["rows"][0]
                for record in world.records(leat, "recommend", folder, key="event.user")]
        views = np.zeros(ITEMS, np.float32)
        for line in (folder / "profiles.redis").open():
            _, key, _, count = line.split()
            views[int(key.split(":")[1])] = float(count)
    columns = {name: np.array([row[name] for row in rows], np.int64)
               for name in ("history", "item", "candidate")}
    assert (columns["candidate"].ravel() == labels).all()
    return columns, candidates, views


# ---- the model ----

def new_parameters(rng):
    def normal(*shape):
        return rng.normal(0, WIDTH ** -0.5, shape).astype(np.float32)

    parameters = {
        "viewed": normal(ITEMS, WIDTH),     # an item of the history; 0, the padding, is zeros
        "offered": normal(ITEMS, WIDTH),    # a candidate
        "query": normal(WIDTH, WIDTH),      # the present item to what it looks for
        "recency": np.zeros(LENGTH, np.float32),
        "from_item": normal(WIDTH, WIDTH),  # the present item to the user's vector,
        "from_found": normal(WIDTH, WIDTH),  # what attention found,
        "from_mean": normal(WIDTH, WIDTH),  # and the mean of the history
        "popularity": np.zeros(1, np.float32),
    }
    parameters["viewed"][0] = 0
    return parameters


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def look_back(p, history, item):
    """The user's vector (rows, WIDTH), and what it was made of."""
    keys = p["viewed"][history]                                # (rows, LENGTH, WIDTH)
    now = p["viewed"][item]                                    # (rows, WIDTH)
    query = now @ p["query"]
    empty = (history == 0) * np.float32(NOWHERE)
    weights = softmax(np.einsum("blw,bw->bl", keys, query) + p["recency"] + empty)
    found = np.einsum("bl,blw->bw", weights, keys)
    count = np.maximum((history != 0).sum(axis=1, keepdims=True), 1).astype(np.float32)
    mean = keys.sum(axis=1) / count
    user = now @ p["from_item"] + found @ p["from_found"] + mean @ p["from_mean"]
    return user, (keys, now, query, weights, found, count, mean)


def step(p, history, item, candidate, log_views):
    """The mean loss of a batch, and its gradients."""
    n = len(item)
    user, (keys, now, query, weights, found, count, mean) = look_back(p, history, item)
    shares = softmax(user @ p["offered"].T + p["popularity"] * log_views)
    loss = -np.log(shares[np.arange(n), candidate] + 1e-12).mean()
    shares[np.arange(n), candidate] -= 1
    d_logits = shares / n
    d_user = d_logits @ p["offered"]
    d_found, d_mean = d_user @ p["from_found"].T, d_user @ p["from_mean"].T
    d_weights = np.einsum("bw,blw->bl", d_found, keys)
    d_attention = weights * (d_weights - (weights * d_weights).sum(axis=1, keepdims=True))
    d_query = np.einsum("bl,blw->bw", d_attention, keys)
    d_keys = (weights[:, :, None] * d_found[:, None, :]
              + d_attention[:, :, None] * query[:, None, :]
              + (d_mean / count)[:, None, :])
    d_now = d_user @ p["from_item"].T + d_query @ p["query"].T
    d_viewed = np.zeros_like(p["viewed"])
    np.add.at(d_viewed, history, d_keys)
    np.add.at(d_viewed, item, d_now)
    d_viewed[0] = 0
    return loss, {
        "viewed": d_viewed, "offered": d_logits.T @ user, "query": now.T @ d_query,
        "recency": d_attention.sum(axis=0), "from_item": now.T @ d_user,
        "from_found": found.T @ d_user, "from_mean": mean.T @ d_user,
        "popularity": np.array([(d_logits @ log_views).sum()], np.float32),
    }


def train(columns, log_views):
    """Adam (Kingma, Ba 2015), its rate falling to nothing."""
    rng = np.random.default_rng(1)
    p = new_parameters(rng)
    first = {name: np.zeros_like(value) for name, value in p.items()}
    second = {name: np.zeros_like(value) for name, value in p.items()}
    history, item = columns["history"], columns["item"].ravel()
    candidate = columns["candidate"].ravel()
    n_steps, at = EPOCHS * (len(item) // BATCH), 0
    for epoch in range(EPOCHS):
        losses = []
        for rows in rng.permutation(len(item))[:len(item) // BATCH * BATCH].reshape(-1, BATCH):
            loss, gradients = step(p, history[rows], item[rows], candidate[rows], log_views)
            losses.append(loss)
            at += 1
            rate = RATE * (1 - at / (n_steps + 1))
            for name, gradient in gradients.items():
                first[name] += 0.1 * (gradient - first[name])
                second[name] += 0.001 * (gradient ** 2 - second[name])
                p[name] -= rate * (first[name] / (1 - 0.9 ** at)) / (
                    np.sqrt(second[name] / (1 - 0.999 ** at)) + 1e-8)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.4f}", flush=True)
    return p


# ---- how good it is ----

def places(scores, is_true):
    """The place of the true candidate in each row, from 1 on."""
    true = scores[is_true][:, None]
    return 1 + (scores > true).sum(axis=1)


def judge(p, columns, candidates, log_views):
    user, _ = look_back(p, columns["history"], columns["item"].ravel())
    scores = (np.einsum("bw,bcw->bc", user, p["offered"][candidates])
              + p["popularity"] * log_views[candidates])
    is_true = candidates == columns["candidate"].reshape(-1, 1)
    place = places(scores, is_true)
    popular = places(log_views[candidates], is_true)
    hit_rate = (place <= TOP).mean()
    ndcg = np.where(place <= TOP, 1 / np.log2(1 + place), 0).mean()
    print(f"on {len(place)} events of other users: hit rate {hit_rate:.4f}, NDCG {ndcg:.4f}; "
          f"most viewed {(popular <= TOP).mean():.4f}, "
          f"random {TOP / candidates.shape[1]:.4f}")
    return hit_rate


# ---- the file ----

def to_onnx(p):
    """The same as look_back and the product, for a candidate a row."""
    constants = {
        **{name: p[name] for name in ("viewed", "offered", "query", "from_item", "from_found",
                                      "from_mean", "popularity")},
        "recency": p["recency"].reshape(1, 1, LENGTH),
        "zero": np.array(0, np.int64), "one": np.array(1, np.float32),
        "nowhere": np.array(NOWHERE, np.float32),
        "places": np.array([1], np.int64), "width": np.array([2], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["viewed", "history"], ["keys"]),           # (rows, LENGTH, WIDTH)
        node("Gather", ["viewed", "item"], ["now"]),               # (rows, 1, WIDTH)
        node("MatMul", ["now", "query"], ["looks_for"]),
        node("Transpose", ["keys"], ["across"], perm=[0, 2, 1]),
        node("MatMul", ["looks_for", "across"], ["alike"]),        # (rows, 1, LENGTH)
        node("Equal", ["history", "zero"], ["is_empty"]),
        node("Cast", ["is_empty"], ["empty"], to=TensorProto.FLOAT),
        node("Mul", ["empty", "nowhere"], ["away"]),
        node("Unsqueeze", ["away", "places"], ["away_row"]),
        node("Add", ["alike", "recency"], ["alike_late"]),
        node("Add", ["alike_late", "away_row"], ["logits"]),
        node("Softmax", ["logits"], ["weights"], axis=2),
        node("MatMul", ["weights", "keys"], ["found"]),            # (rows, 1, WIDTH)
        node("ReduceSum", ["keys", "places"], ["total"], keepdims=1),
        node("Sub", ["one", "empty"], ["full"]),
        node("ReduceSum", ["full", "places"], ["n"], keepdims=1),
        node("Max", ["n", "one"], ["count"]),                      # (rows, 1)
        node("Unsqueeze", ["count", "width"], ["count_wide"]),
        node("Div", ["total", "count_wide"], ["mean"]),
        node("MatMul", ["now", "from_item"], ["user_item"]),
        node("MatMul", ["found", "from_found"], ["user_found"]),
        node("MatMul", ["mean", "from_mean"], ["user_mean"]),
        node("Add", ["user_item", "user_found"], ["user_both"]),
        node("Add", ["user_both", "user_mean"], ["user"]),         # (rows, 1, WIDTH)
        node("Gather", ["offered", "candidate"], ["offer"]),
        node("Mul", ["user", "offer"], ["products"]),
        node("ReduceSum", ["products", "width"], ["taste"], keepdims=0),  # (rows, 1)
        node("Add", ["views", "one"], ["views_1"]),
        node("Log", ["views_1"], ["log_views"]),
        node("Mul", ["log_views", "popularity"], ["popular"]),
        node("Add", ["taste", "popular"], ["score"]),
    ]
    inputs = [helper.make_tensor_value_info(name, kind, ["rows", width])
              for name, kind, width in (("history", TensorProto.INT64, LENGTH),
                                        ("item", TensorProto.INT64, 1),
                                        ("candidate", TensorProto.INT64, 1),
                                        ("views", TensorProto.FLOAT, 1))]
    output = helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows", 1])
    graph = helper.make_graph(nodes, "recommend", inputs, [output],
                              [numpy_helper.from_array(value, name)
                               for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model


def golden(model, p, columns, candidates, views):
    """Rows with what ONNX Runtime makes of them; halves with a short and a long history."""
    order = np.argsort((columns["history"] != 0).sum(axis=1), kind="stable")
    chosen = np.concatenate([order[:GOLDEN_ROWS // 2], order[-GOLDEN_ROWS // 2:]])
    candidate = candidates[chosen, np.arange(GOLDEN_ROWS) % candidates.shape[1]]
    feed = {"history": columns["history"][chosen],
            "item": columns["item"][chosen].reshape(-1, 1),
            "candidate": candidate.reshape(-1, 1),
            "views": views[candidate].reshape(-1, 1)}
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    scores = session.run(None, feed)[0].ravel()
    user, _ = look_back(p, feed["history"], feed["item"].ravel())
    ours = ((user * p["offered"][candidate]).sum(axis=1)
            + p["popularity"] * np.log1p(views[candidate]))
    assert np.allclose(scores, ours, atol=1e-4), "the file is not the model that was trained"
    for i, score in enumerate(scores):
        yield {"features": {"history": feed["history"][i].tolist(),
                            "item": int(feed["item"][i, 0]), "candidate": int(candidate[i]),
                            "views": float(views[candidate[i]])}, "score": float(score)}


def main(leat):
    columns, _, views = generate(leat, TRAIN_EVENTS, TRAIN_SEED)
    log_views = np.log1p(views)
    p = train(columns, log_views)
    columns, candidates, _ = generate(leat, TEST_EVENTS, TEST_SEED)
    if judge(p, columns, candidates, log_views) < LEAST_HIT_RATE:
        sys.exit(f"a hit rate below {LEAST_HIT_RATE}: nothing was written")
    model = to_onnx(p)
    rows = list(golden(model, p, columns, candidates, views))
    onnx.save(model, HERE / "recommend.onnx")
    with (HERE / "recommend.golden.ndjson").open("w") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
    size = (HERE / "recommend.onnx").stat().st_size
    print(f"wrote recommend.onnx ({size} bytes) and recommend.golden.ndjson")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
