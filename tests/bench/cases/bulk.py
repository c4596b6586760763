"""Bytes without end, one way and both."""

import contextlib
from pathlib import Path

from harness.contenders import Direct, Dnat, Ferry, Haproxy, Nginx, SplicingHaproxy, load, server, started
from harness.table import compared, markdown, spread
from harness.turns import Figures, back_and_forth

ALL = [Ferry, Haproxy, SplicingHaproxy, Nginx, Dnat, Direct]

PARTS = 4
"""Turns of each contender in a round."""


class Row:
    """One contender's figures."""

    def __init__(self):
        self.speed = Figures(PARTS)
        self.cpu = Figures(PARTS)
        self.splices = None


def bulk(options):
    """The CPUs are for whoever needs them: a stream's two ends on one would be what limits it. Twice with one worker, for
    BBR sends at a pace that timers keep, and is half as fast on loopback."""
    for workers in (1, 2):
        for direction in ("upload", "download", "both"):
            yield compare(direction, workers, options)
    with congestion_control("reno"):
        for direction in ("upload", "download"):
            yield compare(direction, 1, options, ", Reno")


@contextlib.contextmanager
def congestion_control(name):
    """Of connections that are made meanwhile."""
    setting = Path("/proc/sys/net/ipv4/tcp_congestion_control")
    before = setting.read_text()
    setting.write_text(name)
    try:
        yield
    finally:
        setting.write_text(before)


def turn(kind, direction, workers, seconds, row):
    with server(None), started(kind, workers, pinned=False) as contender:

        def stream():
            return load("stream", contender.address, "--kind", direction, "--connections", workers, "--seconds", seconds)

        before = contender.process.cpu_seconds() if contender.process else 0
        moved = stream()
        if contender.process:
            row.cpu.add((contender.process.cpu_seconds() - before) / (moved["bytes"] / 1e9))
        row.speed.add(8 * moved["bytes"] / moved["seconds"] / 1e9)
        if contender.process and row.splices is None:
            counted, splices = contender.process.count_system_calls(stream, "syscalls:sys_enter_splice")
            row.splices = splices / (counted["bytes"] / 1e9)


def compare(direction, workers, options, remark=""):
    """As many connections as workers."""
    rows = {kind: Row() for kind in ALL}
    for kind in back_and_forth(ALL, options.rounds * PARTS):
        turn(kind, direction, workers, options.seconds / PARTS, rows[kind])
    ours = rows[Ferry]
    lines = []
    for kind, row in rows.items():
        is_process = row.splices is not None
        lines.append([
            kind.name,
            spread(row.speed.by_round()),
            *(compared(ours.speed, row.speed) if kind is not Ferry else ["", ""]),
            spread(row.cpu.by_round(), " s", 3) if is_process else "",
            *(compared(ours.cpu, row.cpu) if is_process and kind is not Ferry else ["", ""]),
            f"{row.splices:,.0f}" if is_process else "",
        ])
    plural = "s" if workers > 1 else ""
    within = "95 % interval of the median"
    return markdown(f"Bulk, {direction}, {workers} connection{plural}{remark}",
                    [f"{workers} worker{plural}", "Gbit/s", "kube-ferry's / its", within, "CPU per gigabyte",
                     "kube-ferry's CPU / its", within, "splice calls per gigabyte"], lines)
