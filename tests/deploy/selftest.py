"""selftest.py: plants mistakes in copies of deploy/, one at a time; a check has to see each."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from manifests import ROOT

DEPLOYMENT = "deployment/deployment.yaml"
STATEFULSET = "statefulset/statefulset.yaml"
SCALED = "keda/scaledobject.yaml"
CONFIGMAP = "base/configmap.yaml"
PROBE = """          readinessProbe:   # the model is loaded and the group joined: what a rollout awaits
            httpGet: {path: /readyz, port: http}
            periodSeconds: 5
            timeoutSeconds: 2
            failureThreshold: 3
"""

# (check, file, what stands there, what is planted, what the check has to say)
PLANTS = [
    ("manifests", DEPLOYMENT, "minReadySeconds: 10", "minReadySecond: 10", "minReadySecond'"),
    ("manifests", DEPLOYMENT, "periodSeconds: 5", "periodSecs: 5", "periodSecs'"),
    ("manifests", DEPLOYMENT, "replicas: 2", "replicas: two", "is not of type 'integer'"),
    ("manifests", SCALED, "minReplicaCount", "minReplicas", "minReplicas'"),
    ("manifests", SCALED, '"20000"', "20000", "20000 is not of type 'string'"),
    ("manifests", SCALED, "lagThreshold", "lagTreshold", "knows no 'lagTreshold'"),
    ("manifests", SCALED, "minReplicaCount: 2", "minReplicaCount: 0", "below 1"),
    ("manifests", SCALED, "Policy: latest", "Policy: earliest", "the worker's is latest"),
    ("manifests", CONFIGMAP, "start: latest", "start: earliest", "the worker's is earliest"),
    ("manifests", SCALED, "Group: fraud-scorer", "Group: scorer", "worker's is fraud-scorer"),
    ("manifests", SCALED, "topic: transactions", "topic: other", "topic is other"),
    ("manifests", SCALED, "sasl: plaintext", "sasl: none", "the worker's is plaintext"),
    ("manifests", DEPLOYMENT, "Seconds: 40", "Seconds: 20", "20 is less than 30"),
    ("manifests", DEPLOYMENT, "At most 15 s", "At most 12 s", "sum in the comment"),
    ("manifests", STATEFULSET, '"60000"', '"30000"', "session.timeout.ms 30000"),
    ("manifests", STATEFULSET, "$(POD_NAME)", "leat", "not the pod's name"),
    ("manifests", DEPLOYMENT, PROBE, "", "there is no readinessProbe"),
    ("manifests", CONFIGMAP, "0.0.0.0:9464", "0.0.0.0:9000", "http.listen is 0.0.0.0:9000"),
    ("manifests", CONFIGMAP, "0.0.0.0:9464", "127.0.0.1:9464", "kubelet cannot reach"),
    ("manifests", DEPLOYMENT, "runAsUser: 10001", "runAsUser: 0", "runAsUser is not 10001"),
    ("manifests", DEPLOYMENT, "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot"),
    ("manifests", DEPLOYMENT, "Escalation: false", "Escalation: true", "allowPrivilege"),
    ("manifests", DEPLOYMENT, "drop: [ALL]", "drop: [NET_RAW]", "capabilities"),
    ("manifests", DEPLOYMENT, "RuntimeDefault", "Unconfined", "seccompProfile"),
    ("manifests", DEPLOYMENT, "RootFilesystem: true", "RootFilesystem: false", "readOnlyRoot"),
    ("manifests", DEPLOYMENT, "mountPath: /models, readOnly", "mountPath: /model, readOnly",
     "is in no volume"),
    ("manifests", DEPLOYMENT, "enableServiceLinks: false", "enableServiceLinks: true",
     "drifted apart"),
    ("manifests", DEPLOYMENT, "/leat:0.1.0", "/leat:0.0.9", "the project's version"),
    ("manifests", "base/networkpolicy.yaml", "port: 6379", "port: 6380", "no way out to redis"),
    ("configuration", CONFIGMAP, "timeout: 20ms", "timeout: 20", "redis.timeout"),
    ("configuration", CONFIGMAP, "      group: fraud", "      groop: fraud", "groop"),
    ("policy", DEPLOYMENT, PROBE, "", "readinessProbe"),
    ("policy", DEPLOYMENT, "runAsUser: 10001", "runAsUser: 0", "low user ID"),
    ("policy", DEPLOYMENT, "RootFilesystem: true", "RootFilesystem: false", "writable root"),
    ("policy", "base/kustomization.yaml", "  - poddisruptionbudget.yaml\n", "",
     "PodDisruptionBudget"),
    ("policy", "base/kustomization.yaml", "  - service.yaml\n", "", "service"),
    ("policy", "keda/kustomization.yaml", "/spec/replicas", "/spec/replica", "replica"),
    ("image", "Dockerfile", "USER 10001:10001", "USER root", "DL3002"),
    ("image", "Dockerfile", "        libyaml-0-2", "        libyaml-dev", "libyaml-0-2"),
    ("image", "Dockerfile", "--no-install-recommends", "", "DL3015"),
]


def plant(copy, check, name, old, new):
    """Plants one mistake and gives what the check exits with and says."""
    file = copy / name if check == "image" else copy / "kubernetes" / name
    text = file.read_text()
    if old not in text:
        return None, f"'{old}' does not stand in {name}"
    file.write_text(text.replace(old, new))
    done = subprocess.run(["tests/deploy/run", check,
                           file if check == "image" else copy / "kubernetes"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          cwd=ROOT, check=False)
    file.write_text(text)
    return done.returncode, done.stdout


def main():
    failed = skipped = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "deploy"
        shutil.copytree(ROOT / "deploy", copy)
        for check, name, old, new, expected in PLANTS:
            code, said = plant(copy, check, name, old, new)
            if code == 77:
                skipped += 1
            elif code != 1 or expected not in said:
                failed += 1
                print(f"{check}: {name}: '{new.strip()}': exit {code}, no '{expected}' in:\n"
                      f"{said}")
    print(f"{len(PLANTS) - failed - skipped} of {len(PLANTS)} planted mistakes were seen, "
          f"{skipped} could not be tried")
    sys.exit(1 if failed else 0)


main()
