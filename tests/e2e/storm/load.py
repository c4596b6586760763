"""Backends that fail on demand, and clients that call all the time."""

import asyncio
import contextlib
import itertools
import random
import socket
import struct
import time

from .schedule import PORT, address

PATIENCE = 12
RESET = struct.pack("ii", 1, 0)
SLOW_ACCEPT = 0.4


def now():
    return time.monotonic()


def reset(transport):
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


class Backend:
    """Greets connections by its name and echoes; answers datagrams. What it cannot do itself, packet filters do."""

    def __init__(self, number, truth):
        self.number, self.name, self.truth = number, address(number), truth
        self.how = "ok"
        # The last time at which it cut or ignored what it carried.
        self.last_bad = None
        self.connections = set()
        self._loop = asyncio.get_running_loop()
        self._socket = socket.create_server((self.name, PORT), backlog=512)
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket, self._accept)

    async def start(self):
        await self._loop.create_datagram_endpoint(lambda: DatagramBackend(self), local_addr=(self.name, PORT))
        return self

    def be(self, how):
        if "die" in (how, self.how) or "dark" in (how, self.how):
            self.last_bad = now()
        self.how = how
        if how in ("die", "reset"):
            for connection in list(self.connections):
                self.truth.breaks(connection.id)
                reset(connection.transport)

    def was_bad(self, begin):
        return self.how in ("die", "dark") or (self.last_bad is not None and self.last_bad >= begin)

    def _accept(self):
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            while True:
                taken, _ = self._socket.accept()
                taken.setblocking(False)
                self._loop.create_task(self._loop.connect_accepted_socket(lambda: StreamBackend(self), taken))
        if self.how == "slow":
            self._loop.remove_reader(self._socket)
            self._loop.call_later(SLOW_ACCEPT, self._loop.add_reader, self._socket, self._accept)


class StreamBackend(asyncio.Protocol):
    def __init__(self, backend):
        self._backend = backend
        self.id = None
        self._text = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.id is not None:
            self.transport.write(data)
            return
        self._text += data
        end = self._text.find(b"\n")
        if end < 0:
            return
        service, begun, self.id = self._text[:end].decode().split()
        backend = self._backend
        backend.truth.arrived(backend.number, service, float(begun), "connection")
        if backend.how in ("reset", "die"):
            backend.truth.breaks(self.id)
            reset(self.transport)
            return
        backend.truth.carries(backend.number, self.id)
        backend.connections.add(self)
        self.transport.write(backend.name.encode() + b"\n" + self._text[end + 1:])

    def connection_lost(self, error):
        self._backend.connections.discard(self)


class DatagramBackend(asyncio.DatagramProtocol):
    def __init__(self, backend):
        self._backend = backend

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, client):
        service, begun, _ = data.decode().split()
        self._backend.truth.arrived(self._backend.number, service, float(begun), "datagram")
        self._transport.sendto(self._backend.name.encode() + b" " + data, client)


class Load:
    """Clients of all services. Which one calls when is left to chance: the schedule does not depend on it."""

    def __init__(self, truth, backends):
        self._truth, self._backends = truth, {backend.name: backend for backend in backends}
        self._random = random.Random()
        self._ids = itertools.count()
        self._running = asyncio.Event()
        self._busy = 0
        self._tasks = [asyncio.create_task(client()) for client in
                       [*[self._caller] * 16, *[self._holder] * 10, *[self._asker] * 10, self._streamer]]
        self.resume()

    def resume(self):
        self._running.set()

    async def pause(self):
        """Returns when nobody has a connection any more."""
        self._running.clear()
        while self._busy:
            await asyncio.sleep(0.01)

    def broken(self):
        """What a client died of."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception():
                return task.exception()
        return None

    async def stop(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _turn(self, longest_pause):
        await asyncio.sleep(self._random.uniform(0, longest_pause))
        await self._running.wait()
        self._busy += 1
        try:
            yield self._random.choice(list(self._truth.services.values()))
        finally:
            self._busy -= 1

    @contextlib.asynccontextmanager
    async def _connection(self, service, begin, connection):
        """Greeted: reader, writer, and who greeted."""
        reader, writer = await asyncio.open_connection(service.ip, service.port)
        try:
            writer.write(f"{service.name} {begin} {connection}\n".encode())
            name = (await reader.readuntil(b"\n"))[:-1].decode()
            yield reader, writer, name
        finally:
            writer.transport.abort()

    @staticmethod
    async def _echo(reader, writer, text=b"over and back\n"):
        writer.write(text)
        await writer.drain()
        if await reader.readexactly(len(text)) != text:
            raise ValueError("something else came back")

    async def _caller(self):
        while True:
            async with self._turn(0.12) as service:
                self._truth.call_ended(service.name, *await self.call(service))

    async def call(self, service):
        """When it began, its name, and what it failed by, None where it did not."""
        begin, connection = now(), f"c{next(self._ids)}"
        try:
            async with asyncio.timeout(PATIENCE), self._connection(service, begin, connection) as (reader, writer, _):
                await self._echo(reader, writer)
                writer.write_eof()
                if await reader.read():
                    raise ValueError("more came than was sent")
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            return begin, connection, error
        return begin, connection, None

    async def _holder(self):
        """Keeps a connection for some seconds. What becomes of it before it is greeted is for others to look at."""
        while True:
            async with self._turn(1) as service:
                begin, connection = now(), f"h{next(self._ids)}"
                backend = error = None
                with contextlib.suppress(OSError, EOFError, TimeoutError):
                    async with self._connection(service, begin, connection) as (reader, writer, name):
                        backend = self._backends[name]
                        end = now() + self._random.uniform(1, 6)
                        try:
                            while now() < end and self._running.is_set():
                                async with asyncio.timeout(PATIENCE):
                                    await self._echo(reader, writer)
                                await asyncio.sleep(self._random.uniform(0, 0.5))
                        except (OSError, EOFError, TimeoutError, ValueError) as failure:
                            error = failure
                if backend:
                    self._truth.held_ended(begin, connection, backend.was_bad(begin), error)

    async def _streamer(self):
        """Many bytes, so that they are spliced."""
        text = bytes(64) * (1 << 14)
        while True:
            async with self._turn(1) as service:
                begin, connection = now(), f"b{next(self._ids)}"
                backend = error = None
                with contextlib.suppress(OSError, EOFError, TimeoutError):
                    async with self._connection(service, begin, connection) as (reader, writer, name):
                        backend = self._backends[name]
                        try:
                            async with asyncio.timeout(PATIENCE):
                                await asyncio.gather(self._send(writer, text), self._take(reader, len(text)))
                        except (OSError, EOFError, TimeoutError) as failure:
                            error = failure
                if backend:
                    self._truth.held_ended(begin, connection, backend.was_bad(begin), error)

    @staticmethod
    async def _send(writer, text):
        writer.write(text)
        await writer.drain()

    @staticmethod
    async def _take(reader, size):
        while size > 0:
            part = await reader.read(1 << 16)
            if not part:
                raise EOFError
            size -= len(part)

    async def _asker(self):
        """Asks some questions from one port: a flow, which may outlive its endpoint by more than it may be late."""
        while True:
            async with self._turn(0.5) as service:
                client = DatagramClient()
                loop = asyncio.get_running_loop()
                transport, _ = await loop.create_datagram_endpoint(lambda: client,
                                                                   remote_addr=(service.ip, service.port))
                for _ in range(self._random.choice([1, 4, 50])):
                    begin = now()
                    error = await client.ask(transport, service.name)
                    self._truth.question_ended(service.name, begin, error)
                    if error or not self._running.is_set():
                        break
                    await asyncio.sleep(self._random.uniform(0, 0.2))
                transport.abort()


class DatagramClient(asyncio.DatagramProtocol):
    def __init__(self):
        self._number = 0
        self._answer = None

    def datagram_received(self, data, _):
        if self._answer and not self._answer.done() and int(data.split()[-1]) == self._number:
            self._answer.set_result(True)

    def error_received(self, error):
        if self._answer and not self._answer.done():
            self._answer.set_result(False)

    async def ask(self, transport, service):
        """None, or what became of four tries."""
        refused = 0
        for _ in range(4):
            self._number += 1
            self._answer = asyncio.get_running_loop().create_future()
            transport.sendto(f"{service} {now()} {self._number}".encode())
            try:
                async with asyncio.timeout(0.5):
                    if await self._answer:
                        return None
                    refused += 1
                await asyncio.sleep(0.05)
            except TimeoutError:
                pass
        return f"no answer to four datagrams, {refused} of them refused,"
