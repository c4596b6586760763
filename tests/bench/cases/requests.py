"""Keep-alive requests, new connections and datagrams: how many, and what each costs the proxy."""

from harness.contenders import Direct, Dnat, Ferry, Haproxy, Nginx, load, server, started
from harness.table import markdown, ratios, spread

ALL = [Ferry, Haproxy, Nginx, Dnat, Direct]


class Row:
    """One contender's figures, round by round."""

    def __init__(self):
        self.rate = []
        self.cpu = []
        self.calls = None
        self.failed = 0


def measure(kind, workers, flags, seconds, count_calls):
    client_cpus = "1" if workers == 1 else None
    with server(client_cpus), started(kind, workers) as contender:

        def ask():
            return load("ask", contender.address, "--seconds", seconds, *flags, cpus=client_cpus)

        before = contender.process.cpu_seconds() if contender.process else 0
        result = ask()
        cpu = (contender.process.cpu_seconds() if contender.process else 0) - before
        calls = None
        if count_calls and contender.process:
            counted, number = contender.process.count_system_calls(ask)
            calls = number / total(counted)
        # The warm-up costs, too, but is not among the requests.
        return result["requests"] / result["seconds"], cpu / total(result), calls, result["failed"]


def total(result):
    """Requests, those of the half second before the count among them."""
    return max(1.0, result["requests"] * (result["seconds"] + 0.5) / result["seconds"])


def compare(title, workers, flags, options, kinds, unit):
    rows = {kind: Row() for kind in kinds}
    for number in range(options.rounds):
        for kind in kinds:
            rate, cpu, calls, failed = measure(kind, workers, flags, options.seconds, number == 0)
            rows[kind].rate.append(rate)
            rows[kind].cpu.append(cpu * 1e6)
            rows[kind].calls = calls if calls is not None else rows[kind].calls
            rows[kind].failed += failed
    ours = rows[Ferry]
    lines = []
    for kind, row in rows.items():
        lines.append([
            kind.name,
            spread(row.rate, digits=0),
            spread(row.cpu, " µs") if any(row.cpu) else "",
            "" if kind is Ferry or not any(row.cpu) else spread(ratios(ours.cpu, row.cpu), digits=2),
            "" if kind is Ferry else spread(ratios(ours.rate, row.rate), digits=2),
            f"{row.calls:.2f}" if row.calls else "",
            str(row.failed),
        ])
    header = [f"{workers} worker{'s' if workers > 1 else ''}", f"{unit}s a second", f"CPU per {unit}",
              "kube-ferry's CPU / its", "kube-ferry's rate / its", f"system calls per {unit}", "failed"]
    return markdown(title, header, lines)


def requests(options):
    for workers in (1, 2):
        for size in (64, 4096):
            yield compare(f"Keep-alive, 50 connections, requests of 64 bytes, responses of {size}", workers,
                          ["--response", size], options, ALL, "request")


def connections(options):
    for workers in (1, 2):
        yield compare("Connect, request, response, close; 50 at a time", workers, ["--reconnect"], options, ALL,
                      "connection")


def datagrams(options):
    kinds = [kind for kind in ALL if kind.carries_datagrams]
    for workers in (1, 2):
        yield compare("UDP, 50 clients, requests and responses of 64 bytes", workers, ["--datagrams"], options, kinds,
                      "request")
