"""Rows to train on: the made-up stream of `leat demo NAME`, and what Leat makes of it.

`leat demo NAME --dump` writes events, their truth and what Redis knows; `leat features`
makes rows of the events with the very configuration that scores the live stream. So a model
is trained on what it will be given, aggregates and lookups included. A redis-server must be
installed: one is started for the lookups, and ended."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


@contextlib.contextmanager
def private_redis(folder, commands):
    """A redis-server that has run the commands of a file; gives its URL."""
    socket = folder / "redis.sock"
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            if server.poll() is not None:
                sys.exit(f"redis-server ended with {server.returncode}")
            time.sleep(0.01)
        subprocess.run(["redis-cli", "-s", socket], stdin=commands.open(),
                       stdout=subprocess.DEVNULL, check=True)
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.wait()


def dump(leat, name, folder, events, seed):
    """Events, labels and profiles of a world as files in the folder; gives the labels."""
    subprocess.run([leat, "demo", name, "--dump", folder, f"--events={events}",
                    f"--seed={seed}"], check=True)
    return [int(line) for line in (folder / "labels").open()]


def records(leat, name, folder, key):
    """What the model would be given for each event of the folder: the records of `leat
    features`. `key`: the path of the event that is the records' key."""
    with private_redis(folder, folder / "profiles.redis") as url:
        command = [leat, "features", "-c", HERE / name / "leat.yaml", "--key", key,
                   folder / "events.msgpack"]
        environment = {**os.environ, "REDIS_URL": url, "REDIS_TIMEOUT": "10s"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            for line in process.stdout:
                record = json.loads(line)
                if record.get("quality") == "unavailable" or "error" in record:
                    sys.exit(f"this is nothing to train on: {line.decode()}")
                yield record
        if process.returncode:
            sys.exit(f"leat features ended with {process.returncode}")
