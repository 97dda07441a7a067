"""The manifests of deploy/kubernetes, and what a pod makes of the worker's configuration."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("base", "deployment", "statefulset", "keda")
FILE = re.compile(r"(?:(?<= )|(?<=file:))/[\w./-]+")
REFERENCE = re.compile(r"\$\{(?!file:)(?:env:)?(\w+)(?::-([^}]*))?\}")


class Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would quietly take the second."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def parse(text):
    return [document for document in yaml.load_all(text, Loader) if document]


class Manifests:
    """The objects of a folder like deploy/kubernetes, each with its file."""

    def __init__(self, folder):
        self.objects = []
        for name in FOLDERS:
            for file in sorted((folder / name).glob("*.yaml")):
                if file.name != "kustomization.yaml":
                    self.objects += [(file, each) for each in parse(file.read_text())]

    def of(self, *kinds):
        return [(file, each) for file, each in self.objects if each["kind"] in kinds]

    def one(self, kind):
        (_, found), = self.of(kind)
        return found

    def workloads(self):
        """(file, object, pod's spec, the worker's container) of each."""
        for file, each in self.of("Deployment", "StatefulSet"):
            pod = each["spec"]["template"]["spec"]
            worker, = (one for one in pod["containers"] if one["name"] == "leat")
            yield file, each, pod, worker

    def configuration_text(self):
        return self.one("ConfigMap")["data"]["leat.yaml"]

    def configuration(self, worker):
        """The configuration as the worker of this container reads it; files stay references."""
        values = environment(worker)

        def value(reference):
            return values.get(reference[1]) or reference[2] or ""

        document, = parse(REFERENCE.sub(value, self.configuration_text()))
        return document


def environment(worker):
    """The container's variables, as those of a pod named leat-0."""
    values = {}
    for one in worker.get("env", []):
        values[one["name"]] = one["value"] if "value" in one else "leat-0"
    return {name: re.sub(r"\$\((\w+)\)", lambda at: values[at[1]], text)
            for name, text in values.items()}
