"""Keep-alive requests, new connections and datagrams: how many, and what each costs the proxy.

A round is cut into short turns of all contenders in rotation, and its figure is the median of its turns."""

from harness.contenders import Direct, Dnat, Ferry, HalfClosingNginx, Haproxy, Nginx, load, server, started
from harness.table import compared, markdown, spread
from harness.turns import Figures, back_and_forth

ALL = [Ferry, Haproxy, Nginx, Dnat, Direct]

PARTS = 6
"""Turns of each contender in a round."""

WARM_UP = 0.2


class Row:
    """One contender's figures."""

    def __init__(self):
        self.rate = Figures(PARTS)
        self.cpu = Figures(PARTS)
        self.calls = None
        self.failed = 0


def turn(kind, workers, flags, seconds, row):
    client_cpus = "1" if workers == 1 else None
    with server(client_cpus), started(kind, workers) as contender:

        def ask():
            return load("ask", contender.address, "--seconds", seconds, "--warm-up", WARM_UP, *flags, cpus=client_cpus)

        before = contender.process.cpu_seconds() if contender.process else 0
        result = ask()
        if contender.process:
            row.cpu.add((contender.process.cpu_seconds() - before) / total(result) * 1e6)
        row.rate.add(result["requests"] / result["seconds"])
        row.failed += result["failed"]
        if contender.process and row.calls is None:
            counted, calls = contender.process.count_system_calls(ask)
            row.calls = calls / total(counted)


def total(result):
    """Requests, those of the warm-up among them, which cost as much but are not counted."""
    return max(1.0, result["requests"] * (result["seconds"] + WARM_UP) / result["seconds"])


def compare(title, workers, flags, options, kinds, unit):
    rows = {kind: Row() for kind in kinds}
    for kind in back_and_forth(kinds, options.rounds * PARTS):
        turn(kind, workers, flags, options.seconds / PARTS, rows[kind])
    ours = rows[Ferry]
    lines = []
    for kind, row in rows.items():
        is_process = row.calls is not None
        lines.append([
            kind.name,
            spread(row.rate.by_round(), digits=0),
            spread(row.cpu.by_round(), " µs") if is_process else "",
            *(compared(ours.cpu, row.cpu) if is_process and kind is not Ferry else ["", ""]),
            *(compared(ours.rate, row.rate) if kind is not Ferry else ["", ""]),
            f"{row.calls:.2f}" if is_process else "",
            str(row.failed),
        ])
    within = "95 % interval of the median"
    header = [f"{workers} worker{'s' if workers > 1 else ''}", f"{unit}s a second", f"CPU per {unit}",
              "kube-ferry's CPU / its", within, "kube-ferry's rate / its", within, f"system calls per {unit}", "failed"]
    return markdown(title, header, lines)


def requests(options):
    for workers in (1, 2):
        for size in (64, 4096):
            yield compare(f"Keep-alive, 50 connections, requests of 64 bytes, responses of {size}", workers,
                          ["--response", size], options, ALL, "request")


def connections(options):
    """nginx by its defaults ends a connection whose one end has said all that it will; so it is there twice."""
    kinds = [Ferry, Haproxy, Nginx, HalfClosingNginx, Dnat, Direct]
    for workers in (1, 2):
        yield compare("Connect, request, response, close; 50 at a time", workers, ["--reconnect"], options, kinds,
                      "connection")


def datagrams(options):
    kinds = [kind for kind in ALL if kind.carries_datagrams]
    for workers in (1, 2):
        yield compare("UDP, 50 clients, requests and responses of 64 bytes", workers, ["--datagrams"], options, kinds,
                      "request")
