"""A door between workers and the broker, for tests that need it shut.

The bed's broker listens at KAFKA_BEHIND and tells its clients KAFKA_PROXIED; whoever wants to
be reached there has to open it."""

import os
import socket
import threading


def address(name):
    host, port = os.environ[name].rsplit(":", 1)
    return host, int(port)


class Gate:
    """Nobody is there until open(). shut(): connections stay and answers still come, but
    what clients say is kept back until reopen()."""

    def __init__(self):
        self.passing = threading.Event()
        self.passing.set()
        self.server = None

    def open(self):
        self.server = socket.create_server(address("KAFKA_PROXIED"))
        threading.Thread(target=self.accept, daemon=True).start()

    def shut(self):
        self.passing.clear()

    def reopen(self):
        self.passing.set()

    def close(self):
        self.reopen()
        if self.server:
            self.server.shutdown(socket.SHUT_RDWR)  # wakes accept()
            self.server.close()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
                broker = socket.create_connection(address("KAFKA_BEHIND"))
            except OSError:
                return
            for way in ((client, broker, True), (broker, client, False)):
                threading.Thread(target=self.carry, args=way, daemon=True).start()

    def carry(self, source, to, may_be_kept):
        try:
            while data := source.recv(1 << 16):
                if may_be_kept:
                    self.passing.wait()
                to.sendall(data)
        except OSError:
            pass
        for end in (source, to):
            end.close()
