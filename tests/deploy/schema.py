"""Manifests against the schemas of Kubernetes and KEDA: unknown keys are refused."""

import json

import jsonschema
import kubernetes_validate

from manifests import ROOT

# The oldest one that knows every key that we use (the budget's unhealthyPodEvictionPolicy is
# on by default since), and the newest that the package brings.
VERSIONS = ("1.27", "1.37")


def broken(objects):
    """A sentence for each object, of (where, object), that a schema refuses."""
    return [wrong for where, each in objects for wrong in refusals(where, each)]


def refusals(where, each):
    name = f"{where}: {each['kind']} {each['metadata']['name']}"
    if each["apiVersion"].startswith("keda.sh/"):
        file = ROOT / "tests/deploy/schemas" / f"{each['kind'].lower()}.json"
        for error in jsonschema.Draft7Validator(json.loads(file.read_text())).iter_errors(each):
            yield f"{name}: {error.json_path}: {error.message}"
        return
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(str(part) for part in error.path)
            yield f"{name}, Kubernetes {version}: {path}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield f"{name}: {error.message}"
