"""A redis-server of a scenario's own, that can be killed and put to sleep. It is started again
with the data that it was filled with, from its RDB."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile

import redis

from bed import hang_guard


class RedisServer:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="leat-redis-")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process:
            self.kill()
        shutil.rmtree(self.folder)

    def client(self):
        return redis.Redis(port=self.port, retry=None, socket_timeout=60)

    def start(self):
        with open(os.path.join(self.folder, "log"), "a") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir",
                 self.folder, "--save", "", "--enable-debug-command", "yes"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in hang_guard("redis-server to answer"):
            try:
                if self.client().ping():
                    return
            except redis.RedisError:
                pass

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def sleep(self, seconds):
        """Returns when it is over."""
        with self.client() as client:
            client.execute_command("DEBUG", "SLEEP", f"{seconds:.3f}")
