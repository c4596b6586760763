"""A service whose endpoints are all replaced, one by one, while clients call it."""

import contextlib
import itertools
import json
import subprocess
import tempfile
import time

from harness.balancers import endpoint_slice, ready, service, terminating
from harness.cluster import ApiServer
from harness.contenders import BIN, start_ferry
from harness.processes import Process, run
from harness.table import markdown, spread

PORT = 9000
RANGE = "10.96.0.0/12"
ADDRESS = "10.96.0.10"
REPLICAS = 3
GRACE = 2
"""Seconds from an endpoint's turning to terminating until its server is gone: as long as its connections take."""
PACE = 0.5
"""Seconds from a new endpoint's becoming ready until the old one has to go."""
LOADS = [
    ("a connection for each request, 500 a second", ["--reconnect", "--rate", "500", "--connections", "500"]),
    ("20 requests on each connection, 500 a second", ["--requests-each", "20", "--rate", "500", "--connections", "20"]),
]


class Rollout:
    """The service's pods, of which the slice in the API server tells."""

    def __init__(self, server, running):
        self._server = server
        self._running = running
        self._numbers = itertools.count(40)
        self._ready = {}
        for _ in range(REPLICAS):
            self._start_one()

    def _start_one(self):
        host = f"192.0.2.{next(self._numbers)}"
        run(["ip", "address", "add", f"{host}/32", "dev", "lo"])
        self._running.callback(run, ["ip", "address", "del", f"{host}/32", "dev", "lo"])
        command = [str(BIN / "bench_load"), "serve", f"{host}:{PORT}"]
        self._ready[host] = self._running.enter_context(Process(command, wait_for="serving"))

    def tell(self, *leaving):
        """What a slice controller would."""
        self._server.patch(f"{self._server.SLICES}/web", {"endpoints": [*map(ready, self._ready),
                                                                       *map(terminating, leaving)]})

    def replace_all(self):
        for host in list(self._ready):
            self._start_one()
            self.tell()
            time.sleep(PACE)
            server = self._ready.pop(host)
            self.tell(host)
            time.sleep(GRACE)
            server.stop()
            # It refuses, and is not yet gone from the slice.
            time.sleep(PACE)
            self.tell()


def rollout(options):
    """kube-ferry alone: the others would have to be told by somebody."""
    lines = []
    for title, flags in LOADS:
        results = [replaced_under_load(flags) for _ in range(options.rounds)]
        lines.append([title, f"{sum(one['requests'] for one in results):,}", str(sum(one["failed"] for one in results)),
                      *(spread([one[field] / 1000 for one in results], " ms", 2)
                        for field in ("p50_us", "p99_us", "max_us"))])
    yield markdown(f"{REPLICAS} endpoints are replaced, one by one", ["1 worker", "answered", "failed", "median",
                                                                   "99 %", "longest"], lines)


def replaced_under_load(flags):
    with contextlib.ExitStack() as running:
        manifests = running.enter_context(tempfile.NamedTemporaryFile("w"))
        objects = [service(ADDRESS, [PORT], namespace="production"),
                   endpoint_slice([PORT], [], namespace="production")]
        manifests.write("\n---\n".join(map(json.dumps, objects)))
        manifests.flush()
        server = running.enter_context(ApiServer(manifests.name))
        pods = Rollout(server, running)
        pods.tell()
        running.enter_context(start_ferry(["--master", server.url], 1, None, RANGE))
        seconds = REPLICAS * (GRACE + 2 * PACE) + 1
        command = [str(BIN / "bench_load"), "ask", f"{ADDRESS}:{PORT}", "--seconds", str(seconds), "--patience", "10",
                   *flags]
        with Process(command, stdout=subprocess.PIPE) as load:
            time.sleep(1)
            pods.replace_all()
            return json.loads(load.stdout.read())
