"""Ways to several servers of one service, each server behind the same ports."""

import contextlib
import os
import tempfile
from pathlib import Path

from harness.contenders import start_ferry, wait_until_open, write_manifest
from harness.processes import Process


class Balancer:
    """Between start() and stop(), clients find the servers at address(port)."""

    name = ""
    process = None
    host = "127.0.0.1"

    def __init__(self, work, servers, ports):
        self.work = Path(work)
        self.servers = servers
        self.ports = ports

    def address(self, port):
        return f"{self.host}:{port}"

    def start(self):
        raise NotImplementedError

    def stop(self):
        if self.process:
            self.process.stop()


class Ferry(Balancer):
    name = "kube-ferry"
    host = "10.96.0.10"
    ranges = "10.96.0.0/16"
    annotations = {}
    flags = []

    def start(self):
        manifest = write_manifest(self.work, [service(self.host, self.ports, self.annotations),
                                              endpoint_slice(self.ports, list(map(ready, self.servers)))])
        self.process = start_ferry(["--source-file", manifest, *self.flags], 1, None, self.ranges)


class Haproxy(Balancer):
    """The timeouts are those that Debian's haproxy.cfg begins with."""

    name = "HAProxy"
    balance = "roundrobin"
    connect = "5s"
    redispatch = "redispatch"
    server = "check inter 2s"

    def start(self):
        config = self.work / "haproxy.cfg"
        proxies = "".join(
            f"listen port-{port}\n    bind {self.address(port)}\n    balance {self.balance}\n" +
            "".join(f"    server s{number} {host}:{port} {self.server}\n" for number, host in enumerate(self.servers))
            for port in self.ports)
        config.write_text(f"""
global
    nbthread 1
    maxconn 5000
defaults
    mode tcp
    maxconn 5000
    retries 3
    option {self.redispatch}
    timeout connect {self.connect}
    timeout client 50s
    timeout server 50s
{proxies}""")
        self.process = Process(["haproxy", "-db", "-f", str(config)])
        for port in self.ports:
            wait_until_open(self.address(port))


class Nginx(Balancer):
    """Tries the next server after an error or a timeout, which is its default (proxy_next_upstream on)."""

    name = "nginx"

    def start(self):
        config = self.work / "nginx.conf"
        proxies = "".join(
            f"upstream port-{port} {{ {''.join(f'server {host}:{port}; ' for host in self.servers)}}}\n"
            f"server {{ listen {self.address(port)}; proxy_pass port-{port}; proxy_connect_timeout 5s; }}\n"
            for port in self.ports)
        config.write_text(f"""
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
worker_processes 1;
pid {self.work}/nginx.pid;
error_log {self.work}/nginx.log;
events {{ worker_connections 10000; }}
stream {{ {proxies} }}
""")
        self.process = Process(["nginx", "-c", str(config), "-e", f"{self.work}/nginx.log"])
        for port in self.ports:
            wait_until_open(self.address(port))


@contextlib.contextmanager
def balancing(kind, servers, ports):
    """One of them, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="ferry-bench-") as work:
        # nginx's worker is another user.
        os.chmod(work, 0o755)
        balancer = kind(work, servers, ports)
        balancer.start()
        try:
            yield balancer
        finally:
            balancer.stop()


def service(host, ports, annotations=None, name="web", namespace="default"):
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations or {}},
            "spec": {"clusterIP": host, "ports": [{"name": f"port-{port}", "port": port} for port in ports]}}


def endpoint_slice(ports, endpoints, name="web", namespace="default"):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": name}},
            "endpoints": endpoints, "ports": [{"name": f"port-{port}", "port": port} for port in ports]}


def ready(host):
    return {"addresses": [host], "conditions": {"ready": True, "serving": True, "terminating": False}}


def terminating(host):
    return {"addresses": [host], "conditions": {"ready": False, "serving": True, "terminating": True}}
