"""Compiles a forest of XGBoost's to nested ifs, as Treelite did."""

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

TREES_A_FILE = 25  # what gcc takes in its stride
GCC = ["gcc", "-O2", "-fPIC", "-ffp-contract=off"]


def number(value):
    return f"{float(value).hex()}f"


def node(tree, i):
    """The statement that stands for a node. NaN fails every comparison: where it goes left,
    the comparison is turned around."""
    threshold = number(tree["split_conditions"][i])
    left, right = tree["left_children"][i], tree["right_children"][i]
    if left < 0:
        return f"return {threshold};"
    feature = f"x[{tree['split_indices'][i]}]"
    goes_left = (f"!({feature} >= {threshold})" if tree["default_left"][i]
                 else f"{feature} < {threshold}")
    return f"if ({goes_left}) {{ {node(tree, left)} }} else {{ {node(tree, right)} }}"


def part(n, trees):
    """A file with some trees, and a function that adds them to a sum in their order."""
    functions = [f"static float tree{i}(const float *x)\n{{\n{node(tree, 0)}\n}}"
                 for i, tree in enumerate(trees)]
    sums = "".join(f"    sum += tree{i}(x);\n" for i in range(len(trees)))
    return "\n".join([*functions, f"float part{n}(const float *x, float sum);\n"
                      f"float part{n}(const float *x, float sum)\n{{\n{sums}"
                      "    return sum;\n}\n"])


def whole(base, n_parts):
    declared = "".join(f"float part{n}(const float *x, float sum);\n"
                       for n in range(n_parts))
    sums = "".join(f"    sum = part{n}(x, sum);\n" for n in range(n_parts))
    return (f"{declared}float forest(const float *x)\n{{\n"
            f"    float sum = {number(base)};\n{sums}    return sum;\n}}\n")


def write(folder, model):
    """The C files of a model document."""
    learner = model["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    parts = [trees[at:at + TREES_A_FILE] for at in range(0, len(trees), TREES_A_FILE)]
    sources = [part(n, some) for n, some in enumerate(parts)]
    sources.append(whole(learner["learner_model_param"]["base_score"], len(parts)))
    paths = [f"{folder}/{n}.c" for n in range(len(sources))]
    for path, source in zip(paths, sources):
        with open(path, "w") as file:
            file.write(source)
    return paths


def compile_one(source):
    subprocess.check_call([*GCC, "-c", source, "-o", source + ".o"])
    return source + ".o"


def compile(path):
    """The shared object beside the model `path`, a JSON file; made once."""
    library = path.replace(".json", ".so")
    if os.path.exists(library):
        return library
    folder = path.replace(".json", ".sources")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(path) as file:
        sources = write(folder, json.load(file))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources))
    subprocess.check_call([*GCC, "-shared", *objects, "-o", library + ".new"])
    os.rename(library + ".new", library)
    return library
