"""What clients see of an endpoint that fails: new connections, and those that it carries."""

import statistics

from harness.balancers import Ferry, Haproxy, Nginx, balancing
from harness.carried import Carried
from harness.contenders import load
from harness.pods import GREETER, REQUESTS, pods
from harness.table import markdown, spread

RATE = 200
SECONDS = 10
PATIENCE = 30
"""Of clients, in seconds: longer than any contender's."""


class HedgedFerry(Ferry):
    """Dials a second endpoint when the first takes longer than the service's usual."""

    name = "kube-ferry, hedged-dial"
    annotations = {"kube-ferry.io/hedged-dial": "true"}


class ImpatientHaproxy(Haproxy):
    """As soon as kube-ferry gives a silent server up, and at once to the next."""

    name = "HAProxy, connect 250 ms, redispatch 1"
    connect = "250ms"
    redispatch = "redispatch 1"


class ClosingHaproxy(Haproxy):
    """The only contender that ends what a server carries when its check says that it is down."""

    name = "HAProxy, on-marked-down shutdown-sessions"
    server = "check inter 2s on-marked-down shutdown-sessions"


CONTENDERS = [Ferry, HedgedFerry, Haproxy, ImpatientHaproxy, Nginx]


def failures(options):
    """One of three endpoints stops taking connections, without a word to anybody."""
    for title, fail in (("refuses", "refuse"), ("drops every packet", "go_dark")):
        results = {kind: [] for kind in CONTENDERS}
        for _ in range(options.rounds):
            for kind in CONTENDERS:
                results[kind].append(under_load(kind, fail))
        lines = [[kind.name, f"{total(rounds, 'requests'):,}", str(total(rounds, "failed")),
                  f"{total(rounds, 'slow'):,}", milliseconds(rounds, "p50_us", 1), milliseconds(rounds, "p99_us"),
                  milliseconds(rounds, "max_us")] for kind, rounds in results.items()]
        yield markdown(f"One of three endpoints {title}, {RATE} new connections a second for {SECONDS} s",
                       ["1 worker", "answered", "failed", "answered after more than 300 ms", "median", "99 %",
                        "longest"], lines)


def under_load(kind, fail):
    """What comes after it has failed. Nothing is under way in between, for what is cannot be helped by a next dial."""
    with pods(3) as servers, balancing(kind, [pod.address for pod in servers], [REQUESTS]) as balancer:
        ask = ["ask", balancer.address(REQUESTS), "--reconnect", "--connections", 3000, "--rate", RATE, "--patience",
               PATIENCE]
        load(*ask, "--seconds", 1)
        getattr(servers[1], fail)()
        return load(*ask, "--seconds", SECONDS, "--warm-up", 0)


def total(rounds, field):
    return sum(result[field] for result in rounds)


def milliseconds(rounds, field, digits=0):
    return spread([result[field] / 1000 for result in rounds], " ms", digits)


OBSERVED = 60
EACH = 15


def deaths(options):
    """One of three endpoints goes dark while it carries connections: who asks and waits, and who is silent."""
    del options
    lines = []
    for kind in (Ferry, Haproxy, ClosingHaproxy, Nginx):
        with pods(3) as servers, balancing(kind, [pod.address for pod in servers], [GREETER]) as balancer:
            with Carried(balancer.address(GREETER), asking=EACH, silent=EACH) as carried:
                carried.run(2)
                victim = servers[1]
                victim.go_dark()
                carried.run(OBSERVED, until_ended=victim.name)
                lines.append([kind.name, told(carried.of(victim.name, asks=True)),
                              told(carried.of(victim.name, asks=False)), told_others(carried, victim.name)])
    yield markdown(f"One of three endpoints goes dark, {EACH} connections that ask all the time, {EACH} idle; "
                   f"watched for {OBSERVED} s",
                   ["1 worker", "those that ask hear of it", "the idle ones hear of it",
                    "connections of the other endpoints that ended"], lines)


def told(connections):
    """After how long they ended, since the endpoint did."""
    ended = [one.ended_after for one in connections if one.ended_after is not None]
    if not ended:
        return f"0 of {len(connections)}"
    whole = f"{len(ended)} of {len(connections)}, after {statistics.median(ended):.1f} s"
    return f"{whole} ({min(ended):.1f} to {max(ended):.1f})"


def told_others(carried, victim):
    others = [one for one in carried.connections if one.name != victim]
    ended = [one for one in others if one.ended_after is not None]
    idle = sum(not one.asks for one in ended)
    return f"{len(ended)} of {len(others)}" + (f", {idle} of them idle" if ended else "")
