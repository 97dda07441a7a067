"""check.py manifests|configuration [FOLDER]: checks deploy/kubernetes, or one like it.
check.py rendered FILE...: checks what kustomize has made of it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import rules
import schema
from manifests import FILE, ROOT, Manifests, environment, parse


def check_manifests(folder):
    manifests = Manifests(folder)
    wrong = schema.broken([(file.name, each) for file, each in manifests.objects])
    return wrong or rules.broken(manifests)


def check_rendered(files):
    return schema.broken([(Path(file).name, each) for file in files
                          for each in parse(Path(file).read_text())])


def lay_out(pod, text):
    """Makes the files of a pod under the folder `pod`: the configuration, which then names
    them there, the example's model, a secret. Gives the configuration's path."""
    model = ROOT / "examples/fraud"
    for path in set(FILE.findall(text)):
        here = pod / path.lstrip("/")
        here.parent.mkdir(parents=True, exist_ok=True)
        in_example = model / here.name
        here.write_bytes(in_example.read_bytes() if in_example.exists() else b"a secret\n")
        text = text.replace(path, str(here))
    configuration = pod / "leat.yaml"
    configuration.write_text(text)
    return configuration


def check_configuration(folder):
    """What `leat check` says of the configuration, in each of the two pods."""
    manifests, wrong = Manifests(folder), []
    for file, _, _, worker in manifests.workloads():
        with tempfile.TemporaryDirectory() as pod:
            configuration = lay_out(Path(pod), manifests.configuration_text())
            done = subprocess.run(
                [os.environ["LEAT_BIN"], "check", "--offline", "-c", configuration],
                env=environment(worker), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=60, check=False)
        if done.returncode:
            wrong.append(f"{file.name}: leat check exits with {done.returncode}:\n{done.stdout}")
    return wrong


def main():
    what, *where = sys.argv[1:]
    if what == "rendered":
        wrong = check_rendered(where)
    else:
        folder = Path(where[0]) if where else ROOT / "deploy/kubernetes"
        wrong = {"manifests": check_manifests, "configuration": check_configuration}[what](folder)
    for each in wrong:
        print(each)
    sys.exit(1 if wrong else 0)


main()
