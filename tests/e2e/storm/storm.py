"""One storm: takes the steps of a schedule, and looks at each quiet point whether everything is as it must be."""

import asyncio
import random
import signal
import time

from .load import Backend, Load
from .processes import ApiServer, Daemon, Filters
from .schedule import BACKENDS, PORT, Step, address
from .truth import GRACE, Truth

# The longest pause before a reflector tries again is twice 30 s.
LONGEST_BACK_OFF = 62
# A connection whose backend has gone dark is reset after 4 s, a flow is forgotten after one.
LONGEST_GOODBYE = 12
# Connections to the API server: four watches, what a request takes beside them, and four kept idle.
MOST_API_CONNECTIONS = 12
# Pipes that two workers keep for the next stream, two descriptors each.
MOST_PIPE_ENDS = 2 * 16 * 2
# What a process may have grown by since the first rest: buffers and tables that have met their largest load, no more.
MOST_GROWTH = 4096
# A flow without an endpoint is nobody's open connection, and goes as late as others.
SETTLED = 1.2
SHUTDOWN = 10


class Failed(Exception):
    """Something that must be true was not."""


class Storm:
    def __init__(self, options, schedule, folder):
        self._options, self._schedule, self._folder = options, schedule, folder
        self._violation = None
        self._truth = Truth(self._notice)
        self._step = None
        self._past = []
        self._rests = []
        self._quiet = {"points": 0, "slowest table": 0.0, "slowest return": 0.0}

    def _notice(self, what):
        if self._violation is None:
            self._violation = what

    async def run(self):
        """Raises Failed, saying what and at which step."""
        options = self._options
        self._api = ApiServer(options.programs, self._folder)
        self._filters = Filters()
        await self._filters.start()
        await self._api.start()
        self._backends = [await Backend(number, self._truth).start() for number in range(BACKENDS)]
        # Of the seed, but not of the schedule.
        self._capture = options.capture or random.Random(f"capture {options.seed}").choice(
            ["bind", "sk_lookup"] if options.may_sk_lookup else ["bind"])
        print(f"seed {options.seed}, capture {self._capture}", flush=True)
        self._daemon = Daemon(options.programs, self._folder, self._api.port, self._capture)
        await self._daemon.start()
        beat = asyncio.create_task(self._beat())
        self._load = None
        try:
            await self._storm()
            await self._end()
        except Failed as failure:
            raise Failed(self._where(failure)) from failure
        finally:
            beat.cancel()
            if self._load:
                await self._load.stop()
            await self._daemon.process.end(signal.SIGKILL, 5)
            await self._api.stop()
        self._report()

    async def _storm(self):
        self._begin = time.monotonic()
        end = self._begin + self._options.seconds
        for step in self._schedule.steps():
            await self._take(step)
            if self._load is None:
                await self._look_at_the_table(time.monotonic())
                self._load = Load(self._truth, self._backends)
            await asyncio.sleep(step.pause)
            self._look_around()
            if time.monotonic() > end:
                faulty = [(backend, "ok") for backend in range(BACKENDS) if self._truth.backends[backend] != "ok"]
                await self._take(Step(step.number + 1, "the last rest", 0, backends=faulty, calm="rest"))
                return

    async def _beat(self):
        """Finds out how late this process is."""
        while True:
            due = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            self._truth.lag.note(time.monotonic() - due)

    def _look_around(self):
        if not self._daemon.process.running():
            raise Failed(f"the daemon ended by itself, with {self._daemon.process.status}")
        if self._load and self._load.broken():
            raise self._load.broken()
        if self._violation:
            raise Failed(self._violation)

    async def _take(self, step):
        self._step = step
        self._past.append(f"{step.number}: {step.words}")
        if self._options.verbose:
            print(f"{time.monotonic() - self._begin:5.1f} s, step {self._past[-1]}", flush=True)
        if step.faults:
            self._truth.trouble_begins()
            await self._api.ask("POST", "/_faults", step.faults)
        if step.restart:
            self._truth.trouble_begins()
            await self._api.kill()
        for change in step.changes:
            lost = self._truth.service_becomes(change.name, change.service)
            for path, name, value in change.writes:
                if step.restart:
                    self._api.know(path, name, value)
                else:
                    await self._api.write(path, name, value)
            self._truth.service_became(change.name, lost)
        if step.restart:
            away, lower = step.restart
            await asyncio.sleep(away)
            await self._api.start(lower)
        for backend, how in step.backends:
            await self._backend_is(backend, how)
        if step.calm:
            await self._be_quiet()
        if step.calm == "rest":
            await self._rest()

    async def _backend_is(self, backend, how):
        before = self._truth.backends[backend]
        recovers = how == "ok"
        # What fails is known to before it does, and what recovers afterwards.
        if not recovers:
            self._truth.backend_is(backend, how)
            self._backends[backend].be(how)
        await self._filters.change(backend, before, how)
        if recovers:
            self._backends[backend].be(how)
            self._truth.backend_is(backend, how)

    async def _be_quiet(self):
        """No fault is left; the proxy has to have come back, and two seconds later to know everything."""
        begin = time.monotonic()
        if self._truth.in_trouble():
            await self._api.ask("DELETE", "/_faults")
            # A watch that was silenced, or was not told the end of its beginning, would be given up after minutes; as it
            # is, it ends.
            silent = {"action": "drop"} if not await self._api.watched() else None
            if silent:
                await self._api.ask("POST", "/_faults", silent)
            while not await self._api.watched():
                self._look_around()
                if time.monotonic() > begin + LONGEST_BACK_OFF:
                    raise Failed(f"{LONGEST_BACK_OFF} s after the API server's last fault the proxy does not watch it")
                await asyncio.sleep(0.02)
        self._quiet["points"] += 1
        self._quiet["slowest return"] = max(self._quiet["slowest return"], time.monotonic() - begin)
        back = time.monotonic()
        self._truth.trouble_ends()
        await self._look_at_the_table(back)

    def _expected_table(self):
        table = {}
        for service in self._truth.services.values():
            used = tuple(sorted(f"{address(backend)}:{PORT}" for backend in service.chosen()))
            for name, protocol in (("stream", "TCP"), ("datagrams", "UDP")):
                table[f"{service.name}:{name}"] = (protocol, service.port, (f"{service.ip}:{service.port}",), used)
        return table

    async def _look_at_the_table(self, since):
        expected = self._expected_table()
        while True:
            asked = time.monotonic() - since
            table = await self._daemon.table()
            if table == expected:
                self._quiet["slowest table"] = max(self._quiet["slowest table"], time.monotonic() - since)
                return
            if asked > GRACE + self._truth.lag.recent():
                raise Failed(f"{asked:.1f} s after the quiet point the table differs: {difference(table, expected)}")
            await asyncio.sleep(0.02)

    async def _rest(self):
        """Nobody calls: each service is tried, and what the daemon holds is to be as little as at the first rest."""
        await self._load.pause()
        self._look_around()
        deadline = time.monotonic() + LONGEST_GOODBYE
        while (await self._daemon.ask("/api/status"))[1]["connections"]["open"]:
            if time.monotonic() > deadline:
                raise Failed(f"{LONGEST_GOODBYE} s after the last call the daemon still has connections: "
                             f"{await self._daemon.ask('/api/connections')}")
            await asyncio.sleep(0.05)
        for service in list(self._truth.services.values()):
            await self._try(service)
        descriptors = await self._settled_descriptors()
        memory = self._daemon.memory()
        if self._rests and descriptors != self._rests[0][0]:
            raise Failed(f"at rest the daemon has other descriptors than at the first rest: {descriptors}, "
                         f"where it had {self._rests[0][0]}")
        if self._rests and memory > self._rests[0][1] + MOST_GROWTH:
            raise Failed(f"the daemon has grown from {self._rests[0][1]} to {memory} kB since the first rest")
        self._rests.append((descriptors, memory))
        self._load.resume()

    async def _settled_descriptors(self):
        """Those that it has for a while; without connections to the API server, and pipes, which are few."""
        last, since = None, 0
        while last is None or time.monotonic() < since + SETTLED:
            counts, at_services = self._daemon.descriptors()
            for kind, most in (("api", MOST_API_CONNECTIONS), ("pipe", MOST_PIPE_ENDS)):
                if counts.pop(kind, 0) > most:
                    raise Failed(f"at rest the daemon has more than {most} descriptors of the kind '{kind}'")
            self._look_at_sockets(counts, at_services)
            if counts != last:
                last, since = counts, time.monotonic()
            await asyncio.sleep(0.1)
        return last

    def _look_at_sockets(self, counts, found):
        """A service with endpoints has one socket for TCP and one for UDP; captured by sk_lookup one for UDP alone,
        which is at none of its addresses. Without endpoints, or when it is gone, it has none."""
        served = [f"{service.ip}:{service.port}" for service in self._truth.services.values() if service.chosen()]
        if self._capture == "sk_lookup":
            datagrams = counts.pop("udp in state 07", 0)
            if datagrams != len(served):
                raise Failed(f"at rest the daemon has {datagrams} UDP sockets for {len(served)} served services")
            served = []
        known = {(protocol, at) for at in served for protocol in ("TCP", "UDP")}
        if found != known:
            raise Failed(f"sockets at addresses where no service has endpoints: {sorted(found - known)}; "
                         f"none where one has: {sorted(known - found)}")

    async def _try(self, service):
        """All backends are well: who has endpoints answers each call, who has none refuses it."""
        for _ in range(2 * max(1, len(service.chosen()))):
            _, _, error = await self._load.call(service)
            refused = isinstance(error, ConnectionRefusedError)
            if (error is not None) if service.chosen() else not refused:
                raise Failed(f"at rest, all backends well, a call to {service.name} with {len(service.chosen())} "
                             f"endpoints gave {error!r}")

    async def _end(self):
        await self._load.stop()
        self._load = None
        status = await self._daemon.process.end(signal.SIGTERM, SHUTDOWN)
        if status is None:
            raise Failed(f"{SHUTDOWN} s after SIGTERM the daemon had not ended")
        if status != 0:
            raise Failed(f"after SIGTERM the daemon ended with {status}, not 0")

    def _where(self, failure):
        past = "\n  ".join(self._past[-12:])
        return (f"seed {self._options.seed}, step {self._step.number} ({self._step.words}): {failure}\n"
                f"the last steps:\n  {past}\nthe daemon's last words:\n{self._daemon.process.last_words(12)}")

    def _report(self):
        counts = ", ".join(f"{count} {name}" for name, count in self._truth.counts.items())
        memory = [memory for _, memory in self._rests]
        print(f"{self._step.number} steps, {self._quiet['points']} quiet points: the table was right after at most "
              f"{self._quiet['slowest table']:.2f} s, the watches were back after at most "
              f"{self._quiet['slowest return']:.1f} s\n{counts}\n"
              f"memory at rest: {', '.join(map(str, memory))} kB; descriptors at rest: {self._rests[-1][0]}\n"
              f"this process was late by {self._truth.lag.most:.2f} s at most; the daemon ended with 0", flush=True)


def difference(table, expected):
    lines = [f"{name}: {table.get(name)} instead of {expected.get(name)}" for name in sorted({*table, *expected})
             if table.get(name) != expected.get(name)]
    return "; ".join(lines[:4])
