"""Clients that are steered at connect(2), beside other ways to the same server, and what a change of the maps costs.

All are on loopback in one network, as in `requests`. A steered connection is then the direct one, but for what happens
in connect(2) and when the socket's state changes; the rule of DNAT is in the output hook, where a node's own is. A
round's figure is the median of its parts.
There is one worker: CPU 0 is the proxy's, if there is one, and the clients and the server share CPU 1.
"""

import json
import statistics
from functools import partial

from cases.workers import metrics
from harness.contenders import BIN, Direct, Dnat, Ferry, Haproxy, Steered, load, server, started
from harness.control_group import own_control_group
from harness.processes import run
from harness.table import interval_of_median, markdown, ratios, spread


class Relay(Ferry):
    name = "kube-ferry, its relay"


CONTENDERS = [Direct, Steered, Relay, Haproxy, Dnat]

LOADS = {
    "request": ("Keep-alive, 50 connections, requests and responses of 64 bytes", []),
    "connection": ("Connect, request, response, close; 50 at a time", ["--reconnect"]),
}


PARTS = 7
"""Into so many the turns of a round are cut, and those interleaved: the machine's speed changes from second to second."""


def steering(options):
    results = {unit: {kind: [] for kind in CONTENDERS} for unit in LOADS}
    with own_control_group() as group:
        for _ in range(2 * options.rounds):
            for unit, by_kind in one_round(group, options.seconds / PARTS).items():
                for kind, parts in by_kind.items():
                    results[unit][kind].append(parts)
    for unit in LOADS:
        yield compare(unit, results[unit])
    yield changes()


def one_round(group, seconds):
    results = {unit: {kind: [] for kind in CONTENDERS} for unit in LOADS}
    for part in range(PARTS):
        # Every other part goes backwards, so that what one leaves behind meets all of them.
        for kind in CONTENDERS[:: -1 if part % 2 else 1]:
            for unit, result in turn(kind, group, seconds).items():
                results[unit][kind].append(result)
    return results


def turn(kind, group, seconds):
    """Both loads. The clients of all contenders are in the group, which one of them alone steers."""
    make = partial(Steered, group) if kind is Steered else kind
    results = {}
    with server("1"), started(make, 1) as contender:
        for unit, (_, flags) in LOADS.items():
            before = relayed(kind)
            results[unit] = load("ask", contender.address, "--seconds", seconds, "--warm-up", 0.2, *flags, cpus="1",
                                 prefix=group.inside)
            results[unit]["relayed"] = relayed(kind) - before
    return results


def relayed(kind):
    """Connections that were to be steered, and came to the relay: it has them while an endpoint is in doubt."""
    if kind is not Steered:
        return 0
    return sum(metrics(r'^kube_ferry_worker_connections_accepted_total{worker="\d+"} (\S+)'))


def compare(unit, results):
    rates = {kind: [statistics.median(one["requests"] / one["seconds"] for one in parts) for parts in rounds]
             for kind, rounds in results.items()}
    lines = []
    for kind, rounds in results.items():
        line = [kind.name, spread(rates[kind], digits=0)]
        for ours, theirs in ((kind, Direct), (Steered, kind)):
            each = [] if ours is theirs else ratios(rates[ours], rates[theirs])
            line += [spread(each, digits=3), interval_of_median(each, digits=3)] if each else ["", ""]
        line.append(str(sum(one["failed"] for parts in rounds for one in parts)))
        line.append(f"{sum(one['relayed'] for parts in rounds for one in parts):,}" if kind is Steered else "")
        lines.append(line)
    within = "95 % interval of the median"
    header = ["1 worker", f"{unit}s a second", "its rate / direct's", within, "steered rate / its", within, "failed",
              "came to the relay"]
    return markdown(f"{LOADS[unit][0]}; {len(rounds)} rounds", header, lines)


def changes():
    """By Google Benchmark, in a process of its own."""
    told = json.loads(run([str(BIN / "ferry-benchmarks"), "--benchmark_filter=^steer_", "--benchmark_format=json",
                           "--benchmark_repetitions=10"]))["benchmarks"]
    times = {}
    for one in told:
        if one.get("error_occurred"):
            raise RuntimeError(f"{one['name']}: {one['error_message']}")
        if one["run_type"] == "iteration":
            times.setdefault(int(one["run_name"].rsplit("/", 1)[1]), []).append(one["real_time"])
    lines = [[f"{endpoints:,}", spread(each, " µs")] for endpoints, each in times.items()]
    return markdown("One endpoint of a steered service is replaced: until the maps say so",
                    ["endpoints of the service", "time"], lines)
