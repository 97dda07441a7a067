"""crd_schema.py CRD.yaml: the JSON schema of a custom resource, one that refuses unknown keys."""

import json
import sys

import yaml


def closed(schema):
    """The schema without descriptions, in which an object has the keys that are named."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()
            if key != "description" or not isinstance(value, str)}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and \
            not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def main():
    with open(sys.argv[1]) as file:
        crd = yaml.safe_load(file)
    version, = crd["spec"]["versions"]
    print(json.dumps(closed(version["schema"]["openAPIV3Schema"]), indent=1))


main()
