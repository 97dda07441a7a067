"""Operators of ai.onnx.ml one at a time, in the cases that no exporter of sklearn_models.py
reaches: every comparison and side of missing of trees, every way to two classes, every post
transform, every pair of types of a LabelEncoder. Each is (name, make) as there."""

import itertools

import numpy as np
from onnx import TensorProto, helper, numpy_helper

ROWS = 1000
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float64): TensorProto.DOUBLE,
         np.dtype(np.int64): TensorProto.INT64, np.dtype(np.int32): TensorProto.INT32,
         np.dtype(object): TensorProto.STRING}
MODES = ["LEQ", "LT", "GTE", "GT", "EQ", "NEQ"]
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]


def node(op, inputs, outputs, version=3, **attributes):
    """A model of one node; outputs: the type of each, all of any shape."""
    names = [f"y{i}" for i in range(len(outputs))]
    only = helper.make_node(op, list(inputs), names, domain="ai.onnx.ml",
                            **{k: v for k, v in attributes.items() if v is not None})
    graph = helper.make_graph(
        [only], op,
        [helper.make_tensor_value_info(name, TYPES[array.dtype],
                                       [None, *array.shape[1:]])
         for name, array in inputs.items()],
        [helper.make_tensor_value_info(name, kind, None)
         for name, kind in zip(names, outputs)])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", version)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8), inputs


def values(seed, width, dtype=np.float32):
    """Numbers that meet the splits of trees: ties, signed zeros, infinities and NaN."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(ROWS, width)) * 2) / 2
    if np.dtype(dtype).kind == "f":
        x[rng.random(x.shape) < 0.1] = np.nan
        x[rng.random(x.shape) < 0.05] = -0.0
        x[rng.random(x.shape) < 0.05] = np.inf
    return x.astype(dtype)


def grow(rng, trees, depth, width, modes):
    """The nodes of full trees, as attributes, and their leaves as (tree, node)."""
    nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values",
                                 "truenodeids", "falsenodeids",
                                 "missing_value_tracks_true")}
    leaves = []
    for tree, at in itertools.product(range(trees), range(2 ** (depth + 1) - 1)):
        is_leaf = at >= 2 ** depth - 1
        row = (tree, at, int(rng.integers(width)),
               "LEAF" if is_leaf else "BRANCH_" + str(rng.choice(modes)),
               float(np.round(rng.normal() * 2) / 2), 0 if is_leaf else 2 * at + 1,
               0 if is_leaf else 2 * at + 2, int(rng.integers(2)))
        for key, value in zip(nodes, row):
            nodes[key].append(value)
        if is_leaf:
            leaves.append((tree, at))
    return {f"nodes_{key}": value for key, value in nodes.items()}, leaves


def weights(prefix, rng, leaves, ids, positive=False):
    rows = [(tree, at, i, float(abs(w) if positive else w)) for (tree, at) in leaves
            for i, w in zip(ids, rng.normal(size=len(ids)) / 4)]
    return {f"{prefix}_{key}": list(column) for key, column in
            zip(("treeids", "nodeids", "ids", "weights"), zip(*rows))}


def regressor(modes, targets=1, dtype=np.float32, base=None, transform="NONE",
              aggregate="SUM", seed=0):
    rng = np.random.default_rng(seed)
    nodes, leaves = grow(rng, 6, 4, 5, modes)
    return node("TreeEnsembleRegressor", {"x": values(seed + 1, 5, dtype)},
                [TensorProto.FLOAT], n_targets=targets, base_values=base,
                post_transform=transform, aggregate_function=aggregate, **nodes,
                **weights("target", rng, leaves, range(targets)))


def classifier(labels, ids, positive, base=None, transform="NONE", seed=0):
    rng = np.random.default_rng(seed)
    nodes, leaves = grow(rng, 5, 3, 5, MODES[:2])
    of_strings = isinstance(labels[0], str)
    names = {"classlabels_strings" if of_strings else "classlabels_int64s": labels}
    return node("TreeEnsembleClassifier", {"x": values(seed + 1, 5)},
                [TensorProto.STRING if of_strings else TensorProto.INT64,
                 TensorProto.FLOAT],
                base_values=base, post_transform=transform, **names, **nodes,
                **weights("class", rng, leaves, ids, positive))


def ensemble(dtype, transform=0, aggregate=1, targets=2, seed=0):
    """TreeEnsemble of version 5, with sets: of small positive integers, as ONNX Runtime
    truncates what it looks for in others."""
    rng = np.random.default_rng(seed)
    depth, trees, width = 4, 5, 5
    inner, leaves = 2 ** depth - 1, 2 ** depth
    modes = rng.integers(0, 7, trees * inner).astype(np.uint8)
    splits = (np.round(rng.normal(size=trees * inner) * 2) / 2).astype(dtype)
    members = [number for mode in modes if mode == 6 for number in
               [*np.unique(rng.integers(1, 4, 2)), np.nan]]
    last = 2 ** (depth - 1) - 1
    def children(side):
        return [tree * (leaves if at >= last else inner) + 2 * at + 1 + side -
                (inner if at >= last else 0)
                for tree in range(trees) for at in range(inner)]
    is_leaf = [int(at >= last) for _ in range(trees) for at in range(inner)]
    tensor = lambda array: numpy_helper.from_array(np.asarray(array))
    return node("TreeEnsemble", {"x": values(seed + 1, width, dtype)},
                [TYPES[np.dtype(dtype)]], version=5, n_targets=targets,
                aggregate_function=aggregate, post_transform=transform,
                tree_roots=[tree * inner for tree in range(trees)],
                nodes_featureids=rng.integers(0, width, trees * inner).tolist(),
                nodes_modes=tensor(modes), nodes_splits=tensor(splits),
                nodes_truenodeids=children(0), nodes_falsenodeids=children(1),
                nodes_trueleafs=is_leaf, nodes_falseleafs=is_leaf,
                nodes_missing_value_tracks_true=rng.integers(
                    0, 2, trees * inner).tolist(),
                membership_values=tensor(np.array(members, dtype)),
                leaf_targetids=rng.integers(0, targets, trees * leaves).tolist(),
                leaf_weights=tensor(rng.normal(size=trees * leaves).astype(dtype)))


def linear(labels, targets, transform, dtype=np.float32):
    """Sums are exact: PROBIT would make much of a last digit."""
    rng = np.random.default_rng(targets)
    of_strings = isinstance(labels[0], str)
    names = {"classlabels_strings" if of_strings else "classlabels_ints": labels}
    x = rng.integers(-3, 4, (ROWS, 9)).astype(dtype)
    return node("LinearClassifier", {"x": x},
                [TensorProto.STRING if of_strings else TensorProto.INT64,
                 TensorProto.FLOAT], version=1, post_transform=transform,
                coefficients=(rng.integers(-9, 10, targets * 9) / 512).tolist(),
                intercepts=[0.5] * targets, **names)


def encoder(keys, outcomes, version):
    """A LabelEncoder from one type to another, with keys that are no key."""
    rng = np.random.default_rng(0)
    lists = {"strings": [f"k{i}" for i in range(40)] + ["", "ä"],
             "int64s": list(range(-20, 20)) + [2 ** 62, -2 ** 62],
             "floats": [i / 4 for i in range(40)] + [float("inf"), float("nan")]}
    dtype = {"strings": object, "int64s": np.int64, "floats": np.float32}[keys]
    pool = lists[keys] + {"strings": ["none", "K1"], "int64s": [99], "floats": [0.1]}[keys]
    x = np.array([pool[i] for i in rng.integers(0, len(pool), ROWS)], dtype)
    kind = {"strings": TensorProto.STRING, "int64s": TensorProto.INT64,
            "floats": TensorProto.FLOAT}[outcomes]
    return node("LabelEncoder", {"x": x.reshape(-1, 1)}, [kind], version=version,
                **{f"keys_{keys}": lists[keys],
                   f"values_{outcomes}": list(reversed(lists[outcomes]))})


def simple(op, dtype, outputs=(TensorProto.FLOAT,), version=1, **attributes):
    return node(op, {"x": values(3, 4, dtype)}, list(outputs), version, **attributes)


def cases():
    found = []
    add = lambda name, make: found.append((name, make))
    for mode in MODES:
        add(f"trees {mode}", lambda mode=mode: regressor([mode]))
    for dtype in (np.float32, np.float64):
        add(f"trees, all comparisons, {dtype.__name__}",
            lambda dtype=dtype: regressor(MODES, 3, dtype))
    for transform in TRANSFORMS:
        add(f"trees, three targets, {transform}", lambda transform=transform: regressor(
            MODES, 3, base=[0.1, -0.2, 0.3], transform=transform))
        add(f"trees, one target, {transform}", lambda transform=transform: regressor(
            MODES, base=[0.5], transform=transform))
    add("trees, average", lambda: regressor(MODES, 3, base=[1.0, 2, 3], aggregate="AVERAGE"))
    for ids, base in ((ids, base) for ids in ([0], [1], [0, 1]) for base in
                      ([None, [0.3]] if ids == [0] else [None])):
        for positive, transform in itertools.product((True, False), TRANSFORMS[:3]):
            add(f"two classes, weights of {ids}, base {base}, "
                f"{'positive' if positive else 'mixed'}, {transform}",
                lambda ids=ids, base=base, positive=positive, transform=transform:
                classifier([0, 1], ids, positive, base, transform))
    for transform in TRANSFORMS:
        add(f"three classes, {transform}", lambda transform=transform: classifier(
            ["a", "b", "c"], [0, 1, 2], True, [0.1, 0.2, 0.3], transform))
    for dtype, aggregate in itertools.product((np.float32, np.float64), (0, 1)):
        add(f"TreeEnsemble 5, {dtype.__name__}, aggregate {aggregate}",
            lambda dtype=dtype, aggregate=aggregate: ensemble(dtype, 0, aggregate))
    # The definition has SOFTMAX as 1 and LOGISTIC as 2, ONNX Runtime the other way round.
    add("TreeEnsemble 5, SOFTMAX_ZERO", lambda: ensemble(np.float32, 3, targets=3))
    for transform in TRANSFORMS:
        add(f"LinearClassifier, three classes, {transform}",
            lambda transform=transform: linear(["a", "b", "c"], 3, transform))
    for transform in TRANSFORMS[:4]:
        add(f"LinearClassifier, one score, {transform}",
            lambda transform=transform: linear([7, 9], 1, transform))
    for dtype in (np.float64, np.int64, np.int32):
        add(f"LinearClassifier, {dtype.__name__}",
            lambda dtype=dtype: linear([7, 9], 2, "SOFTMAX", dtype))
    for keys, outcomes in itertools.product(("strings", "int64s", "floats"), repeat=2):
        for version in (2, 4):
            add(f"LabelEncoder {version}, {keys} to {outcomes}",
                lambda keys=keys, outcomes=outcomes, version=version:
                encoder(keys, outcomes, version))
    for dtype in (np.float32, np.float64, np.int64, np.int32):
        add(f"Scaler, {dtype.__name__}", lambda dtype=dtype: simple(
            "Scaler", dtype, offset=[0.1, -2.0, 0.3, 4.0], scale=[1.5, 0.1, -3.0, 0.7]))
        for norm in ("MAX", "L1", "L2"):
            add(f"Normalizer {norm}, {dtype.__name__}", lambda dtype=dtype, norm=norm: node(
                "Normalizer", {"x": np.nan_to_num(values(3, 4, dtype), posinf=9)},
                [TensorProto.FLOAT], 1, norm=norm))
    for dtype in (np.float32, np.float64, np.int64):
        add(f"OneHotEncoder, {dtype.__name__}", lambda dtype=dtype: node(
            "OneHotEncoder", {"x": np.nan_to_num(values(3, 1, dtype), posinf=9)},
            [TensorProto.FLOAT], 1, cats_int64s=[0, 2, -1, 1], zeros=1))
    add("Imputer", lambda: simple("Imputer", np.float32, replaced_value_float=float("nan"),
                                  imputed_value_floats=[1.0, 2.0, 3.0, 4.0]))
    add("Imputer, integers", lambda: simple(
        "Imputer", np.int64, [TensorProto.INT64], replaced_value_int64=0,
        imputed_value_int64s=[7]))
    add("Binarizer", lambda: node("Binarizer", {"x": np.nan_to_num(values(3, 4))},
                                  [TensorProto.FLOAT], 1, threshold=0.5))
    return found
