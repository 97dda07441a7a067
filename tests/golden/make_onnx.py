"""tests/golden/make_onnx.py FOLDER: small ONNX models with a bit of everything.

    scripts/python onnx tests/golden/make_onnx.py tests/golden/onnx

Small, because tests spoil every bit of them: the seeds of the fuzz target, too."""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(1)
OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]


def weights(name, *shape):
    return numpy_helper.from_array(RNG.normal(size=shape).astype(np.float32), name)


def integers(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def value(name, kind, *shape):
    return helper.make_tensor_value_info(name, kind, ["n", *shape])


def node(operator, inputs, outputs, domain="", **attributes):
    return helper.make_node(operator, inputs.split(), outputs.split(), domain=domain,
                            **attributes)


def tower():
    """Embeddings beside numbers, shapes that follow from the batch, layers, softmax."""
    nodes = [
        node("Gather", "table ids", "embedded"),
        node("Shape", "embedded", "shape"),
        node("Gather", "shape zero", "rows"),
        node("Concat", "rows minus_one", "flat_shape", axis=0),
        node("Reshape", "embedded flat_shape", "flat"),
        node("BatchNormalization", "x scale shift mean variance", "normal"),
        node("Concat", "flat normal", "all", axis=1),
        node("Gemm", "all w1 b1", "h1", transB=1),
        node("Relu", "h1", "a1"),
        node("MatMul", "a1 w2", "h2"),
        node("Add", "h2 b2", "logits"),
        node("Softmax", "logits", "scores", axis=-1),
    ]
    constants = [
        weights("table", 5, 2), integers("zero", 0), integers("minus_one", -1),
        weights("scale", 3), weights("shift", 3), weights("mean", 3),
        numpy_helper.from_array(np.array([1, 2, 0.5], np.float32), "variance"),
        weights("w1", 4, 7), weights("b1", 4), weights("w2", 4, 2), weights("b2", 2),
    ]
    inputs = [value("ids", TensorProto.INT64, 2), value("x", TensorProto.FLOAT, 3)]
    return nodes, constants, inputs, [value("scores", TensorProto.FLOAT, 2)]


def sequence():
    """A GRU over masked items, a layer norm, attention of one head."""
    nodes = [
        node("Gather", "table items", "embedded"),
        node("Equal", "items zero", "is_pad"),
        node("Transpose", "embedded", "by_time", perm=[1, 0, 2]),
        node("GRU", "by_time w r b", "states", hidden_size=2, linear_before_reset=1),
        node("Squeeze", "states one", "no_direction"),
        node("Transpose", "no_direction", "by_row", perm=[1, 0, 2]),
        node("LayerNormalization", "by_row scale shift", "normal"),
        node("Transpose", "normal", "keys", perm=[0, 2, 1]),
        node("MatMul", "normal keys", "products"),
        node("Unsqueeze", "is_pad one", "mask"),
        node("Where", "mask minus products", "masked"),
        node("Softmax", "masked", "weights", axis=-1),
        node("MatMul", "weights normal", "attended"),
        node("ReduceMean", "attended", "pooled", axes=[1], keepdims=0),
        node("Erf", "pooled", "scores"),
    ]
    constants = [
        weights("table", 4, 2), integers("zero", 0), integers("one", 1),
        weights("w", 1, 6, 2), weights("r", 1, 6, 2), weights("b", 1, 12),
        weights("scale", 2), weights("shift", 2),
        numpy_helper.from_array(np.float32(-1e9), "minus"),
    ]
    return nodes, constants, [value("items", TensorProto.INT64, 3)], \
        [value("scores", TensorProto.FLOAT, 2)]


def trees():
    """What scikit-learn makes: a scaler, categories, a forest, a ZipMap."""
    ml = "ai.onnx.ml"
    nodes = [
        node("Scaler", "x", "scaled", ml, offset=[0.5, 1.0], scale=[2.0, 0.25]),
        node("OneHotEncoder", "country", "hot", ml, cats_strings=["DE", "FR"], zeros=1),
        node("Reshape", "hot wide", "flat"),
        node("Concat", "scaled flat", "all", axis=1),
        node("TreeEnsembleClassifier", "all", "label probabilities", ml,
             classlabels_int64s=[0, 1], post_transform="LOGISTIC",
             nodes_treeids=[0, 0, 0, 1, 1, 1], nodes_nodeids=[0, 1, 2, 0, 1, 2],
             nodes_featureids=[0, 0, 0, 3, 0, 0],
             nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF"],
             nodes_values=[0.25, 0.0, 0.0, 0.5, 0.0, 0.0],
             nodes_truenodeids=[1, 0, 0, 1, 0, 0], nodes_falsenodeids=[2, 0, 0, 2, 0, 0],
             nodes_missing_value_tracks_true=[1, 0, 0, 0, 0, 0],
             class_treeids=[0, 0, 1, 1], class_nodeids=[1, 2, 1, 2],
             class_ids=[0, 0, 0, 0], class_weights=[-1.0, 0.5, 0.25, 2.0]),
        node("ZipMap", "probabilities", "output_probability", ml,
             classlabels_int64s=[0, 1]),
    ]
    label = helper.make_tensor_value_info("label", TensorProto.INT64, ["n"])
    maps = helper.make_value_info(
        "output_probability", helper.make_sequence_type_proto(helper.make_map_type_proto(
            TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))))
    return nodes, [integers("wide", -1, 2)], \
        [value("x", TensorProto.FLOAT, 2), value("country", TensorProto.STRING, 1)], \
        [label, maps]


def number(name, value):
    return numpy_helper.from_array(np.array(value, np.float32), name)


def patterns():
    """What fusion looks for: a layer norm and a GELU written out, a batch norm, layers."""
    nodes = [
        node("ReduceMean", "x", "mean", axes=[-1]),
        node("Sub", "x mean", "centred"),
        node("Pow", "centred two", "squares"),
        node("ReduceMean", "squares", "variance", axes=[-1]),
        node("Add", "variance epsilon", "safe"),
        node("Sqrt", "safe", "deviation"),
        node("Div", "centred deviation", "divided"),
        node("Mul", "divided scale", "scaled"),
        node("Add", "scaled shift", "normal"),
        node("MatMul", "normal w1", "m1"),
        node("Add", "m1 b1", "h1"),
        node("Div", "h1 root", "inner"),
        node("Erf", "inner", "erf"),
        node("Add", "erf one", "shifted"),
        node("Mul", "h1 shifted", "twice"),
        node("Mul", "twice half", "gelu"),
        node("Gemm", "gelu w2 b2", "h2"),
        node("BatchNormalization", "h2 s2 t2 m2 v2", "n2"),
        node("Relu", "n2", "a2"),
        node("Gemm", "a2 w3 b3", "h3"),
        node("Sigmoid", "h3", "p"),
        node("Squeeze", "p axis", "score"),
    ]
    constants = [
        number("two", 2), number("epsilon", 1e-5), number("root", 2 ** 0.5),
        number("one", 1), number("half", 0.5), weights("scale", 3), weights("shift", 3),
        weights("w1", 3, 4), weights("b1", 4), weights("w2", 4, 2), weights("b2", 2),
        weights("s2", 2), weights("t2", 2), weights("m2", 2),
        numpy_helper.from_array(np.array([1, 2], np.float32), "v2"),
        weights("w3", 2, 1), weights("b3", 1), integers("axis", -1),
    ]
    return nodes, constants, [value("x", TensorProto.FLOAT, 3)], \
        [value("score", TensorProto.FLOAT)]


def fields():
    """A constant of every type, in every field that may hold it; attributes alike."""
    kinds = [("float", TensorProto.FLOAT, [0.5, -1.0]), ("double", TensorProto.DOUBLE, [0.5, -1.0]),
             ("int32", TensorProto.INT32, [1, -1]), ("int64", TensorProto.INT64, [1, -1]),
             ("bool", TensorProto.BOOL, [True, False]),
             ("string", TensorProto.STRING, [b"DE", b""])]
    constants = [helper.make_tensor(f"field_{name}", kind, [2], values)
                 for name, kind, values in kinds]
    constants += [numpy_helper.from_array(np.array([1, 0], dtype), f"raw_{np.dtype(dtype)}")
                  for dtype in (np.float32, np.float64, np.int32, np.int64, np.bool_)]
    nodes = [
        node("Constant", "", "a", value=numpy_helper.from_array(np.float32([1, 2]))),
        node("Constant", "", "b", value_floats=[3.0, 4.0]),
        node("Constant", "", "c", value_float=5.0),
        node("Constant", "", "d", value_ints=[1, 2]),
        node("Constant", "", "e", value_int=3),
        node("Constant", "", "f", value_strings=["DE", ""]),
        node("Constant", "", "g", value_string="FR"),
        node("Constant", "", "h", value=numpy_helper.from_array(np.uint8([1, 2]))),
        node("Sum", "x a b c field_float raw_float32", "y"),
    ]
    return nodes, constants, [value("x", TensorProto.FLOAT, 2)], \
        [value("y", TensorProto.FLOAT, 2)]


def main():
    folder = pathlib.Path(sys.argv[1])
    for make in (tower, sequence, trees, patterns, fields):
        nodes, constants, inputs, outputs = make()
        graph = helper.make_graph(nodes, make.__name__, inputs, outputs, constants)
        model = helper.make_model(graph, opset_imports=OPSETS, ir_version=8)
        onnx.checker.check_model(model)
        (folder / f"{make.__name__}.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
