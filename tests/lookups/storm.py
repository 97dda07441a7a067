"""Redis dies, sleeps and refuses while lookups go on: nothing of another entity, no batch that
waits much beyond the time-out, one connection a second, and a quality that says what was.

A redis-server of our own with its data in a file, and build/release/tests/storm beside it, whose
entities know their own values. Faults are drawn from a seed."""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

import msgpack
import redis

ENTITIES = 20000
TIMEOUT_US = 5000


class Server:
    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.folder, "--enable-debug-command", "yes"],
            stdout=subprocess.DEVNULL)
        self.client = redis.Redis(port=self.port, socket_timeout=60)
        while True:
            try:
                self.client.ping()
                return
            except redis.exceptions.BusyLoadingError:
                time.sleep(0.01)
            except redis.ConnectionError:
                time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def fill(self):
        pipeline = self.client.pipeline(transaction=False)
        for i in range(ENTITIES):
            if i % 7:
                pipeline.hset(f"h:{i}", mapping={"v": i, "w": 2 * i + 1})
                pipeline.set(f"m:{i}", msgpack.packb({"x": [i], "v": i, "w": 2 * i + 1}))
            if i % 2000 == 1999:
                pipeline.execute()
        pipeline.execute()
        self.client.save()


def die(server, rng):
    server.kill()
    time.sleep(rng.uniform(0, 0.5))
    server.start()


def sleep(server, rng, longest):
    server.client.execute_command("DEBUG", "SLEEP", round(0.05 * (longest / 0.05)
                                                          ** rng.random(), 3))


def refuse(server, rng):
    """A key of another type, for a moment: its events are unavailable."""
    key = f"h:{rng.randrange(ENTITIES // 7) * 7 + 1}"
    kept = server.client.dump(key)
    server.client.set(key, "text")
    time.sleep(0.05)
    server.client.restore(key, 0, kept, replace=True)


def drop_connections(server):
    server.client.client_kill_filter(_type="normal", skipme=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/lookups/storm", description=__doc__)
    parser.add_argument("--faults", type=int, default=20, help="of each kind")
    parser.add_argument("--longest", type=float, default=3.0, help="sleep, in seconds")
    parser.add_argument("--rows", type=int, default=300000)
    parser.add_argument("--cache", type=int, default=0, help="entries")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--selftest", action="store_true",
                        help="give one entity what belongs to another; exit 0 when it is seen")
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="leat-storm-") as folder:
        server = Server(folder)
        try:
            server.fill()
            if arguments.selftest:
                server.client.set("m:8", server.client.get("m:9"))
                server.client.save()
            storm = subprocess.Popen(
                [os.environ.get("LEAT_STORM", "build/release/tests/storm"), str(server.port),
                 str(ENTITIES), str(TIMEOUT_US), str(arguments.cache)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            began = time.monotonic()
            kinds = [lambda: die(server, rng), lambda: sleep(server, rng, arguments.longest),
                     lambda: refuse(server, rng), lambda: drop_connections(server)]
            faults = kinds * arguments.faults
            rng.shuffle(faults)
            for fault in faults:
                time.sleep(rng.uniform(0.2, 1.5))
                fault()
            # A batch of 256 takes 2 ms and a little.
            time.sleep(max(0, arguments.rows / 256 * 0.006 - (time.monotonic() - began)))
            said, _ = storm.communicate()
        finally:
            server.kill()
    verdict = json.loads(said)
    wrong = {name: verdict[name] for name in ("foreign", "wrong_quality", "failed")
             if verdict[name]}
    wrong |= {name: verdict[name] for name in ("complete", "unavailable") if not verdict[name]}
    if verdict["connects"] - 1 > verdict["seconds"]:  # one a second behind the first
        wrong["connects"] = verdict["connects"]
    if verdict["rows"] < arguments.rows:
        wrong["rows"] = verdict["rows"]
    verdict |= {"faults": 4 * arguments.faults, "timeout_us": TIMEOUT_US}
    print(json.dumps(verdict))
    if arguments.report:
        with open(arguments.report, "w") as file:
            json.dump(verdict, file, indent=2)
            file.write("\n")
    if wrong and not arguments.selftest:
        print(f"storm FAILED: {wrong}")
    sys.exit("foreign" not in wrong if arguments.selftest else bool(wrong))


if __name__ == "__main__":
    main()
