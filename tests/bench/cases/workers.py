"""How connections are shared out among workers, and many a second to one endpoint."""

import re
import tempfile
import urllib.request
from pathlib import Path

from cases.idle import held
from harness.contenders import Ferry, load, server, service_objects, start_ferry, started, write_manifest
from harness.pods import Pod
from harness.table import markdown


def metrics(pattern):
    """What the pattern's group finds in kube-ferry's metrics."""
    page = urllib.request.urlopen("http://127.0.0.1:10249/metrics").read().decode()
    return [int(float(value)) for value in re.findall(pattern, page, re.MULTILINE)]


def spread(options):
    """Between two workers: connections that stay, and those of a closed loop."""
    lines = []
    accepted = r'^kube_ferry_worker_connections_accepted_total{worker="\d+"} (\S+)'
    with server(None), started(Ferry, 2) as contender:
        with held(contender.address, 1000):
            lines.append(["1,000 that stay, opened one after the other", *map("{:,}".format, metrics(accepted))])
        before = metrics(accepted)
        load("ask", contender.address, "--reconnect", "--seconds", options.seconds)
        taken = [after - earlier for after, earlier in zip(metrics(accepted), before, strict=True)]
        lines.append(["connect, request, response, close, 50 at a time", *map("{:,}".format, taken)])
    yield markdown("Connections by worker", ["", "worker 0", "worker 1"], lines)


def ports(options):
    """One endpoint, on another network: nobody reconnects to the same port before a minute has passed, unless the
    kernel is told that it may (net.ipv4.tcp_tw_reuse)."""
    del options
    reuse = Path("/proc/sys/net/ipv4/tcp_tw_reuse")
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("32768 60999")
    lines = []
    with Pod("pod", "10.244.0.3") as pod, tempfile.TemporaryDirectory() as work:
        with server(None, "10.244.0.3:9000", pod.inside):
            manifest = write_manifest(work, service_objects("one", "10.96.0.10:9000", "10.244.0.3:9000"))
            with start_ferry(["--source-file", manifest], 2, None, "10.96.0.0/16"):
                result = load("ask", "10.96.0.10:9000", "--reconnect", "--rate", 2000, "--connections", 200,
                              "--seconds", 60)
                shortages = metrics(r'^kube_ferry_dial_failures_total{kind="local_shortage"} (\S+)')[0]
        lines.append([reuse.read_text().strip(), f"{result['requests']:,}", str(result["failed"]), str(shortages),
                      f"{result['p50_us']:,.0f} µs", f"{result['p99_us']:,.0f} µs"])
    yield markdown("2,000 connections a second to one endpoint over veth, for 60 s, from 28,232 ports",
                   ["tcp_tw_reuse", "answered", "failed", "want of a port", "median", "99 %"], lines)
