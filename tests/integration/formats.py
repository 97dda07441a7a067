"""The same events as msgpack and as JSON: the same predictions, to the bit.

Each stream has a topic, a group and a worker of its own. Some of the JSON is none: those texts
must become dead letters as they were sent, with a reason that says where."""

import argparse
import json
import os

import msgpack

from bed import Bed
from case import conclude, new_stream
from passage import Passage, play
from stream import configuration, train
from worker import Workers

# A text, the code that its dead letter has, and what the reason must hold.
MISTAKES = [
    (b"", "E_TRUNCATED", "the JSON ends at byte 0"),
    (b'{"amount": 1', "E_TRUNCATED", "ends at byte 12, expected ',' or '}'"),
    (b'{"amount": 1,}', "E_FORMAT", "found '}' at byte 13"),
    (b'{"amount": NaN}', "E_FORMAT", "found 'N' at byte 11"),
    (b"{'amount': 1}", "E_FORMAT", "at byte 1, expected a key in quotes"),
    (b'{"amount": 1} {}', "E_TRAILING", "at byte 14 of 16"),
    (b'{"amount": 1e999}', "E_RANGE", "the number at byte 11"),
    (b'{"note": "\xff"}', "E_UTF8", "the string at byte 9"),
    (b'{"note": "\\ud800"}', "E_FORMAT", "a pair of surrogates"),
    (b'{"a":' * 100, "E_DEPTH", "more than 64 deep"),
    (b'[{"amount": 1}]', "E_TYPE", "expected a map, found an array"),
    (b'{"amount": "12.5"}', "E_TYPE", "event.amount: expected a number"),
    (msgpack.packb({"amount": 1}), "E_FORMAT", "looks like msgpack"),
]
EVERY = 31  # of the JSON events, one is a mistake
BEGAN_MS = 1_700_000_000_000


def mistake(i):
    return MISTAKES[i // EVERY % len(MISTAKES)] if i % EVERY == EVERY - 1 else None


def text_of(event, i):
    """As Python writes it, dense, and with all of it escaped."""
    styles = [{}, {"separators": (",", ":")}, {"ensure_ascii": False, "indent": 1}]
    return json.dumps(event, **styles[i % 3]).encode()


class Run(Passage):
    def __init__(self, bed, workers, stream, model, form):
        super().__init__(bed, workers, form)
        self.form = form
        self.send(stream)
        text = configuration(bed, self.topic, model, self.group, self.sink, self.dead,
                             client=self.stamp)
        self.worker = workers.add(
            self.stamp, text.replace("source:\n", f"source:\n  format: {form}\n"))

    def payload(self, stream, i):
        event = stream.event(i) | {"note": "é\u20ac\U0001f600 \"\\\n\t/"}
        if self.form == "msgpack":
            return msgpack.packb(event)
        return mistake(i)[0] if mistake(i) else text_of(event, i)

    def send(self, stream):
        producer = self.bed.producer()
        for i in range(stream.n):
            producer.send(self.topic, key=f"u{stream.user[i]}".encode(),
                          value=self.payload(stream, i), timestamp_ms=BEGAN_MS + i,
                          headers=[("n", str(i).encode())])
        producer.flush()
        producer.close()

    def predictions(self):
        """Of each event's number, all that is said but the id, in which the topic is."""
        found = {}
        for record in self.read(self.sink):
            said = msgpack.unpackb(record.value)
            place = said.pop("id").removeprefix(self.topic)
            found.setdefault(said["event"]["n"], []).append((place, record.key, said))
        return found


def differences(packed, texts, n):
    """Events whose predictions are not one each and equal, but for the mistakes."""
    return [i for i in range(n)
            if len(packed.get(i, [])) != 1
            or texts.get(i, []) != ([] if mistake(i) else packed[i])]


def dead_letter_faults(run, n):
    """Events whose dead letter is not what it has to be."""
    letters = {}
    for record in run.read(run.dead):
        letters.setdefault(int(dict(record.headers)["n"]), []).append(record)
    wrong = []
    for i in range(n):
        expected = mistake(i)
        found = letters.get(i, [])
        if len(found) != bool(expected):
            wrong.append((i, f"{len(found)} dead letters"))
        elif expected:
            said = dict(found[0].headers)
            code = said["__connect.errors.exception.class.name"].decode()
            reason = said["__connect.errors.exception.message"].decode()
            if found[0].value != expected[0] or code != expected[1] or (
                    expected[2] not in reason):
                wrong.append((i, found[0].value[:40], code, reason))
    return wrong


def main():
    parser = argparse.ArgumentParser(prog="formats", description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--report", metavar="FILE")
    arguments = parser.parse_args()
    bed = Bed()
    stream = new_stream(arguments.events)
    stream.fill_redis(bed.redis)
    with Workers("formats") as workers:
        model = os.path.join(workers.folder, "model.ubj")
        train("binary").save_model(model)
        runs = [Run(bed, workers, stream, model, form) for form in ("msgpack", "json")]
        play(workers, runs)
        packed, texts = (run.predictions() for run in runs)
        differing = differences(packed, texts, stream.n)
        letters = dead_letter_faults(runs[1], stream.n)
        faults = {"differing": len(differing), "dead_letter_faults": len(letters),
                  "dead_letters_of_msgpack": len(runs[0].read(runs[0].dead))}
        verdict = {"events": stream.n, "compared": len(texts),
                   "mistakes": sum(mistake(i) is not None for i in range(stream.n)), **faults}
        conclude("formats", {"binary": verdict},
                 {name: count for name, count in faults.items() if count},
                 [f"event {i}: {packed.get(i)} and {texts.get(i)}" for i in differing[:5]]
                 + [str(wrong) for wrong in letters[:10]], arguments.report)


if __name__ == "__main__":
    main()
