"""One endpoint of five answers late: what requests notice of it, by how the endpoint is chosen."""

import contextlib

from harness.balancers import Ferry, Haproxy, balancing
from harness.contenders import BIN, load
from harness.processes import Process, run
from harness.table import markdown, spread

LATE = 50
"""Milliseconds."""
CLIENTS = 500
"""Addresses of clients, by which maglev chooses."""
PORT = 9000
SERVERS = [f"192.0.2.{20 + number}" for number in range(5)]
ALGORITHMS = ["round-robin", "random", "least-connections", "peak-ewma", "maglev"]
LOADS = [
    ("a connection for each, 1,000 a second", ["--reconnect", "--rate", 1000, "--connections", 500]),
    ("ten on each connection, 1,000 a second", ["--requests-each", 10, "--rate", 1000, "--connections", 100]),
]


def by(algorithm):
    return type("Chosen", (Ferry,), {"name": f"kube-ferry, {algorithm}",
                                     "annotations": {"kube-ferry.io/load-balancing": algorithm}})


class LeastConnections(Haproxy):
    name = "HAProxy, leastconn"
    balance = "leastconn"


class InTurn(Haproxy):
    name = "HAProxy, roundrobin"


@contextlib.contextmanager
def one_late():
    with contextlib.ExitStack() as running:
        for number, host in enumerate(SERVERS):
            run(["ip", "address", "add", f"{host}/32", "dev", "lo"])
            running.callback(run, ["ip", "address", "del", f"{host}/32", "dev", "lo"])
            delay = LATE if number == 2 else 0
            command = [str(BIN / "bench_load"), "serve", f"{host}:{PORT}", "--delay", str(delay)]
            running.enter_context(Process(command, wait_for="serving"))
        yield


def skew(options):
    """By each algorithm of kube-ferry, and by HAProxy's two."""
    kinds = [*map(by, ALGORITHMS), InTurn, LeastConnections]
    for title, flags in LOADS:
        results = {kind: [] for kind in kinds}
        for _ in range(options.rounds):
            for kind in kinds:
                with one_late(), balancing(kind, SERVERS, [PORT]) as balancer:
                    results[kind].append(load("ask", balancer.address(PORT), "--seconds", options.seconds,
                                              "--slow", 0.9 * LATE / 1000, "--sources", CLIENTS, *flags))
        lines = [[kind.name, spread([one["requests"] / one["seconds"] for one in rounds], digits=0),
                  spread([100 * one["slow"] / one["requests"] for one in rounds], " %", 1),
                  spread([one["p50_us"] / 1000 for one in rounds], " ms", 2),
                  spread([one["p99_us"] / 1000 for one in rounds], " ms", 2),
                  str(sum(one["failed"] for one in rounds))] for kind, rounds in results.items()]
        yield markdown(f"One endpoint of five answers {LATE} ms late; requests from {CLIENTS} addresses, {title}",
                       ["1 worker", "requests a second", "answered by the late one", "median", "99 %", "failed"], lines)
