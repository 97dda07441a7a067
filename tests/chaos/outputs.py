"""A round of lookups: the worker, the stream into it, which a process of its own feeds, and what
comes out, read while it goes on."""

import multiprocessing
import threading
import time

from answers import dead_letter, prediction
from bed import PARTITIONS, Bed, Feeder, Tail, hang_guard
from case import STALL_SECONDS
from entities import Traffic, configuration


def feed(pipe, topic, seed, rate):
    feeder = Feeder(Bed(), topic, Traffic(seed).records(), rate)
    feeder.start()
    pipe.recv()
    pipe.send(feeder.stop())


class LookupRound:
    """What a scenario has in its hands; see chaos.Round."""

    def __init__(self, options, bed, workers, proxy, rng, events):
        self.options, self.bed, self.workers, self.rng = options, bed, workers, rng
        self.number = options.number
        stamp = f"{time.time_ns() // 1000}"
        self.topic, self.sink, self.dead, self.group = (
            f"{name}-{stamp}" for name in ("in", "out", "dead", "group"))
        bed.create_topics(self.topic, self.sink, self.dead)
        self.predictions, self.dead_letters = [], []
        self.answered = [0.0] * PARTITIONS  # when one was published that Redis was there for
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reading_ends = threading.Event()
        self.error = None

    def start_worker(self, redis_port, timeout_ms, policy, cache, lanes):
        worker = self.workers.add(f"worker-{self.group}", configuration(
            self.bed, self.topic, self.group, self.sink, self.dead, redis_port, timeout_ms,
            policy, cache, lanes)).start()
        self.bed.wait_for_members(self.group, lanes)
        self.reader.start()
        return worker

    def feed(self, traffic, rate):
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.feeder = context.Process(target=feed, daemon=True,
                                      args=(other, self.topic, traffic.seed, rate))
        self.feeder.start()

    # --- what comes out ------------------------------------------------------------------

    def read(self):
        try:
            outputs, dead = Tail(self.bed, self.sink), Tail(self.bed, self.dead)
            while not self.reading_ends.is_set():
                self.take(outputs.poll(100), dead.poll(0))
            self.take(outputs.read_to(outputs.ends()), dead.read_to(dead.ends()))
            outputs.close()
            dead.close()
        except Exception as error:
            self.error = error

    def take(self, predictions, dead_letters):
        for record in predictions:
            said = prediction(record)
            self.predictions.append(said)
            if said.quality in ("complete", "defaulted"):
                self.answered[said.partition] = said.at
        self.dead_letters += [dead_letter(record) for record in dead_letters]

    def came_out(self):
        return len(self.predictions) + len(self.dead_letters)

    def check(self):
        self.workers.check()
        if self.error:
            raise self.error

    # --- steps -------------------------------------------------------------------------

    def await_answers(self):
        """Until every lane has answers of Redis again."""
        since = time.time()
        for _ in hang_guard("answers of Redis in all lanes"):
            self.check()
            if min(self.answered) > since:
                return

    def pause(self, least, most):
        """Lets the stream flow for a random while."""
        end = time.monotonic() + self.rng.uniform(least, most)
        while time.monotonic() < end:
            self.check()
            time.sleep(0.02)

    def await_all(self):
        """Stops the stream and waits until all of it came out, or nothing does any more.
        Returns how many events there were."""
        self.pipe.send("stop")
        sent = self.pipe.recv()
        self.feeder.join()
        before, give_up = None, 0
        while (now := self.came_out()) < sent and (
                now != before or time.monotonic() < give_up):
            if now != before:
                before, give_up = now, time.monotonic() + STALL_SECONDS
            self.check()
            time.sleep(0.1)
        return sent

    def end(self):
        self.check()
        self.workers.terminate()
        self.reading_ends.set()
        self.reader.join()
        self.check()

    def uncommitted(self):
        committed = self.bed.committed(self.group, self.topic)
        return sum(end - committed.get(partition, 0)
                   for partition, end in self.bed.ends(self.topic).items())
