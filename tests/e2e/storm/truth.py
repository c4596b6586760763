"""What must be true at each moment of a storm, and what nothing excuses."""

import bisect
import time
from dataclasses import dataclass

from .schedule import BACKENDS, SILENT, address

# So soon after a change, or after the API server is well again, the proxy has heard of it.
GRACE = 2.0


@dataclass(frozen=True)
class State:
    """One service at one time. What answers: the backend, the service's address and port."""

    present: bool = False
    chosen: frozenset = frozenset()
    # Of the chosen ones: those that take connections, that answer nothing, that have cut what they carried.
    fit: frozenset = frozenset()
    silent: frozenset = frozenset()
    cut: frozenset = frozenset()


NOTHING = State()


class Truth:
    """Follows what the API server was told and how the backends are, and judges what clients and backends see.

    Everything is timed by time.monotonic(). While the API server is in trouble nobody can know when the proxy hears of
    a change, so until the next quiet point everything since the trouble began may be in force.
    """

    def __init__(self, on_violation):
        self._on_violation = on_violation
        self._history = {}
        self.services = {}
        self.backends = ["ok"] * BACKENDS
        self._bad_since = [None] * BACKENDS
        # Each (from, to) in which the API server was in trouble; the last one may go on.
        self._troubles = []
        # Since when (service, backend) is no pair any more; None: since a time not known before the next quiet point.
        self._gone = {}
        self._broken = set()
        self._carried_by = {}
        self.lag = Lag()
        self.counts = {"calls": 0, "failed, as they may": 0, "datagrams": 0, "unanswered, as they may be": 0,
                       "held": 0, "cut, as they may be": 0}

    # What happens.

    def service_becomes(self, name, service):
        """Before the API server is told. Gives the backends that the service loses by it, for service_became()."""
        before = self.services.get(name)
        if service is None:
            self.services.pop(name, None)
        else:
            self.services[name] = service
        chosen = service.chosen() if service else set()
        for backend in chosen:
            self._gone.pop((name, backend), None)
        self._record(name, time.monotonic())
        return (before.chosen() if before else set()) - chosen

    def service_became(self, name, lost):
        """It has been told."""
        for backend in lost:
            self._gone[name, backend] = None if self.in_trouble() else time.monotonic()

    def backend_is(self, backend, how):
        self.backends[backend] = how
        now = time.monotonic()
        for name in self.services:
            self._record(name, now)

    def _record(self, name, now):
        service = self.services.get(name)
        if service is None:
            state = NOTHING
        else:
            def those(*ways):
                return frozenset((backend, service.ip, service.port) for backend in service.chosen()
                                 if not ways or self.backends[backend] in ways)

            state = State(True, those(), those("ok", "slow", "reset"), those(*SILENT), those("die", "dark"))
        history = self._history.setdefault(name, [(0.0, NOTHING)])
        if history[-1][1] != state:
            history.append((now, state))

    def trouble_begins(self):
        if self.in_trouble():
            return
        now = time.monotonic()
        self._troubles.append((now, None))
        # What was told a moment ago may have been lost.
        for pair, since in self._gone.items():
            if since is not None and since > now - GRACE:
                self._gone[pair] = None

    def trouble_ends(self):
        now = time.monotonic()
        if self.in_trouble():
            self._troubles[-1] = (self._troubles[-1][0], now)
        for pair, since in self._gone.items():
            if since is None:
                self._gone[pair] = now

    def in_trouble(self):
        return bool(self._troubles) and self._troubles[-1][1] is None

    def states(self, name, begin, end):
        """All that the proxy may have taken for the service's state, for a connection between these times."""
        since = begin - GRACE - self.lag.recent()
        for first, last in reversed(self._troubles):
            if first > end:
                continue
            if last is not None and last + GRACE + self.lag.recent() < since:
                break
            since = min(since, first - GRACE)
        history = self._history.get(name, [(0.0, NOTHING)])
        first = bisect.bisect_right(history, since, key=lambda entry: entry[0]) - 1
        last = bisect.bisect_right(history, end, key=lambda entry: entry[0])
        return [state for _, state in history[max(first, 0):last]]

    # What backends see.

    def arrived(self, backend, service, begun, what):
        """A connection to the service, or a datagram, begun at that time has come to the backend."""
        since = self._gone.get((service, backend), "paired")
        known = self._history.get(service)
        if since == "paired":
            if known is None or not any(backend == one for _, state in known for one, _, _ in state.chosen):
                self._on_violation(f"a {what} to {service} came to {address(backend)}, never an endpoint of it")
            return
        if since is not None and begun > since + GRACE + self.lag.recent():
            self._on_violation(f"a {what} to {service} came to {address(backend)}, which had been gone for "
                               f"{begun - since:.2f} s when it began")

    def carries(self, backend, connection):
        self._carried_by[connection] = backend

    def breaks(self, connection):
        """The backend has reset it."""
        self._broken.add(connection)

    # What clients see.

    def call_ended(self, service, begin, connection, error):
        self.counts["calls"] += 1
        end = time.monotonic()
        carrier = self._carried_by.pop(connection, None)
        broken = connection in self._broken
        self._broken.discard(connection)
        states = self.states(service, begin, end)
        if not error:
            return
        self.counts["failed, as they may"] += 1
        what = f"a call to {service}, begun {end - begin:.2f} s before, failed: {error!r}"
        if not any(state.chosen for state in states):
            if not isinstance(error, ConnectionRefusedError):
                self._on_violation(f"{what}; without endpoints it is to be refused")
            return
        if broken:
            return
        if carrier is not None:
            if not any(carrier == one for state in states for one, _, _ in state.cut | state.silent):
                self._on_violation(f"{what}, although {address(carrier)} carried it and is well")
            return
        fit = frozenset.intersection(*[state.fit for state in states])
        if fit and not any(state.cut for state in states):
            names = ", ".join(sorted(address(backend) for backend, _, _ in fit))
            self._on_violation(f"{what}, although {names} would have taken it")

    def held_ended(self, begin, connection, backend_was_bad, error):
        """A connection that was carried for a while."""
        self.counts["held"] += 1
        self._carried_by.pop(connection, None)
        broken = connection in self._broken
        self._broken.discard(connection)
        if error:
            self.counts["cut, as they may be"] += 1
        if error and not broken and not backend_was_bad:
            self._on_violation(f"a connection that was carried for {time.monotonic() - begin:.1f} s broke: {error!r}, "
                               "although its backend was well")

    def question_ended(self, service, begin, error):
        self.counts["datagrams"] += 1
        if not error:
            return
        self.counts["unanswered, as they may be"] += 1
        end = time.monotonic()
        states = self.states(service, begin, end)
        fit = frozenset.intersection(*[state.fit for state in states])
        if fit and not any(state.silent or state.cut for state in states):
            self._on_violation(f"{error} over {end - begin:.1f} s at the datagram port of {service}, although "
                               f"{len(fit)} endpoints would have answered")


class Lag:
    """How late this process itself is: what it does late is nobody else's fault."""

    def __init__(self):
        self._late = []
        self.most = 0.0

    def note(self, late):
        now = time.monotonic()
        self._late = [(at, how) for at, how in self._late if at > now - 10]
        self._late.append((now, late))
        self.most = max(self.most, late)

    def recent(self):
        return max((how for _, how in self._late), default=0.0)
