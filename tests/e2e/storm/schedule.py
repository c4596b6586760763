"""What happens in a storm, step by step: a pure function of the seed."""

import random
from dataclasses import dataclass, field

BACKENDS = 24
PORT = 9000
NAMESPACE = "default"
NODE = "node-1"
SERVICES = f"/api/v1/namespaces/{NAMESPACE}/services"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
# Events that the API server keeps of each resource: a watch that falls behind by more is answered 410.
HISTORY = 40
# All that fail at a time, and those that do so in silence: one of four endpoints answers within a dial's budget.
MOST_FAULTY = 6
MOST_SILENT = 3
SILENT = ("black hole", "dark")


def address(backend):
    return f"10.244.0.{backend + 1}"


@dataclass
class Service:
    """One service with a TCP and a UDP port of the same number, and its slices: backends and their conditions."""

    name: str
    ip: str
    port: int
    slices: dict = field(default_factory=dict)

    def endpoints(self):
        return {backend: condition for one in self.slices.values() for backend, condition in one.items()}

    def chosen(self):
        """Those that new connections are carried to, by kube-proxy's rules."""
        endpoints = self.endpoints()
        ready = {backend for backend, condition in endpoints.items() if condition == "ready"}
        return ready or {backend for backend, condition in endpoints.items() if condition == "terminating"}

    def object(self):
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": self.name, "namespace": NAMESPACE},
                "spec": {"clusterIP": self.ip, "clusterIPs": [self.ip],
                         "ports": [{"name": "stream", "port": self.port, "targetPort": PORT, "protocol": "TCP"},
                                   {"name": "datagrams", "port": self.port, "targetPort": PORT, "protocol": "UDP"}]}}

    def slice_object(self, name):
        def conditions(condition):
            return {"ready": condition == "ready", "serving": condition != "unready",
                    "terminating": condition == "terminating"}

        return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"name": name, "namespace": NAMESPACE,
                             "labels": {"kubernetes.io/service-name": self.name}},
                "addressType": "IPv4",
                "ports": [{"name": "stream", "port": PORT, "protocol": "TCP"},
                          {"name": "datagrams", "port": PORT, "protocol": "UDP"}],
                "endpoints": [{"addresses": [address(backend)], "nodeName": NODE, "conditions": conditions(condition)}
                              for backend, condition in sorted(self.slices[name].items())]}


@dataclass
class Change:
    """To one service: what it is afterwards, None where there is none, and what is written to the API server for it,
    (path, name, the object or None), in this order."""

    words: str
    name: str
    service: Service | None
    writes: list


@dataclass
class Step:
    """One thing that happens, and how long it is left to work."""

    number: int
    words: str
    pause: float
    # One after the other.
    changes: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    # Backends that fail or recover: (backend, "ok" or how it fails).
    backends: list = field(default_factory=list)
    # The API server dies, is away for so many seconds, and comes back: (seconds, True for a lower resourceVersion).
    restart: tuple = ()
    # "quiet": no fault of the API server's is left; "rest": nor of any backend, and nobody calls.
    calm: str = ""


class Schedule:
    """Gives the steps of a seed, one after the other, without end. Nothing but the seed decides."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._services = {}
        self._backends = ["ok"] * BACKENDS
        self._numbers = {"step": 0, "service": 0, "slice": 0}
        self._blocks = 0
        # Faults that make a reflector back off: each doubles the next pause, up to 30 s and more, so they are few.
        self._harsh = 3

    def steps(self):
        """A block has some steps and a quiet point; every third one a rest."""
        yield self._first()
        while True:
            self._blocks += 1
            if self._blocks % 25 == 0:
                self._harsh += 1
            storms = self._random.random() < 0.6
            for _ in range(self._random.randint(4, 9)):
                yield self._any(storms)
            yield self._step("a quiet point", 0, calm="quiet")
            if self._blocks % 3 == 0:
                healed = [(backend, "ok") for backend in range(BACKENDS) if self._backends[backend] != "ok"]
                self._backends = ["ok"] * BACKENDS
                yield self._step("a rest", 0, backends=healed, calm="rest")

    def _step(self, words, pause=None, **what):
        self._numbers["step"] += 1
        if pause is None:
            pause = round(self._random.uniform(0.02, 0.4), 3)
        return Step(self._numbers["step"], words, pause, **what)

    def _first(self):
        return self._step("eight services", changes=[self._new_service() for _ in range(8)])

    def _any(self, storms):
        kinds = [(self._change, 10), (self._backend_fails, 4), (self._backend_recovers, 3), (self._burst, 1)]
        if storms:
            kinds.append((self._api_fault, 8))
            if self._harsh > 0:
                kinds += [(self._harsh_fault, 4), (self._restart, 3)]
        pick, = self._random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
        return pick()

    # Services and endpoints.

    def _new_service(self):
        self._numbers["service"] += 1
        number = self._numbers["service"]
        at = f"10.96.{number // 250}.{number % 250 + 1}"
        service = Service(f"s{number}", at, self._random.choice([80, 443, 8080]))
        self._services[service.name] = service
        writes = [(SERVICES, service.name, service.object())]
        for _ in range(self._random.choice([1, 1, 2])):
            name = self._new_slice_name(service)
            service.slices[name] = {}
            for _ in range(self._random.randint(1, 3)):
                self._add_endpoint(service, name)
            writes.append((SLICES, name, service.slice_object(name)))
        return Change(f"{service.name} is created", service.name, self._copy(service), writes)

    def _new_slice_name(self, service):
        self._numbers["slice"] += 1
        return f"{service.name}-{self._numbers['slice']}"

    def _add_endpoint(self, service, slice_name):
        free = [backend for backend in range(BACKENDS) if backend not in service.endpoints()]
        chosen = self._random.choice(free)
        service.slices[slice_name][chosen] = "ready"
        return chosen

    @staticmethod
    def _copy(service):
        slices = {name: dict(one) for name, one in service.slices.items()}
        return Service(service.name, service.ip, service.port, slices)

    def _change(self):
        change = self._one_change()
        return self._step(change.words, changes=[change])

    def _burst(self):
        """As many changes as the API server keeps events, and some more."""
        return self._step("many changes at once", changes=[self._one_change() for _ in range(HISTORY + 15)])

    def _one_change(self):
        kinds = [(self._more, 7), (self._fewer, 4), (self._other_condition, 4), (self._move, 2), (self._replace_all, 3),
                 (self._remove_slice, 1), (self._other_port, 1), (self._create, 1), (self._delete, 1)]
        while True:
            pick, = self._random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
            done = pick(self._services[self._random.choice(sorted(self._services))])
            if done:
                return done

    def _wrote(self, words, service, *slices):
        writes = [(SLICES, name, service.slice_object(name) if name in service.slices else None) for name in slices]
        return Change(words, service.name, self._copy(service), writes)

    def _more(self, service):
        if len(service.endpoints()) >= 6:
            return None
        if not service.slices or self._random.random() < 0.2:
            name = self._new_slice_name(service)
            service.slices[name] = {}
        else:
            name = self._random.choice(sorted(service.slices))
        backend = self._add_endpoint(service, name)
        return self._wrote(f"{service.name} gets {address(backend)}", service, name)

    def _fewer(self, service):
        placed = sorted((name, backend) for name, one in service.slices.items() for backend in one)
        if not placed:
            return None
        name, backend = self._random.choice(placed)
        del service.slices[name][backend]
        return self._wrote(f"{service.name} loses {address(backend)}", service, name)

    def _other_condition(self, service):
        placed = sorted((name, backend) for name, one in service.slices.items() for backend in one)
        if not placed:
            return None
        name, backend = self._random.choice(placed)
        ready = service.slices[name][backend] == "ready"
        condition = self._random.choice(["unready", "terminating"]) if ready else "ready"
        service.slices[name][backend] = condition
        return self._wrote(f"{address(backend)} of {service.name} is {condition}", service, name)

    def _move(self, service):
        """From one slice to another, which is written first: for a moment both have it."""
        if len(service.slices) < 2:
            return None
        source, target = self._random.sample(sorted(service.slices), 2)
        if not service.slices[source]:
            return None
        backend = self._random.choice(sorted(service.slices[source]))
        service.slices[target][backend] = service.slices[source].pop(backend)
        return self._wrote(f"{address(backend)} of {service.name} moves to {target}", service, target, source)

    def _replace_all(self, service):
        if not service.slices:
            return None
        name = self._random.choice(sorted(service.slices))
        others = service.endpoints()
        free = [backend for backend in range(BACKENDS) if backend not in others]
        service.slices[name] = {backend: "ready" for backend in self._random.sample(free, self._random.randint(1, 3))}
        return self._wrote(f"all endpoints in {name} are others", service, name)

    def _remove_slice(self, service):
        if not service.slices:
            return None
        name = self._random.choice(sorted(service.slices))
        del service.slices[name]
        return self._wrote(f"{name} is deleted", service, name)

    def _other_port(self, service):
        service.port = self._random.choice([port for port in (80, 443, 8080) if port != service.port])
        return Change(f"{service.name} has port {service.port}", service.name, self._copy(service),
                      [(SERVICES, service.name, service.object())])

    def _create(self, _):
        if len(self._services) >= 14:
            return None
        return self._new_service()

    def _delete(self, service):
        if len(self._services) <= 6:
            return None
        del self._services[service.name]
        writes = [(SERVICES, service.name, None)] + [(SLICES, name, None) for name in sorted(service.slices)]
        if self._random.random() < 0.5:
            writes.reverse()
        return Change(f"{service.name} is deleted", service.name, None, writes)

    # Backends.

    def _backend_fails(self):
        faulty = [how for how in self._backends if how != "ok"]
        if len(faulty) >= MOST_FAULTY:
            return self._backend_recovers()
        ways = ["refuse", "reset", "slow", "die"]
        if sum(how in SILENT for how in faulty) < MOST_SILENT:
            ways += ["black hole", "dark"]
        backend = self._random.choice([one for one in range(BACKENDS) if self._backends[one] == "ok"])
        how = self._random.choice(ways)
        self._backends[backend] = how
        return self._step(f"{address(backend)}: {how}", backends=[(backend, how)])

    def _backend_recovers(self):
        faulty = [one for one in range(BACKENDS) if self._backends[one] != "ok"]
        if not faulty:
            return self._backend_fails()
        backend = self._random.choice(faulty)
        self._backends[backend] = "ok"
        return self._step(f"{address(backend)}: ok", backends=[(backend, "ok")])

    # The API server.

    def _api_fault(self):
        which = self._random.choice(["/services", "/endpointslices"])
        count = self._random.randint(1, 4)
        drop = {"action": "drop", "path": which}
        words, faults = self._random.choice([
            ("watches are dropped", [{"action": "drop"}]),
            (f"half an event of {which}", [{"action": "cut", "verb": "watch", "path": which}]),
            (f"slow events of {which}", [{"action": "slow", "verb": "watch", "path": which, "bytes": 9,
                                          "delayMilliseconds": 2, "count": count}]),
            (f"late lists of {which}", [{"action": "delay", "verb": "list", "path": which,
                                         "delayMilliseconds": 300}, drop]),
            (f"late watches of {which}", [{"action": "delay", "verb": "watch", "path": which,
                                           "delayMilliseconds": 300}, drop]),
            (f"slow lists of {which}", [{"action": "slow", "verb": "list", "path": which, "bytes": 50,
                                         "delayMilliseconds": 1}, drop]),
            ("no bookmarks", [{"action": "no-bookmarks", "count": count}]),
            (f"a silent watch of {which}", [{"action": "silence", "verb": "watch", "path": which}]),
        ])
        # A watch that ends within a second makes a reflector back off.
        return self._step(words, round(self._random.uniform(1.2, 1.6), 3), faults=faults)

    def _harsh_fault(self):
        self._harsh -= 1
        which = self._random.choice(["/services", "/endpointslices"])
        verb = self._random.choice(["list", "watch"])
        count = self._random.choice([1, 1, 2])
        drop = {"action": "drop", "path": which}
        words, faults = self._random.choice([
            (f"429 to a {verb} of {which}", [{"action": "error", "code": 429, "retryAfterSeconds": 1, "verb": verb,
                                              "path": which, "count": count}, drop]),
            (f"500 to a {verb} of {which}", [{"action": "error", "code": 500, "verb": verb, "path": which,
                                              "count": count}, drop]),
            (f"410 to a watch of {which}", [{"action": "error", "code": 410, "verb": "watch", "path": which}, drop]),
            (f"410 in a watch of {which}", [{"action": "error-event", "code": 410, "verb": "watch",
                                             "path": which}, drop]),
            (f"half a list of {which}", [{"action": "error", "code": 410, "verb": "watch", "path": which},
                                         {"action": "cut", "verb": "watch", "path": which}, drop]),
            (f"garbage in a watch of {which}", [{"action": "garbage", "verb": "watch", "path": which}]),
            (f"a reset of every watch of {which}", [{"action": "reset", "verb": "watch", "path": which}]),
            ("a watch falls behind", [{"action": "silence", "verb": "watch", "path": which}]),
        ])
        if words != "a watch falls behind":
            return self._step(words, faults=faults)
        step = self._burst()
        step.words, step.faults = f"{words}: silence, and {step.words}", faults
        return step

    def _restart(self):
        """With changes that the proxy cannot have heard of before."""
        self._harsh -= 1
        away = round(self._random.choice([0, self._random.uniform(0, 1.5)]), 3)
        lower = self._random.random() < 0.7
        change = self._one_change()
        return self._step(f"the API server restarts after {away} s, its version {'lower' if lower else 'higher'}; "
                          f"{change.words}", changes=[change], restart=(away, lower))
