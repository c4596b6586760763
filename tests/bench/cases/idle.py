"""What connections cost that do nothing, and a process at rest."""

import contextlib
import subprocess
import tempfile
import time

from cases.requests import ALL
from harness.contenders import BIN, Ferry, Haproxy, Nginx, server, start_ferry, started
from harness.processes import Process, used_kilobytes
from harness.table import markdown, spread

FIRST = 500
"""Held before the count, which take what memory the start has left."""
CONNECTIONS = 4500


@contextlib.contextmanager
def held(address, connections):
    """Connections of which each has been answered once."""
    command = [str(BIN / "bench_load"), "hold", address, "--connections", str(connections)]
    with Process(command, wait_for="open", stdin=subprocess.PIPE) as holder:
        yield
        holder.stdin.close()
        holder.wait()


def settle():
    """The kernel gives memory back a little later, and kube-ferry what only its start needed."""
    time.sleep(3)


def idle(options):
    own = {kind: [] for kind in ALL}
    system = {kind: [] for kind in ALL}
    used = {kind: [] for kind in (Ferry, Haproxy, Nginx)}
    for _ in range(options.rounds):
        for kind in ALL:
            with server(None), started(kind, 1) as contender:
                settle()
                with held(contender.address, FIRST):
                    settle()
                    before = contender.process.pss_kilobytes() if contender.process else 0
                    used_before = used_kilobytes()
                    if contender.process:
                        used[kind].append(before / 1024)
                    with held(contender.address, CONNECTIONS):
                        settle()
                        after = contender.process.pss_kilobytes() if contender.process else 0
                        own[kind].append((after - before) / CONNECTIONS * 1024)
                        system[kind].append((used_kilobytes() - used_before) / CONNECTIONS)
    lines = [[kind.name, spread(own[kind], " B", 0) if any(own[kind]) else "", spread(system[kind], " KiB")]
             for kind in ALL]
    yield markdown(f"{CONNECTIONS:,} idle connections", ["1 worker", "process, PSS per connection",
                                                         "whole system, per connection"], lines)
    rest = {kind: [] for kind in (Ferry, Haproxy, Nginx)}
    for _ in range(options.rounds):
        for kind, sizes in rest.items():
            if kind is Ferry:
                with tempfile.TemporaryDirectory() as empty:
                    with start_ferry(["--source-file", empty], 1, None) as process:
                        settle()
                        sizes.append(process.pss_kilobytes() / 1024)
            else:
                with started(kind, 1) as contender:
                    settle()
                    sizes.append(contender.process.pss_kilobytes() / 1024)
    yield markdown("The process", ["1 worker", "PSS at rest, without a service", f"PSS with {FIRST} idle connections"],
                   [[kind.name, spread(sizes, " MiB"), spread(used[kind], " MiB")] for kind, sizes in rest.items()])
