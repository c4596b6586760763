"""Connections to kube-ferry-echo that stay open: when each ends, and how."""

import selectors
import socket
import time

PAUSE = 0.1
"""Between an answer and the next question, in seconds."""


class Connection:
    """One of them: who greeted it, and how long after the clock's start it ended."""

    def __init__(self, address, asks):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=5)
        self.name = self.socket.makefile("r").readline().strip()
        self.socket.setblocking(False)
        self.asks = asks
        self.ask_at = 0.0
        self.ended_after = None


class Carried:
    """Some ask all the time, each anew once it is answered; the others are silent."""

    def __init__(self, address, asking, silent):
        self.connections = [Connection(address, number < asking) for number in range(asking + silent)]
        self._ready = selectors.DefaultSelector()
        for one in self.connections:
            self._ready.register(one.socket, selectors.EVENT_READ, one)

    def of(self, name, asks):
        """Those of an endpoint."""
        return [one for one in self.connections if one.name == name and one.asks == asks]

    def run(self, seconds, until_ended=None):
        """For so long, or until all connections of that endpoint have ended. The clock starts here."""
        begin = time.monotonic()
        while (now := time.monotonic()) < begin + seconds:
            if until_ended and all(one.ended_after is not None for one in self.connections if one.name == until_ended):
                return
            for one in self.connections:
                if one.asks and one.ended_after is None and now >= one.ask_at:
                    self._ask(one, begin)
            for key, _ in self._ready.select(PAUSE / 4):
                self._hear(key.data, begin)

    def _ask(self, one, begin):
        one.ask_at = float("inf")
        try:
            one.socket.send(b"over and back\n")
        except OSError:
            self._end(one, begin)

    def _hear(self, one, begin):
        try:
            received = one.socket.recv(4096)
        except OSError:
            received = b""
        if received:
            one.ask_at = time.monotonic() + PAUSE
        else:
            self._end(one, begin)

    def _end(self, one, begin):
        self._ready.unregister(one.socket)
        one.socket.close()
        one.ended_after = time.monotonic() - begin

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.connections:
            one.socket.close()
