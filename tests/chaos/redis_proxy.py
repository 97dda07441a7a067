"""A proxy between workers and Redis: a process of its own, since it keeps time.

It leads the questions of a batch on, and the answers back as one, with a fault where one is set:

  late        they come past the worker's time-out: all, or those behind the first half
  truncated   they end at some byte; the connection is closed, or silent from then on
  a refusal   Redis's words stand in place of every answer: LOADING, READONLY, NOAUTH
  WRONGTYPE   the same, of every third key and of HMGET only

Each answer gets a number of its own on its way, in place of the `stamp` that Redis has: what a
worker made of it says by that which answer it was. The number, and what was asked, when, and what
became of it, stands in the log that end() returns (answers.py)."""

import asyncio
import multiprocessing
import random
import socket
import struct
import sys
import time
from collections import deque
from dataclasses import dataclass, field

from resp import Command, parse

FIRST = 1_000_000_000  # the stamp that Redis has; answers are numbered from here
REFUSALS = {"loading": b"-LOADING Redis is loading the dataset in memory\r\n",
            "readonly": b"-READONLY You can't write against a read only replica.\r\n",
            "noauth": b"-NOAUTH Authentication required.\r\n"}
WRONGTYPE = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"


@dataclass
class Trip:
    """The questions of a batch. It is good when all were answered in time, and as Redis did."""
    since: float  # when the worker may have begun it, at the earliest
    asked: float  # when the proxy saw it
    key: bytes  # one of those that it asked for
    answered: float = None
    fault: str = None


@dataclass
class Connection:
    since: float  # when it may have been tried
    closed_since: float = None  # when it may have been closed
    closed: float = None
    closer: str = None  # worker, redis or proxy
    trips: list = field(default_factory=list)


@dataclass
class Log:
    connections: list = field(default_factory=list)
    # of each answer, by its number: whose it is, whether there was anything, when it was asked
    # for, when it was sent
    answers: list = field(default_factory=list)
    tries: list = field(default_factory=list)  # when somebody connected
    faults: list = field(default_factory=list)  # (what, began, ended)


class Line:
    """One connection of a worker, with its own to Redis."""

    def __init__(self, proxy, reader, writer):
        self.proxy, self.reader, self.writer = proxy, reader, writer
        self.log = Connection(proxy.ticks[0])
        self.asked = deque()  # commands without their reply
        self.replies = []  # of the batch: command, bytes, elements
        self.trip = None
        proxy.log.connections.append(self.log)

    def close(self, closer):
        if self.log.closed is None:
            self.log.closed_since, self.log.closed = self.proxy.ticks[0], time.time()
            self.log.closer = closer
        if closer != "worker" and not self.writer.is_closing():
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.close()

    async def run(self):
        try:
            answers, questions = await asyncio.open_connection(*self.proxy.behind)
        except OSError:
            self.close("redis")
            return
        tasks = [asyncio.ensure_future(self.lead_on(questions)),
                 asyncio.ensure_future(self.lead_back(answers))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        questions.close()
        self.close("redis")
        for task in tasks:
            if not task.cancelled() and task.exception():
                self.proxy.errors.append(repr(task.exception()))

    async def lead_on(self, questions):
        data = bytearray()
        while more := await receive(self.reader):
            data += more
            at = 0
            while at < len(data) and (found := parse(data, at)):
                self.ask(Command(data, found[1]))
                at = found[0]
            del data[:at]
            questions.write(more)
        self.close("worker")

    def ask(self, command):
        self.asked.append(command)
        if self.trip is None and command.keys:
            since = self.proxy.ticks[0] if self.log.trips else self.log.since
            self.trip = Trip(since, time.time(), command.keys[0])
            self.log.trips.append(self.trip)

    async def lead_back(self, answers):
        data = bytearray()
        while more := await receive(answers):
            data += more
            at = 0
            while at < len(data) and (found := parse(data, at)):
                end, elements = found
                self.replies.append((self.asked.popleft(), data[at:end],
                                     [(place - at, size) for place, size in elements]))
                at = end
            del data[:at]
            if self.replies and not self.asked:
                replies, trip = self.replies, self.trip
                self.replies, self.trip = [], None
                await self.answer(trip, replies)

    # --- with or without a fault ---------------------------------------------------------

    async def answer(self, trip, replies):
        fault = self.proxy.fault if trip else None
        if trip:
            trip.fault = fault
        if fault in REFUSALS:
            self.writer.write(REFUSALS[fault] * len(replies))
        elif fault == "wrongtype":
            self.send(trip, [refused_by_type(reply) for reply in replies])
        elif fault == "late":
            await self.send_late(trip, replies)
        elif fault == "truncated":
            await self.send_part(trip, replies)
        else:
            self.send(trip, replies)
        if trip:
            trip.answered = time.time()

    def send(self, trip, replies):
        """Each with its number. When it was sent is noted before: nobody has it earlier."""
        now = time.time()
        self.writer.write(b"".join(self.stamped(trip, now, *reply) for reply in replies))

    def stamped(self, trip, now, command, reply, elements):
        for i, key in enumerate(command.keys):
            if not elements:
                continue  # a refusal of Redis's own
            is_hash = command.stamped is not None
            place, size = elements[command.stamped if is_hash else i]
            number = FIRST + len(self.proxy.log.answers)
            self.proxy.log.answers.append((key, size >= 0, trip.asked, now))
            if size >= 0 and is_hash:
                reply[place:place + size] = b"%d" % number
            elif size >= 0:
                reply[place + size - 4:place + size] = struct.pack(">I", number)
        return bytes(reply)

    async def send_late(self, trip, replies):
        on_time = random.choice((0, len(replies) // 2))
        self.send(trip, replies[:on_time])
        await asyncio.sleep(self.proxy.timeout * random.uniform(1.1, 4))
        self.send(trip, replies[on_time:])

    async def send_part(self, trip, replies):
        cut = random.randrange(len(replies))
        _, last, _ = replies[cut]
        self.send(trip, replies[:cut])
        self.writer.write(bytes(last[:random.randrange(len(last))]))
        if random.random() < 0.5:
            await asyncio.sleep(0.001)
            self.close("proxy")
        else:
            await asyncio.sleep(60)  # or until the worker has enough


def refused_by_type(reply):
    command = reply[0]
    is_third = command.stamped is not None and int(command.keys[0].split(b":")[1]) % 3 == 0
    return (command, bytearray(WRONGTYPE), []) if is_third else reply


async def receive(reader):
    try:
        return await reader.read(1 << 18)
    except OSError:
        return b""


class Served:
    """What runs in the process of the proxy."""

    def __init__(self, behind, timeout):
        self.behind, self.timeout = behind, timeout
        self.fault = None
        self.began = None
        self.log = Log()
        self.errors = []
        self.ticks = deque([time.time()] * 2, 2)

    async def tick(self):
        """What is seen now may have arrived since the tick before the last: the proxy, too, is
        held up by others at times."""
        while True:
            self.ticks.append(time.time())
            await asyncio.sleep(0.005)

    async def accept(self, reader, writer):
        self.log.tries.append(time.time())
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await Line(self, reader, writer).run()

    def set_fault(self, fault):
        now = time.time()
        if self.fault:
            self.log.faults.append((self.fault, self.began, now))
        self.fault, self.began = fault, now

    async def run(self, pipe):
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0, backlog=64)
        pipe.send(server.sockets[0].getsockname()[1])
        ticking = asyncio.ensure_future(self.tick())
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def told():
            try:
                what = pipe.recv()
            except EOFError:  # whoever started this was killed
                sys.exit(1)
            if what == "end":
                over.set()
            else:
                self.set_fault(what)
                pipe.send(None)
        loop.add_reader(pipe.fileno(), told)
        await over.wait()
        ticking.cancel()
        pipe.send((self.log, self.errors))


def serve(pipe, behind, timeout):
    asyncio.run(Served(behind, timeout).run(pipe))


class RedisProxy:
    """`with RedisProxy(port, timeout) as proxy`; proxy.port is where workers connect."""

    def __init__(self, behind, timeout):
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(
            target=serve, args=(other, ("127.0.0.1", behind), timeout), daemon=True)

    def __enter__(self):
        self.process.start()
        self.port = self.pipe.recv()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()

    def set(self, fault):
        """What happens to answers from now on; None: nothing."""
        self.pipe.send(fault)
        self.pipe.recv()

    def end(self):
        self.pipe.send("end")
        log, errors = self.pipe.recv()
        assert not errors, errors
        return log
