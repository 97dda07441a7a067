"""A proxy between workers and brokers that knows Kafka's frames.

Workers are told of brokers at which the proxy listens; it leads on to the listener behind,
frame by frame (a length, then a request or its response), through the faults that are set:

  delay     seconds that every frame waits
  rate      bytes a second, together
  slice     how many bytes are written at once; 0: a whole frame
  dark      frames are swallowed up, nothing is closed: a black hole
  cut()     resets every connection, or the clients' ends only
  hold()    keeps back the next EndTxn that commits until release(), or until the next
            transaction of its id is open; its connection to the broker outlives the
            client's, so that what was given up for lost arrives late

Everything that passes is shown to a witness (ownership.py). The oracle's clients do not come
this way."""

import asyncio
import os
import socket
import struct
import threading

from kafka.protocol.producer import (AddPartitionsToTxnRequest, EndTxnRequest,
                                     EndTxnResponse)

END_TXN = EndTxnRequest.API_KEY
ADD_PARTITIONS = AddPartitionsToTxnRequest.API_KEY
MAX_FRAME = 128 << 20


class Held:
    """The next EndTxn that commits, to be kept back; a witness of its transactional id."""

    KEYS = frozenset((END_TXN, ADD_PARTITIONS))

    def __init__(self, until_next):
        self.until_next = until_next
        self.header = None
        self.transactional_id = None
        self.opening = None  # the header of the AddPartitionsToTxn that came next
        self.is_next_open = False
        self.came_into_next = False
        self.seen = threading.Event()  # it is in our hands
        self.gone = threading.Event()  # it was led on, or could not be:
        self.delivered = False
        self.answered = threading.Event()  # the broker has said:
        self.error = None
        self.release = asyncio.Event()

    def request(self, header, frame):
        if header.key == END_TXN:
            said = EndTxnRequest.decode(frame, version=header.version, header=True)
            if self.header is None and said.committed:
                self.header, self.transactional_id = header, said.transactional_id
                self.seen.set()
            elif said.transactional_id == self.transactional_id:
                self.is_next_open = False
        elif self.header is not None and header.version < 4:  # later ones are for brokers
            said = AddPartitionsToTxnRequest.decode(frame, version=header.version,
                                                    header=True)
            if said.v3_and_below_transactional_id == self.transactional_id:
                self.opening = header

    def response(self, header, frame):
        if header is self.header:
            said = EndTxnResponse.decode(frame, version=header.version, header=True)
            self.error = said.error_code
            self.answered.set()
        elif header is self.opening:
            self.is_next_open = True
            if self.until_next:
                self.release.set()


class Proxy:
    """Listens for every broker of the bed; `with Proxy() as proxy`. Faults may be set from
    any thread."""

    def __init__(self, witness=None):
        self.witness = witness
        self.delay = 0.0
        self.rate = 0.0
        self.slice = 0
        self.dark = False
        self.held = None
        self.free_at = 0.0  # when the wire is free again, where `rate` makes it narrow
        self.writers = {}  # of open connections; and whether it leads to a client
        self.servers = []
        self.pairs = list(zip(addresses("KAFKA_PROXIED"), addresses("KAFKA_BEHIND"),
                              strict=True))
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        for front, behind in self.pairs:
            self.call(self.listen(front, behind))
        return self

    def __exit__(self, *_):
        self.call(self.shut())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    # --- faults ------------------------------------------------------------------------

    def heal(self):
        """No fault from here on; connections that were starved are reset."""
        was_dark = self.dark
        self.delay, self.rate, self.slice, self.dark = 0.0, 0.0, 0, False
        if was_dark:
            self.cut()

    def cut(self, clients_only=False):
        async def reset():
            for writer, is_client in list(self.writers.items()):
                if is_client or not clients_only:
                    reset_connection(writer)
        self.call(reset())

    def hold(self, until_next=False):
        self.held = Held(until_next)
        return self.held

    def release(self, held):
        self.loop.call_soon_threadsafe(held.release.set)

    def witnesses(self):
        return [witness for witness in (self.witness, self.held) if witness]

    # --- the way through ---------------------------------------------------------------

    async def listen(self, front, behind):
        async def accept(reader, writer):
            await self.connect(reader, writer, behind)
        self.servers.append(await asyncio.start_server(accept, *front))

    async def shut(self):
        for server in self.servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def connect(self, reader, writer, behind):
        try:
            broker_reader, broker_writer = await asyncio.open_connection(*behind)
        except OSError:
            reset_connection(writer)
            return
        connection = Connection(self.witnesses)
        for end in (writer, broker_writer):
            self.writers[end] = end is writer
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP,
                                                    socket.TCP_NODELAY, 1)
        try:
            await asyncio.gather(self.requests(reader, broker_writer, connection),
                                 self.responses(broker_reader, writer, connection))
        finally:
            for end in (writer, broker_writer):
                self.writers.pop(end)
                end.close()

    async def requests(self, reader, writer, connection):
        async for frame in frames(reader):
            header = connection.request(frame)
            if self.held and self.held.header is header:
                await self.keep_back(self.held, frame, writer)
            elif not await self.lead_on(frame, writer):
                break
        half_close(writer)

    async def responses(self, reader, writer, connection):
        async for frame in frames(reader):
            connection.response(frame)
            if not await self.lead_on(frame, writer):
                break
        half_close(writer)

    async def keep_back(self, held, frame, writer):
        await held.release.wait()
        held.came_into_next = held.is_next_open
        held.delivered = await write(writer, frame)
        held.gone.set()

    async def lead_on(self, frame, writer):
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.rate:
            now = self.loop.time()
            self.free_at = max(self.free_at, now) + len(frame) / self.rate
            await asyncio.sleep(self.free_at - now)
        if self.dark:
            return True
        step = self.slice or len(frame)
        for at in range(0, len(frame), step):
            if not await write(writer, frame[at:at + step]):
                return False
        return True


def addresses(name):
    for address in os.environ[name].split(","):
        host, port = address.rsplit(":", 1)
        yield host, int(port)


async def frames(reader):
    """Whole frames, with their length in front, until the peer is done."""
    while True:
        try:
            head = await reader.readexactly(4)
            size, = struct.unpack(">i", head)
            if not 0 <= size <= MAX_FRAME:
                raise AssertionError(f"a frame of {size} bytes: this is not Kafka")
            yield head + await reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):
            return


async def write(writer, data):
    try:
        writer.write(data)
        await writer.drain()
        return True
    except OSError:
        return False


def half_close(writer):
    try:
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        pass


def reset_connection(writer):
    """RST instead of FIN."""
    if not writer.transport.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                   struct.pack("ii", 1, 0))
        writer.transport.abort()


class Header:
    """Of a request: what every version has in front."""

    def __init__(self, frame):
        self.key, self.version, self.correlation, size = struct.unpack_from(">hhih", frame, 4)
        self.client = frame[14:14 + size].decode() if size >= 0 else None


class Connection:
    """Knows which request a response belongs to, and shows both to the witnesses."""

    def __init__(self, witnesses):
        self.witnesses = witnesses
        self.asked = {}

    def request(self, frame):
        header = Header(frame)
        interested = [one for one in self.witnesses() if header.key in one.KEYS]
        if interested:
            self.asked[header.correlation] = header, interested
        for witness in interested:
            witness.request(header, frame[4:])
        return header

    def response(self, frame):
        if not self.asked:
            return
        correlation, = struct.unpack_from(">i", frame, 4)
        header, interested = self.asked.pop(correlation, (None, ()))
        for witness in interested:
            witness.response(header, frame[4:])
