"""How long requests take at half of what the slowest carries, and beside a stream."""

import json
import subprocess

from cases.requests import ALL
from harness.contenders import BIN, SERVERS, Direct, Ferry, Haproxy, Nginx, SplicingHaproxy, load, server, started
from harness.processes import Process
from harness.table import markdown, ratios, spread


def latency(options):
    flags = ["--seconds", options.seconds]
    most = []
    for kind in (Ferry, Haproxy, Nginx):
        with server("1"), started(kind, 1) as contender:
            result = load("ask", contender.address, *flags, cpus="1")
            most.append(result["requests"] / result["seconds"])
    rate = int(min(most) / 2)
    middle = {kind: [] for kind in ALL}
    worst = {kind: [] for kind in ALL}
    for _ in range(options.rounds):
        for kind in ALL:
            with server("1"), started(kind, 1) as contender:
                result = load("ask", contender.address, *flags, "--rate", rate, cpus="1")
            middle[kind].append(result["p50_us"])
            worst[kind].append(result["p99_us"])
    lines = [[kind.name, spread(middle[kind], " µs", 0), spread(worst[kind], " µs", 0),
              "" if kind is Ferry else spread(ratios(worst[Ferry], worst[kind]), digits=2)] for kind in ALL]
    yield markdown(f"Latency of {rate:,} requests a second of 64 bytes, 50 connections",
                   ["1 worker", "median", "99 %", "kube-ferry's 99 % / its"], lines)


def fairness(options):
    """Requests that share their worker with a stream. The proxy has CPU 0 for itself, and all the others share CPU 1, where
    the requests' two ends come first (SCHED_FIFO), and the stream's two make calls that are short: no kernel interrupts
    one for them. What is left of the stream's ends in the figures shows in the direct connection's."""
    kinds = [Ferry, Haproxy, SplicingHaproxy, Nginx, Direct]
    quiet = {kind: [] for kind in kinds}
    beside = {kind: [] for kind in kinds}
    speed = {kind: [] for kind in kinds}
    ask = ["--seconds", options.seconds, "--rate", 2000]
    first = ["chrt", "--fifo", "1"]
    short = ["--buffer", "65536"]
    for _ in range(options.rounds):
        for kind in kinds:
            with server("1", prefix=first), server("1", SERVERS[1], flags=short), started(kind, 1) as contender:
                quiet[kind].append(load("ask", contender.address, *ask, cpus="1", prefix=first)["p99_us"])
                stream = [str(BIN / "bench_load"), "stream", contender.addresses[1], *short, "--seconds",
                          str(options.seconds + 1)]
                with Process(stream, "1", stdout=subprocess.PIPE) as streaming:
                    beside[kind].append(load("ask", contender.address, *ask, cpus="1", prefix=first)["p99_us"])
                    moved = json.loads(streaming.stdout.read())
                    speed[kind].append(8 * moved["bytes"] / moved["seconds"] / 1e9)
    lines = [[kind.name, spread(quiet[kind], " µs", 0), spread(beside[kind], " µs", 0),
              spread(ratios(beside[kind], quiet[kind]), digits=2), spread(speed[kind])] for kind in kinds]
    yield markdown("2,000 requests a second beside one upload on the same worker",
                   ["1 worker", "99 %, quiet", "99 %, beside the stream", "beside / quiet", "the stream, Gbit/s"], lines)
