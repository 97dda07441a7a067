"""`leat run` as a process that tests start, kill and terminate."""

import os
import signal
import subprocess
import tempfile
import time

BIN = os.environ.get("LEAT_BIN", "build/release/leat")


class Worker:
    """One process. Its configuration and its log lie in `folder`."""

    def __init__(self, folder, name, configuration):
        self.name = name
        self.config = os.path.join(folder, f"{name}.yaml")
        self.log = os.path.join(folder, f"{name}.log")
        self.process = None
        self.began_at = 0  # where in the log its process began
        self.enter = None  # what the process does before it becomes a worker
        with open(self.config, "w") as file:
            file.write(configuration)
        open(self.log, "a").close()

    def start(self, *options, **environment):
        self.began_at = os.path.getsize(self.log)
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([BIN, "run", "-c", self.config, *options],
                                            stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL,
                                            env={**os.environ, **environment},
                                            preexec_fn=self.enter)
        return self

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def check(self):
        """A worker that ended by itself has something to say."""
        if self.process is not None and not self.is_alive():
            raise AssertionError(f"{self.name} ended with {self.process.poll()}:\n"
                                 f"{self.last_words()}")

    def check_sanitizers(self):
        """A worker that was killed cannot say by its exit code what a sanitizer found."""
        with open(self.log, errors="replace") as log:
            if "Sanitizer:" in log.read():
                raise AssertionError(f"a sanitizer speaks in {self.log}")

    def last_words(self, lines=15):
        with open(self.log, errors="replace") as log:
            log.seek(self.began_at)
            return "".join(log.readlines()[-lines:])

    def is_killed(self):
        """Whether SIGKILL has ended it, as LEAT_FAIL_AT wants it. Another end is a fault."""
        code = self.process and self.process.poll()
        if code == -signal.SIGKILL:
            self.process = None
        elif code is not None:
            self.check()
        return self.process is None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def terminate(self, hang=60):
        """SIGTERM; returns the seconds it took, and insists on exit code 0."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(hang)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} does not end within {hang} s of SIGTERM:\n"
                                 f"{self.last_words()}") from None
        if code != 0:
            raise AssertionError(f"{self.name} exits {code} on SIGTERM:\n"
                                 f"{self.last_words()}")
        self.process = None
        if "did not leave the group" in self.last_words(100):
            raise AssertionError(f"{self.name} did not leave its group:\n"
                                 f"{self.last_words()}")
        return time.monotonic() - began


class Workers:
    """The processes of one test; none outlives it. Logs are kept when it fails."""

    def __init__(self, title):
        self.folder = tempfile.mkdtemp(prefix=f"leat-{title}-")
        self.keep = False  # the logs, though nothing was raised
        self.all = []

    def add(self, name, configuration):
        worker = Worker(self.folder, name, configuration)
        self.all.append(worker)
        return worker

    def check(self):
        for worker in self.all:
            worker.check()

    def terminate(self):
        for worker in self.all:
            if worker.is_alive():
                worker.terminate()
            worker.check_sanitizers()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for worker in self.all:
            if worker.is_alive():
                worker.kill()
        passed = kind is None or (kind is SystemExit and error.code == 0)
        if passed and not self.keep:
            for name in os.listdir(self.folder):
                os.unlink(os.path.join(self.folder, name))
            os.rmdir(self.folder)
        else:
            print(f"the workers' configurations and logs: {self.folder}")
