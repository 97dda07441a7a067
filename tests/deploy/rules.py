"""What has to agree between manifests, configuration, Dockerfile and the worker's own limits.

A rule yields a sentence for each thing that is wrong."""

import re

from manifests import FILE, ROOT

# Beyond the drain: the clients are freed (brokers that are away take their time), and a pod
# that is short of CPU does all of it later.
GRACE_MARGIN = 10

# Of KEDA 2.20.2's Kafka scaler, pkg/scalers/kafka_scaler.go. It ignores what it does not know.
KAFKA_METADATA = set("""
    bootstrapServers consumerGroup topic partitionLimitation lagThreshold
    activationLagThreshold offsetResetPolicy allowIdleConsumers excludePersistentLag
    scaleToZeroOnInvalidOffset limitToPartitionsWithLag ensureEvenDistributionOfPartitions
    version tls unsafeSsl sasl saslTokenProvider awsRegion""".split())

SASL = {"PLAIN": "plaintext", "SCRAM-SHA-256": "scram_sha256", "SCRAM-SHA-512": "scram_sha512",
        None: "none"}


def seconds(file, name):
    """A limit of the worker: `static const uint64_t NAME = 15 * LEAT_SEC;`."""
    found = re.search(rf"\b{name} = (\d+) \* LEAT_SEC;", (ROOT / file).read_text())
    if not found:
        raise SystemExit(f"{file} has no {name} in seconds any more: what is the drain limit?")
    return int(found[1])


def drain(manifests):
    """The kubelet kills a pod no earlier than the worker would give up by itself."""
    stop = seconds("worker/supervisor.c", "STOP_NS")
    leave = seconds("worker/supervisor.c", "LEAVE_NS")
    least = stop + leave + GRACE_MARGIN
    for file, _, pod, _ in manifests.workloads():
        grace = pod.get("terminationGracePeriodSeconds", 30)
        if grace < least:
            yield (f"{file.name}: terminationGracePeriodSeconds {grace} is less than {least}: "
                   f"{stop} to settle, {leave} to leave the group, {GRACE_MARGIN} to spare")
        if f"{stop} s to settle and {leave} s to leave" not in file.read_text():
            yield f"{file.name}: the sum in the comment is not {stop} s and {leave} s"


def probes(manifests):
    """Each probe is there, where the worker answers it."""
    paths = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    for file, _, _, worker in manifests.workloads():
        listen = manifests.configuration(worker)["http"]["listen"]
        ports = {port["name"]: port["containerPort"] for port in worker["ports"]}
        if not listen.startswith("0.0.0.0:"):
            yield f"http.listen is {listen}: the kubelet cannot reach it"
        for name, path in paths.items():
            get = worker.get(name, {}).get("httpGet")
            if not get:
                yield f"{file.name}: there is no {name}"
            elif get["path"] != path:
                yield f"{file.name}: {name} asks {get['path']}, not {path}"
            elif str(ports.get(get["port"], get["port"])) != listen.split(":")[1]:
                yield f"{file.name}: {name} asks port {get['port']}; http.listen is {listen}"
        if "lifecycle" in worker:
            yield f"{file.name}: a hook only delays a worker that nobody sends requests"


def restricted(manifests):
    """The Restricted Pod Security Standard, and a root file system that nobody writes."""
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "deploy/Dockerfile").read_text(), re.M)
    if not user:
        yield "deploy/Dockerfile: USER is no pair of numbers"
    for file, _, pod, _ in manifests.workloads():
        shared = pod.get("securityContext", {})
        if shared.get("runAsNonRoot") is not True:
            yield f"{file.name}: runAsNonRoot is not true"
        if shared.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{file.name}: seccompProfile is not RuntimeDefault"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{file.name}: a token of the cluster is mounted"
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(key):
                yield f"{file.name}: {key}"
        for one in pod.get("initContainers", []) + pod["containers"]:
            yield from (f"{file.name}: container {one['name']}: {wrong}"
                        for wrong in container(shared, one.get("securityContext", {}), user))


def container(shared, own, user):
    for key, number in zip(("runAsUser", "runAsGroup"), user.groups() if user else ()):
        if str(own.get(key, shared.get(key))) != number:
            yield f"{key} is not {number}, the Dockerfile's"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem is not true"
    if own.get("capabilities") != {"drop": ["ALL"]}:
        yield "capabilities are not drop: [ALL]"
    if own.get("privileged"):
        yield "privileged"


def static_membership(manifests):
    """An instance id that stays, with a session that outlives a restart."""
    for file, each, pod, worker in manifests.workloads():
        configuration = manifests.configuration(worker)
        kafka = configuration["source"].get("kafka", {})
        instance = kafka.get("group.instance.id")
        if each["kind"] == "Deployment" and instance:
            yield f"{file.name}: pods with a name of the day have no use for an instance id"
        if each["kind"] != "StatefulSet":
            continue
        if instance != "leat-0":
            yield f"{file.name}: group.instance.id is {instance}, not the pod's name"
        grace = pod["terminationGracePeriodSeconds"]
        if (kafka.get("session.timeout.ms") or 0) <= grace * 1000:
            yield (f"{file.name}: session.timeout.ms {kafka.get('session.timeout.ms')} is not "
                   f"above the {grace} s that a pod may take to go")


def keda(manifests):
    """KEDA looks at the group as the worker does."""
    scaled = manifests.one("ScaledObject")["spec"]
    if scaled.get("minReplicaCount", 0) < 1:
        yield "scaledobject.yaml: minReplicaCount is below 1"
    if "topic" not in scaled["triggers"][0]["metadata"]:
        yield "scaledobject.yaml: the trigger names no topic"
    for file, _, _, worker in manifests.workloads():
        if file.parent.name != "deployment":
            continue
        for trigger in scaled["triggers"]:
            for name, has, wants in trigger_pairs(trigger["metadata"],
                                                  manifests.configuration(worker)):
                if has != wants:
                    yield f"scaledobject.yaml: {name} is {has}, the worker's is {wants}"
            for name in set(trigger["metadata"]) - KAFKA_METADATA:
                yield f"scaledobject.yaml: the kafka trigger knows no '{name}'"


def trigger_pairs(metadata, configuration):
    source, kafka = configuration["source"], configuration["kafka"]
    secure = kafka.get("security.protocol", "plaintext").endswith("ssl")
    topic = metadata.get("topic")
    return (
        ("offsetResetPolicy", metadata.get("offsetResetPolicy", "latest"),
         source.get("start", "latest")),
        ("consumerGroup", metadata.get("consumerGroup"), source["group"]),
        ("bootstrapServers", metadata.get("bootstrapServers"), kafka["bootstrap.servers"]),
        ("topic", topic, topic if topic in source["topics"] else source["topics"]),
        ("tls", metadata.get("tls", "disable"), "enable" if secure else "disable"),
        ("sasl", metadata.get("sasl", "none"), SASL.get(kafka.get("sasl.mechanism"))),
    )


def files(manifests):
    """Each file that the configuration names is in a volume of the pod."""
    named = FILE.findall(manifests.configuration_text())
    for file, _, pod, worker in manifests.workloads():
        mounts = {mount["mountPath"]: mount["name"] for mount in worker["volumeMounts"]}
        for path in named:
            if path.rsplit("/", 1)[0] not in mounts:
                yield f"{file.name}: {path} of the configuration is in no volume"
        if set(mounts.values()) != {volume["name"] for volume in pod["volumes"]}:
            yield f"{file.name}: volumes and mounts differ"


def egress(manifests):
    """The network lets a worker through to brokers and Redis, and to its own port."""
    policy = manifests.one("NetworkPolicy")["spec"]
    out = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    into = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
    for _, _, _, worker in manifests.workloads():
        configuration = manifests.configuration(worker)
        servers = configuration["kafka"]["bootstrap.servers"].split(",")
        for server in servers + [configuration["redis"]["url"]]:
            if int(server.rsplit(":", 1)[1]) not in out:
                yield f"networkpolicy.yaml: no way out to {server}"
        if int(configuration["http"]["listen"].rsplit(":", 1)[1]) not in into:
            yield "networkpolicy.yaml: no way in to http.listen"


def alike(manifests):
    """The two pods differ in their variables and in their CPU, and in nothing else."""
    pods = []
    for _, _, pod, worker in manifests.workloads():
        other = {key: value for key, value in pod.items() if key != "containers"}
        pods.append((other, {key: value for key, value in worker.items()
                             if key not in ("env", "resources")}))
    if pods[0] != pods[1]:
        yield "deployment.yaml and statefulset.yaml: their pods have drifted apart"


def version(manifests):
    """The image that is named is of this version."""
    here = re.search(r"project\(leat VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    for file, _, _, worker in manifests.workloads():
        if not worker["image"].endswith(f"/leat:{here}"):
            yield f"{file.name}: the image is {worker['image']}, the project's version {here}"


RULES = (drain, probes, restricted, static_membership, keda, files, egress, alike, version)


def broken(manifests):
    return [wrong for rule in RULES for wrong in rule(manifests)]
