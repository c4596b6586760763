"""Bytes without end, one way and both."""

from harness.contenders import Direct, Dnat, Ferry, Haproxy, Nginx, SplicingHaproxy, load, server, started
from harness.table import markdown, ratios, spread

ALL = [Ferry, Haproxy, SplicingHaproxy, Nginx, Dnat, Direct]


def bulk(options):
    """The CPUs are for whoever needs them: a stream's two ends on one would be what limits it."""
    for workers in (1, 2):
        for kind_of_stream in ("upload", "download", "both"):
            yield compare(kind_of_stream, workers, options)


def compare(kind_of_stream, connections, options):
    workers = connections
    speed = {kind: [] for kind in ALL}
    cpu = {kind: [] for kind in ALL}
    calls = {}
    for number in range(options.rounds):
        for kind in ALL:
            with server(None), started(kind, workers, pinned=False) as contender:

                def stream():
                    return load("stream", contender.address, "--kind", kind_of_stream, "--connections", connections,
                                "--seconds", options.seconds)

                before = contender.process.cpu_seconds() if contender.process else 0
                moved = stream()
                used = (contender.process.cpu_seconds() if contender.process else 0) - before
                if contender.process and number == 0:
                    counted, splices = contender.process.count_system_calls(stream, "syscalls:sys_enter_splice")
                    calls[kind] = splices / (counted["bytes"] / 1e9)
            speed[kind].append(8 * moved["bytes"] / moved["seconds"] / 1e9)
            cpu[kind].append(used / (moved["bytes"] / 1e9))
    lines = [[kind.name, spread(speed[kind]),
              "" if kind is Ferry else spread(ratios(speed[Ferry], speed[kind]), digits=2),
              spread(cpu[kind], " s", 3) if any(cpu[kind]) else "",
              f"{calls[kind]:,.0f}" if kind in calls else ""] for kind in ALL]
    plural = "s" if connections > 1 else ""
    return markdown(f"Bulk, {kind_of_stream}, {connections} connection{plural}",
                    [f"{workers} worker{'s' if workers > 1 else ''}", "Gbit/s", "kube-ferry's / its",
                     "CPU per gigabyte", "splice calls per gigabyte"], lines)
