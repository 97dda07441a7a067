"""Writes the node tests of the newest ONNX, which its package makes by its reference
implementation, in the layout of Debian's older ones:

    scripts/python onnx tests/conformance/make_nodes.py build/onnx_nodes
    tests/conformance/onnx_nodes --suite build/onnx_nodes

Tests of sequences and maps are left out: nothing here takes any."""

import pathlib
import sys

import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case import node


def is_tensor(value):
    return value.type.HasField("tensor_type")


def write_arrays(folder, kind, arrays, values):
    for i, (array, value) in enumerate(zip(arrays, values)):
        if not isinstance(array, TensorProto):
            array = numpy_helper.from_array(array, value.name)
        (folder / f"{kind}_{i}.pb").write_bytes(array.SerializeToString())


def write_case(case, folder):
    graph = case.model.graph
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for i, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{i}"
        data.mkdir(exist_ok=True)
        write_arrays(data, "input", inputs, graph.input)
        write_arrays(data, "output", outputs, graph.output)


def main(folder):
    written = 0
    for case in node.collect_testcases(None):
        if all(map(is_tensor, [*case.model.graph.input, *case.model.graph.output])):
            write_case(case, folder / case.name)
            written += 1
    print(f"{written} node tests of ONNX {onnx.__version__} in {folder}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
