"""User mistakes: what each one is told, so that a newcomer mends it without the source.

Each row is a mistake in an otherwise sound configuration: the exit code, the words that the
message must hold, and that the worker gives up by itself."""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

from bed import Bed
from stream import configuration, train

BIN = os.environ.get("LEAT_BIN", "build/release/leat")
HANG_SECONDS = 60
ABSENT = "127.0.0.1:1"  # a port on which nothing listens

USAGE, DATA, NO_INPUT, UNAVAILABLE, CONFIG = 64, 65, 66, 69, 78


def swap(old, new):
    """A change of the configuration's text; what is not there cannot be swapped."""
    def change(text):
        assert old in text, f"'{old}' is not in the configuration"
        return text.replace(old, new)
    return change


def drop(line):
    return swap(line, "")


def add(text):
    return lambda config: config + text


def kafka(lines):
    """More properties for every client."""
    return lambda config: config.replace("kafka:\n", "kafka:\n" + lines, 1)


class Mistakes:
    def __init__(self, bed, folder):
        self.bed = bed
        self.folder = folder
        stamp = time.time_ns() // 1000
        self.topic, self.sink, self.dead = (f"{name}-{stamp}" for name in
                                            ("events", "scores", "dead"))
        bed.create_topics(self.topic, self.sink, self.dead)
        self.model = os.path.join(folder, "model.json")
        booster = train("binary")
        booster.save_model(self.model)
        booster.feature_names = None
        booster.save_model(os.path.join(folder, "nameless.json"))
        self.sound = configuration(bed, self.topic, self.model, f"group-{stamp}", self.sink,
                                   self.dead)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.taken = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.write("broken.json", open(self.model).read()[:5000])
        self.write("model.py", "import xgboost\n")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def sasl(self, password):
        return lambda config: kafka(
            "  security.protocol: sasl_plaintext\n  sasl.mechanism: PLAIN\n"
            f"  sasl.username: leat\n  sasl.password: {password}\n")(
                swap(self.bed.brokers, os.environ["KAFKA_SASL_BROKERS"])(config))

    def rows(self):
        """name, command, change, exit code, words in any order, words that must not show"""
        run, check = ["run", "-c"], ["check", "-c"]
        config_line = r"\.yaml:\d+:\d+"
        return [
            ("an absent broker", check, swap(self.bed.brokers, ABSENT), UNAVAILABLE,
             [ABSENT], []),
            ("a host that is no name", check, swap(
                self.bed.brokers, "nowhere.invalid:9092"), UNAVAILABLE, [r"nowhere\.invalid:9092", "resolve|known"], []),
            ("a wrong password", run, self.sasl("dust-and-ashes"), CONFIG,
             ["(?i)authentication|password"], ["dust-and-ashes"]),
            ("no password where one is wanted", check, swap(
                self.bed.brokers, os.environ["KAFKA_SASL_BROKERS"]), UNAVAILABLE,
             [os.environ["KAFKA_SASL_BROKERS"], "security.protocol"], []),
            ("a missing input topic", run, swap(self.topic, "evnts"), CONFIG,
             ["evnts", "source.topics"], []),
            ("a missing output topic", run, swap(self.sink, "scors"), CONFIG,
             ["scors", "sink.topic"], []),
            ("a missing topic for dead letters", run, swap(self.dead, "ded"), CONFIG,
             ["'?ded'?", "dead_letter.topic"], []),
            ("topics missing at both ends", check, lambda config: swap(self.topic, "evnts")(
                swap(self.sink, "scors")(config)), CONFIG, ["'evnts'", "'scors'"], []),
            ("an absent Redis", check, swap(self.bed.redis_url, f"redis://{ABSENT}"),
             UNAVAILABLE, ["(?i)redis", ABSENT], []),
            ("Redis over TLS", run, swap(self.bed.redis_url, "rediss://localhost:6379"),
             CONFIG, ["rediss"], []),
            ("a model that is not there", run, swap("model.json", "modle.json"), NO_INPUT,
             [r"modle\.json", "No such file"], []),
            ("a model cut short", run, swap("model.json", "broken.json"), DATA,
             [r"broken\.json"], []),
            ("a model that is none", run, swap("model.json", "model.py"), DATA,
             [r"model\.py", "XGBoost"], []),
            ("another model than the pinned one", run, swap(
                "  name: tested\n", "  name: tested\n  sha256: " + "0" * 64 + "\n"), DATA,
             ["sha256|digest", "0" * 12], []),
            ("a model that names no columns", run, swap("model.json", "nameless.json"),
             CONFIG, [config_line, r"inputs: \{features: \[", "order of training"], []),
            ("a column without a feature", run, drop("  amount: {from: event.amount}\n"),
             CONFIG, ["amount"], []),
            ("a feature without a column", run, swap(
                "features:\n", "features:\n  colour: {from: event.colour}\n"), CONFIG,
             [config_line, "colour"], []),
            ("an unknown key", run, swap("window:", "windw:"), CONFIG,
             [config_line, "windw", "did you mean '?window"], []),
            ("an unknown key inside", run, swap("max_events:", "max_event:"), CONFIG,
             [config_line, "max_event", "did you mean '?.*max_events"], []),
            ("text where a number belongs", run, swap("max_events: 256", "max_events: many"),
             CONFIG, [config_line, "max_events", "many"], []),
            ("a duration without a unit", run, swap("max_wait: 2ms", "max_wait: 2"), CONFIG,
             [config_line, "max_wait", "ms"], []),
            ("a word that is no choice", run, swap("start: earliest", "start: newest"),
             CONFIG, [config_line, "newest", "latest", "earliest"], []),
            ("an undefined variable", run, swap("name: tested", "name: ${MODEL_NAME}"),
             CONFIG, [config_line, "MODEL_NAME"], []),
            ("a missing key", run, drop("  path: " + self.model + "\n"), CONFIG,
             [r"model\.path"], []),
            ("a key twice", run, add("lanes: 2\n"), CONFIG, [config_line, "lanes"], []),
            ("a path that breaks off", run, swap("event.card.limit", "event..limit"), CONFIG,
             [config_line, r"event\.\.limit"], []),
            ("a lookup that is not declared", run, swap("from: user.avg", "from: usr.avg"),
             CONFIG, [config_line, "usr"], []),
            ("a tab", run, swap("  path:", "\tpath:"), CONFIG, [config_line], []),
            ("a property that librdkafka lacks", run, kafka("  linger.mss: 5\n"), CONFIG,
             [r"linger\.mss"], []),
            ("a property that the worker owns", run, kafka("  enable.auto.commit: true\n"),
             CONFIG, [config_line, r"enable\.auto\.commit"], []),
            ("an address that is none", run, swap('listen: "off"', "listen: localhost:9464"),
             CONFIG, [config_line, r"http\.listen", "127.0.0.1:9464"], []),
            ("an address of another machine", run, swap('"off"', "192.0.2.1:9464"), CONFIG,
             [config_line, r"http\.listen", "192.0.2.1:9464"], []),
            ("an address that is taken", run, swap('"off"', self.taken), UNAVAILABLE,
             [config_line, r"http\.listen", self.taken, "in use"], []),
            ("what is not built yet", run,
             swap("include: [event.n]", "include: [event.n], explain: {top: 3}"), CONFIG,
             [config_line, r"sink\.explain", "not supported yet"], []),
            ("an aggregate of nobody", run, add("aggregates: {card_1h: {}}\n"), CONFIG,
             [config_line, r"aggregates\.card_1h\.entity", "is required"], []),
            ("no configuration", ["run"], None, USAGE, ["-c|--config"], []),
            ("a configuration that is not there", ["run", "-c", "nowhere.yaml"], None,
             NO_INPUT, [r"nowhere\.yaml"], []),
        ]

    def bad_event_without_dead_letters(self):
        producer = self.bed.producer()
        producer.send(self.topic, value=b"\xc1", partition=3)
        producer.flush()
        producer.close()
        return ("a bad event and no topic for it", ["run", "-c"],
                drop(f"dead_letter: {{topic: {self.dead}}}\n"), DATA,
                [f"{self.topic}.*3.*0", "dead_letter.topic"], ["did not leave"])

    def judge(self, name, command, change, code, words, secrets):
        arguments = [BIN, *command]
        if change:
            arguments.append(self.write("leat.yaml", change(self.sound)))
        try:
            done = subprocess.run(arguments, capture_output=True, text=True,
                                  timeout=HANG_SECONDS)
        except subprocess.TimeoutExpired as late:
            return [f"is still running after {HANG_SECONDS} s"], (late.stderr or b"").decode()
        said = done.stdout + done.stderr
        wrong = [] if done.returncode == code else [f"exit {done.returncode}, not {code}"]
        wrong += [f"does not say /{word}/" for word in words if not re.search(word, said)]
        wrong += [f"says the secret '{word}'" for word in secrets if word in said]
        return wrong, said

    def leave_while_waiting(self):
        """SIGTERM while no broker answers: that is no failure, and every line is JSON."""
        config = self.write("waiting.yaml", swap(self.bed.brokers, ABSENT)(self.sound))
        process = subprocess.Popen([BIN, "run", "-c", config], stderr=subprocess.PIPE,
                                   text=True)
        said = ""
        for line in process.stderr:
            said += line
            if "trying again" in line:
                process.terminate()
        code = process.wait(HANG_SECONDS)
        try:
            last = [json.loads(line) for line in said.splitlines()][-1]["message"]
        except ValueError:
            return ["says something that is no JSON"], said
        wrong = [] if code == 0 else [f"exit {code}, not 0"]
        wrong += [] if "SIGTERM: stopped" in last else [f"its last words: {last}"]
        return wrong, said


def main():
    parser = argparse.ArgumentParser(prog="mistakes", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", default="", help="names that hold TEXT")
    parser.add_argument("--verbose", action="store_true", help="show every message")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leat-mistakes-") as folder:
        mistakes = Mistakes(Bed(), folder)
        rows = mistakes.rows() + [mistakes.bad_event_without_dead_letters()]
        judged = {row[0]: lambda row=row: mistakes.judge(*row) for row in rows}
        judged["SIGTERM while no broker answers"] = mistakes.leave_while_waiting
        judged = {name: judge for name, judge in judged.items() if arguments.only in name}
        failed = 0
        for name, judge in judged.items():
            wrong, said = judge()
            failed += bool(wrong)
            if wrong or arguments.verbose:
                print(f"{'FAILED' if wrong else 'ok'}: {name}: {'; '.join(wrong)}")
                print("".join(f"    {line}\n" for line in said.splitlines()[:8]), end="")
    print(f"mistakes: {len(judged) - failed} of {len(judged)} are told well")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
