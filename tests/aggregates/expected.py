"""What has to come out of a topic: the reference (reference.py), entity after entity, and what it
says of the states in Redis."""

import multiprocessing
import subprocess
from collections import Counter, namedtuple

import numpy as np

import reference
from configured import Refused, read_event

PREDICTION, DEAD_LETTER, NOTHING = range(3)
PORTION = 4000  # events, or entities, of one step
MOST_TIMES = 6

Record = namedtuple("Record", "key value timestamp")


class Topic:
    """The records of a topic. A row is a record's place among all, partition by partition."""

    def __init__(self, partitions):
        self.first, self.records = {}, []
        for partition, records in sorted(partitions.items()):
            self.first[partition] = len(self.records)
            self.records += records
        self.n_of = {partition: len(records) for partition, records in partitions.items()}

    def row(self, partition, offset):
        """None: there is no such event."""
        is_there = 0 <= offset < self.n_of.get(partition, 0)
        return self.first[partition] + offset if is_there else None

    def place(self, row):
        partition = max((p for p in self.first if self.first[p] <= row and self.n_of[p]),
                        key=self.first.get)
        return f"{partition}/{row - self.first[partition]}"


class Expected:
    """`outcome` of each row; `answers`, [rows][numbers], of those that are predicted.

    `entities`: as configured. Events of an entity that is the key are applied in the order of
    offsets, those of any other one in that of timestamps, which is one of many."""

    def __init__(self, topic, entities):
        self.topic, self.entities = topic, entities
        self.outcome = np.full(len(topic.records), PREDICTION, np.int8)
        self.events = [{} for _ in entities]  # per entity: name: [(row, time_ns, inputs)]
        for row, record in enumerate(topic.records):
            self.outcome[row] = self.read(row, record)
        self.first = np.cumsum([0] + [len(entity.values) for entity in entities])
        self.answers = np.full((len(topic.records), self.first[-1]), np.nan)

    def read(self, row, record):
        if record.value is None:
            return NOTHING
        try:
            brought = read_event(self.entities, *record)
        except Refused:
            return DEAD_LETTER
        for events, (name, time_ns, inputs) in zip(self.events, brought):
            if name is not None:
                events.setdefault(name, []).append((row, time_ns, inputs))
        return PREDICTION

    def in_order(self, i, name):
        events = self.events[i][name]
        if self.entities[i].is_shared:
            return sorted(events, key=lambda event: (
                self.topic.records[event[0]].timestamp, event[0]))
        return events

    def portions(self):
        """[(entity, names)]: about as many events each; the busiest entities alone, and first,
        or the pool would wait for them."""
        portions = []  # (events, entity, names)
        for i, events in enumerate(self.events):
            names, size = [], 0
            for name in sorted(events, key=lambda name: -len(events[name])):
                names.append(name)
                size += len(events[name])
                if size >= PORTION:
                    portions.append((size, i, names))
                    names, size = [], 0
            portions.append((size, i, names))
        return [(i, names) for _, i, names in sorted(portions, reverse=True) if names]

    def work_out(self, states, driver, say):
        """Fills `answers`. `states`: a function from (entity, names) to the bytes that Redis
        keeps of each, which are compared; the differences are returned as a Counter, and
        some of them in words."""
        portions = self.portions()
        count, words = Counter(), []
        shared.update(expected=self, states=states, driver=driver)
        with multiprocessing.get_context("fork").Pool() as pool:
            for n, (i, rows, answers, found, said) in enumerate(
                    pool.imap_unordered(work_out_portion, portions)):
                self.answers[rows, self.first[i]:self.first[i + 1]] = answers
                count.update(found)
                words += said
                say(f"reference: {n + 1} of {len(portions)} portions", n + 1 == len(portions))
        return count, words[:20]


shared = {}  # with the processes of the pool


def work_out_portion(portion):
    i, names = portion
    expected = shared["expected"]
    rows, answers, entities = [], [], {}
    for name in names:
        entity = entities[name] = reference.Entity(expected.entities[i].of_the_reference())
        for row, time_ns, inputs in expected.in_order(i, name):
            rows.append(row)
            answers.append(entity.answer(time_ns))
            entity.apply(time_ns, inputs)
    found, said = compare_states(expected.entities[i], entities, shared["states"](i, names),
                                 shared["driver"])
    return i, rows, answers, found, said


# --- what Redis keeps ------------------------------------------------------------------


def times_of(spec, entity):
    """When to ask the two: at the newest event, while and after it goes out of windows. Of a
    shared entity what is late depends on the order, and so does what was kept then."""
    newest = entity.windows[0].newest
    if newest is None:
        return []
    newest_ns = max(window.newest * window.bucket_ns for window in entity.windows)
    later = [0] + [int(window.over * part) for window in spec.windows
                   for part in (0.4, 0.95)] + [90 * spec.windows[-1].over]
    if not spec.is_shared:
        later.append(-spec.windows[0].late)
    return [min(newest_ns + each, 2**63 - 1) for each in later][:MOST_TIMES]


def compare_states(spec, entities, kept, driver):
    found, said, script, asked = Counter(), [], [spec.of_run_state()], []
    for (name, entity), state in zip(entities.items(), kept):
        times = times_of(spec, entity)
        found["states"] += 1
        if state is None or len(state) < 4:
            found["states_missing"] += 1
            said.append(f"{spec.name} {name}: Redis has no state of it")
            continue
        script.append(f"state {state.hex()}\n" + "".join(f"at {t}\n" for t in times))
        asked.append((name, entity, times))
    run = subprocess.run([driver], input="".join(script), text=True, capture_output=True)
    lines = iter(run.stdout.splitlines())
    for name, entity, times in asked:
        wrong = differences(spec, entity, times, lines)
        found["states_differing"] += bool(wrong)
        said += [f"{spec.name} {name}: {each}" for each in wrong[:2]]
    if run.returncode:
        said.append(run.stderr.strip())
    return found, said[:3]


def differences(spec, entity, times, lines):
    wrong = []
    for time_ns in times:
        kept = next(lines, "").split()
        wanted = [reference.bits(number) for number in entity.answer(time_ns)]
        for i, bits in enumerate(wanted):
            has = kept[i] if i < len(kept) else "nothing"
            if has != bits and (not spec.is_shared or spec.is_in_any_order(i)):
                wrong.append(f"{'.'.join(spec.values[i][:2])} at {time_ns} is {has} in Redis, "
                             f"expected {bits}")
    return wrong
