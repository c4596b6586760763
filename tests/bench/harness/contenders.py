"""Who is measured: kube-ferry, what people use instead, and what the kernel can do at best."""

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

from harness.processes import Process, run

ROOT = Path(__file__).resolve().parents[3]
BIN = ROOT / "build/release/bin"

SERVERS = ["127.0.1.1:9000", "127.0.1.2:9000"]
"""Where tests/bench/load serves: most cases need the first alone."""

RELAY_ALONE = ["--steering=off", "--steering-pin-path=/none"]
"""Nobody else on the host is to be steered, and what another kube-ferry steers is none of ours."""


class Contender:
    """A way to the servers. Between start() and stop(), clients find each at one of `addresses`."""

    name = ""
    addresses = []
    carries_datagrams = False
    process = None

    def __init__(self, workers, work, pinned=True):
        self.workers = workers
        self.pinned = pinned
        self.work = Path(work)

    def cpus(self):
        """One worker has one CPU for itself, and its clients and the server the other one."""
        return "0" if self.workers == 1 and self.pinned else None

    @property
    def address(self):
        return self.addresses[0]

    def start(self):
        pass

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


class Direct(Contender):
    name = "direct"
    addresses = SERVERS
    carries_datagrams = True


class Dnat(Contender):
    """A rule of nftables, as kube-proxy makes them."""

    name = "nftables DNAT"
    addresses = ["127.97.0.1:9000", "127.97.0.2:9000"]
    carries_datagrams = True

    def start(self):
        rules = [f"ip daddr {address.split(':')[0]} meta l4proto {{ tcp, udp }} dnat to {server}"
                 for address, server in zip(self.addresses, SERVERS, strict=True)]
        chain = "chain output {\ntype nat hook output priority -100\n" + "\n".join(rules) + "\n}"
        run(["nft", "-f", "-"], input=f"table ip bench {{\n{chain}\n}}\n")

    def stop(self):
        run(["nft", "delete", "table", "ip", "bench"])


class Ferry(Contender):
    name = "kube-ferry"
    addresses = ["127.96.0.10:9000", "127.96.0.11:9000"]
    carries_datagrams = True
    flags = []
    until = "synced"

    def start(self):
        objects = [item for name, address, server in zip(("one", "two"), self.addresses, SERVERS, strict=True)
                   for item in service_objects(name, address, server)]
        self.process = start_ferry(["--source-file", write_manifest(self.work, objects), *self.flags], self.workers,
                                   self.cpus(), until=self.until)


class Steered(Ferry):
    """Steers the clients of this group: no packet of theirs passes the daemon."""

    name = "kube-ferry, steered"
    until = "steering connections of"

    def __init__(self, group, *place):
        super().__init__(*place)
        self.pins = f"--steering-pin-path={group.pins}"
        self.flags = ["--steering=require", f"--steering-cgroup={group.path}", self.pins]

    def stop(self):
        super().stop()
        # It would go on without the daemon.
        run([str(BIN / "kube-ferry"), "--cleanup", self.pins])


class Haproxy(Contender):
    """With splice-auto it decides by itself, and copies what these cases send."""

    name = "HAProxy"
    options = ["splice-auto"]
    addresses = ["127.0.0.1:9101", "127.0.0.1:9102"]

    def start(self):
        config = self.work / "haproxy.cfg"
        listeners = [f"listen {name}\n    bind {address}\n    maxconn 5500\n    server one {server}\n"
                     for name, address, server in zip(("one", "two"), self.addresses, SERVERS, strict=True)]
        config.write_text(f"""
global
    nbthread {self.workers}
    maxconn 5500
defaults
    mode tcp
{"".join(f"    option {option}{chr(10)}" for option in self.options)}    timeout connect 5s
    timeout client 1h
    timeout server 1h
{"".join(listeners)}""")
        self.process = Process(["haproxy", "-db", "-f", str(config)], self.cpus())
        wait_until_open(self.address)


class SplicingHaproxy(Haproxy):
    """Told to splice every stream."""

    name = "HAProxy, splicing"
    options = ["splice-auto", "splice-request", "splice-response"]


class Nginx(Contender):
    name = "nginx"
    addresses = ["127.0.0.1:9201", "127.0.0.1:9202"]
    carries_datagrams = True
    directives = ["proxy_timeout 1h"]

    def start(self):
        config = self.work / "nginx.conf"
        directives = "".join(f"{directive}; " for directive in self.directives)
        servers = [f"server {{ listen {address} {kind} reuseport; proxy_pass {server}; {directives}}}\n"
                   for kind in ("", "udp")
                   for address, server in zip(self.addresses, SERVERS, strict=True)]
        config.write_text(f"""
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
worker_processes {self.workers};
pid {self.work}/nginx.pid;
error_log {self.work}/nginx.log;
events {{ worker_connections 19000; }}
stream {{ {"".join(servers)} }}
""")
        self.process = Process(["nginx", "-c", str(config), "-e", f"{self.work}/nginx.log"], self.cpus())
        wait_until_open(self.address)


class HalfClosingNginx(Nginx):
    """Carries on the other way when one end has said all that it will, as the kernel's rules and kube-ferry do."""

    name = "nginx, half-closing"
    directives = [*Nginx.directives, "proxy_half_close on"]


def service_objects(name, address, server, ports=("TCP", "UDP")):
    """A Service at the address whose one endpoint is the server."""
    host, port = address.split(":")
    server_host, server_port = server.split(":")
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "clusterIP": host,
                "ports": [{"name": one.lower(), "port": int(port), "protocol": one} for one in ports],
            },
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": name, "namespace": "default", "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [server_host]}],
            "ports": [{"name": one.lower(), "port": int(server_port), "protocol": one} for one in ports],
        },
    ]


def write_manifest(folder, objects):
    """The path of a file with them."""
    path = Path(folder) / "services.json"
    path.write_text("\n---\n".join(map(json.dumps, objects)))
    return str(path)


def start_ferry(flags, workers, cpus, ranges="127.96.0.0/16", until="synced"):
    command = [str(BIN / "kube-ferry"), "--hostname-override", "bench", "--workers", str(workers),
               "--service-cidr", ranges, "--healthz-bind-address", "127.0.0.1:10256",
               "--metrics-bind-address", "127.0.0.1:10249", "--admin-socket", "", *RELAY_ALONE, *flags]
    return Process(command, cpus, wait_for=until)


def wait_until_open(address):
    """Until connections are accepted there."""
    host, port = address.split(":")
    probe = ["bash", "-c", f"until (: >/dev/tcp/{host}/{port}) 2>/dev/null; do sleep 0.02; done"]
    subprocess.run(probe, check=True, timeout=10)


@contextlib.contextmanager
def server(cpus, address=SERVERS[0], prefix=(), flags=()):
    """A server behind all of them."""
    with Process([*prefix, str(BIN / "bench_load"), "serve", address, *flags], cpus, wait_for="serving") as process:
        yield process


@contextlib.contextmanager
def started(kind, workers, pinned=True):
    """One of them, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="ferry-bench-") as work:
        # nginx's worker is another user.
        os.chmod(work, 0o755)
        contender = kind(workers, work, pinned)
        contender.start()
        try:
            yield contender
        finally:
            contender.stop()


def load(command, address, *flags, cpus=None, prefix=()):
    """What a client of tests/bench/load measured."""
    return json.loads(run([*prefix, str(BIN / "bench_load"), command, address, *map(str, flags)], cpus))
