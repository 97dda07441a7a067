"""A worker process under measurement: how each side is started, stopped and metered."""

import atexit
import hashlib
import os
import signal
import subprocess
import sys
import time
import uuid

import xgboost

LEAT = "build/release/leat"
BARE_LOOP = "build/release/bench/bare_loop"
PLAIN_WORKER = "build/release/bench/plain_worker"
XGBOOST = f"{os.path.dirname(xgboost.__file__)}/lib/libxgboost.so"
LOGS = "build/bench"
TICKS = os.sysconf("SC_CLK_TCK")

CONFIG = """\
kafka: {{bootstrap.servers: "{brokers}"}}
source: {{topics: [{source}], group: {group}, start: {start}}}
window: {{max_events: 256}}
model: {{name: fraud, path: {model}}}
features:
{features}
sink: {{topic: {sink}, include: [event.transaction_id]}}
delivery: {delivery}
lanes: {lanes}
"""


class Worker:
    """A started process; its log is in build/bench/NAME.log."""

    def __init__(self, name, command, environment=None):
        os.makedirs(LOGS, exist_ok=True)
        self.name = name
        self.log = f"{LOGS}/{name}.log"
        self.started = time.monotonic()
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(environment or {})})
        atexit.register(self.process.kill)  # does nothing where it has ended

    def fail(self, why):
        self.process.kill()
        with open(self.log) as log:
            tail = "".join(log.readlines()[-5:])
        sys.exit(f"{self.name} {why}; the end of {self.log}:\n{tail}")

    def wait_until(self, condition, what, every=0.1, patience=600):
        while not condition():
            if self.process.poll() is not None:
                self.fail(f"ended with {self.process.returncode}")
            if time.monotonic() - self.started > patience:
                self.fail(f"is not there after {patience} s: {what}")
            time.sleep(every)

    def stop(self):
        """SIGTERM, and the CPU-seconds of the whole life of the process."""
        self.process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode:
            self.fail(f"ended with {self.process.returncode}")
        return usage.ru_utime + usage.ru_stime

    def cpu(self):
        """The CPU-seconds so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            kib = next(line.split()[1] for line in status if line.startswith("VmRSS"))
        return int(kib) / 1024

    def said(self, text):
        with open(self.log) as log:
            return text in log.read()


def new_group():
    return f"bench-{uuid.uuid4().hex[:8]}"


def leat(brokers, source, sink, model, columns, start="earliest", lanes=1,
         delivery="at_least_once", environment=None, origins=None, more=""):
    """`origins`: columns that are not read from the event, and their paths. `more`: lines of
    configuration."""
    group = new_group()
    path = f"{LOGS}/leat.yaml"
    os.makedirs(LOGS, exist_ok=True)
    with open(path, "w") as config:
        config.write(CONFIG.format(
            brokers=brokers, source=source, sink=sink, group=group, start=start,
            model=model, lanes=lanes, delivery=delivery,
            features="\n".join(
                f"  {name}: {{from: {(origins or {}).get(name, f'event.{name}')}}}"
                for name in columns)) + more)
    started = Worker("leat", [LEAT, "run", "-c", path], environment)
    started.group = group
    return started


def python(brokers, source, sink, model):
    # The one thread of the model is set in the worker; this is for numpy's libraries.
    command = [sys.executable, "bench/python_worker.py", brokers, new_group(), source,
               sink, model]
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return Worker("python", command, one)


def plain_c(brokers, source, sink, model, columns):
    with open(model, "rb") as file:
        version = hashlib.sha256(file.read()).hexdigest()[:12]
    command = [PLAIN_WORKER, brokers, new_group(), source, sink, XGBOOST, model,
               version, "transaction_id", *columns]
    return Worker("plain_c", command, {"OMP_NUM_THREADS": "1"})


def bare(brokers, source, sink, size):
    return Worker("bare", [BARE_LOOP, brokers, new_group(), source, sink, str(size)])
