"""Clients that are steered at connect(2), beside other ways to the same server, and what a change of the maps costs.

All are on loopback in one network, as in `requests`. A steered connection is then the direct one, but for what happens
in connect(2) and where the kernel is done with a socket; the rule of DNAT is in the output hook, where a node's own is. A
round's figure is the median of its turns.
There is one worker: CPU 0 is the proxy's, if there is one, and the clients and the server share CPU 1.
"""

import contextlib
import json
import statistics
from functools import partial
from pathlib import Path

from cases.workers import metrics
from harness.contenders import BIN, SERVERS, Direct, Dnat, Ferry, Haproxy, Steered, load, server, started
from harness.control_group import own_control_group
from harness.processes import run
from harness.table import interval_of_median, markdown, ratios, spread
from harness.turns import back_and_forth


class Relay(Ferry):
    name = "kube-ferry, its relay"


CONTENDERS = [Direct, Steered, Relay, Haproxy, Dnat]

LOADS = {
    "request": ("Keep-alive, 50 connections, requests and responses of 64 bytes", []),
    "connection": ("Connect, request, response, close; 50 at a time", ["--reconnect"]),
}


PARTS = 10
"""Into so many the turns of a round are cut, which are interleaved: the machine's speed changes all the time."""

PART = [Direct, Steered, Relay, Direct, Steered, Haproxy, Direct, Steered, Dnat]
"""Little is between the first two, so they have more turns."""


def steering(options):
    results = {unit: {kind: [] for kind in CONTENDERS} for unit in LOADS}
    with own_control_group() as group:
        for _ in range(2 * options.rounds):
            for unit, by_kind in one_round(group, options.seconds / (2 * PARTS)).items():
                for kind, parts in by_kind.items():
                    results[unit][kind].append(parts)
    for unit in LOADS:
        yield compare(unit, results[unit])
    yield one_by_one(options.rounds)
    yield changes()


def one_round(group, seconds):
    results = {unit: {kind: [] for kind in CONTENDERS} for unit in LOADS}
    for kind in back_and_forth(PART, PARTS):
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


WAYS = ["straight, no program attached to anything", "straight, from a process that nobody steers",
        "straight, from one that is steered", "steered, to the service"]


def one_by_one(rounds):
    """What a single connection takes where nothing else is in the way: the least tenth of many."""
    times = {way: [] for way in WAYS}
    with without_time_wait(), own_control_group() as group:
        for _ in range(2 * rounds):
            for way, time in zip(WAYS, [*shortest([], SERVERS[0]), *beside_steering(group)], strict=True):
                times[way].append(time)
    lines = [[way, spread(each, " µs"), spread(ratios(times[WAYS[0]], each), digits=3)] for way, each in times.items()]
    return markdown(f"A connection by itself, both ends in one process, a tenth takes at most; {2 * rounds} rounds",
                    ["", "time", "the first one's time / its"], lines)


@contextlib.contextmanager
def without_time_wait():
    """What earlier connections have left would lengthen the search for a port more and more."""
    setting = Path("/proc/sys/net/ipv4/tcp_max_tw_buckets")
    before = setting.read_text()
    setting.write_text("0")
    try:
        yield
    finally:
        setting.write_text(before)


def beside_steering(group):
    with started(partial(Steered, group), 1) as contender:
        return [*shortest([], SERVERS[0]), *shortest(group.inside, SERVERS[0], contender.address)]


def shortest(prefix, *addresses):
    told = run([*prefix, str(BIN / "bench_load"), "alternately", SERVERS[0], *addresses, "--count", "3000"], "1")
    return [one["p10_us"] for one in json.loads(told)]


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
