"""The control path with many services: how soon it is there, what it costs, and how soon a change is in force."""

import contextlib
import json
import math
import os
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections import Counter

from harness.cluster import ApiServer, address, endpoint, write_cluster
from harness.contenders import BIN, RELAY_ALONE, ROOT, start_ferry
from harness.contenders import server as bench_server
from harness.processes import Process, run
from harness.prober import Prober
from harness.table import markdown, ratios, spread

SIZES = [(10_000, 100_000), (44_000, 250_000)]
RANGE = "10.96.0.0/12"


def at_start(server, *flags, until="synced", cpus=None):
    return start_ferry(["--master", server.url, *flags], 2, cpus, RANGE, until)


@contextlib.contextmanager
def confined(cpu):
    """This process, and what it starts meanwhile, have one CPU."""
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_them)


def startup(options):
    """From the start of the process until it is synced."""
    lines = []
    for services, endpoints in SIZES:
        with tempfile.NamedTemporaryFile() as manifests:
            size = write_cluster(manifests.name, services, endpoints)
            with ApiServer(manifests.name) as server:
                took, cpu, peak, steady, livez, scrape, descriptors = [], [], [], [], [], [], []
                for _ in range(options.rounds):
                    prober = Prober(10256, "/livez", 0.01)
                    prober.start()
                    begin = time.perf_counter()
                    with at_start(server) as process:
                        took.append(time.perf_counter() - begin)
                        cpu.append(process.cpu_seconds())
                        scraper = Prober(10249, "/metrics", 0.1)
                        scraper.start()
                        time.sleep(2)
                        scraper.end()
                        prober.end()
                        if prober.failures or scraper.failures or not prober.answers:
                            raise RuntimeError(f"pages failed: {prober.failures} {scraper.failures}")
                        peak.append(process.peak_kilobytes() / 1024)
                        steady.append(process.pss_kilobytes() / 1024)
                        livez.append(prober.longest * 1000)
                        scrape.append(scraper.longest * 1000)
                        descriptors.append(len(os.listdir(f"/proc/{process.pid}/fd")))
                lines.append([f"{services:,} / {endpoints:,}", f"{size / 1e6:,.0f} MB", spread(took, " s", 2),
                              spread(cpu, " s", 2), spread(peak, " MiB", 0), spread(steady, " MiB", 0),
                              spread(livez, " ms"), spread(scrape, " ms"), str(max(descriptors))])
                lines[-1].append(split(server))
    yield markdown("From start to synced", [
        "services / endpoints", "objects", "synced after", "CPU until then", "peak memory", "steady PSS",
        "slowest /livez throughout", "slowest /metrics", "descriptors", "where the CPU goes"], lines)


KINDS = [
    ("decode", r"codec|nlohmann|ObjectScanner|Scanner::|decode"),
    ("listeners", r"Dataplane|ServiceRoutes|Capture::|Worker::|Acceptor|LocalEndpointCounter|HealthCheckServer"),
    ("store", r"config::"),
    ("receive", r"recv|RestClient|beast|asio|Reflector|inflate"),
]


def split(server):
    """What the samples of a start were about, by the innermost function that tells."""
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        recorder = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "--call-graph", "dwarf,16384", "-o", data]
        command = [*recorder, "--", str(BIN / "kube-ferry"), "--hostname-override", "bench", "--workers", "2",
                   "--service-cidr", RANGE, "--healthz-bind-address", "", "--metrics-bind-address", "",
                   *RELAY_ALONE, "--master", server.url]
        with Process(command, wait_for="synced") as process:
            for pid in process.pids()[1:]:
                os.kill(pid, 2)
            process.wait()
        script = run(["perf", "script", "-F", "comm,ip,sym", "-i", data], stderr=subprocess.DEVNULL)
    counts = Counter()
    for sample in script.split("\n\n"):
        frames = sample.strip().split("\n")[1:]
        if frames:
            counts[kind_of(frames)] += 1
    total = sum(counts.values())
    return ", ".join(f"{kind} {100 * count / total:.0f} %" for kind, count in counts.most_common())


def kind_of(frames):
    for frame in frames:
        for kind, pattern in KINDS:
            if re.search(pattern, frame):
                return kind
    return "other"


class Feed:
    """The API server's watch of the slices, as kube-ferry has it beside us: who reads an event here knows that its
    last byte has been sent to both, one after the other."""

    def __init__(self, server):
        version = server.ask("GET", f"{server.SLICES}?limit=1")["metadata"]["resourceVersion"]
        host, port = server.url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.sendall(f"GET /apis/discovery.k8s.io/v1/endpointslices?watch=1&resourceVersion={version} "
                             f"HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        self._text = b""

    def wait_for(self, text):
        """Until an event has come that contains it, whole."""
        while True:
            at = self._text.find(text)
            end = self._text.find(b"\n", at) if at >= 0 else -1
            if end >= 0:
                self._text = self._text[end:]
                return
            self._text = self._text[-65536:] + self._socket.recv(1 << 20)

    def close(self):
        self._socket.close()


def greeting(address):
    """The name of who answers there; nothing where nobody does."""
    try:
        with socket.create_connection(address) as connection:
            return connection.recv(64).strip()
    except ConnectionError:
        return b""


@contextlib.contextmanager
def endpoints_that_greet():
    """Two servers at addresses that endpoints may have, each saying its name."""
    with contextlib.ExitStack() as running:
        for name, at in (("a", "192.0.2.11"), ("b", "192.0.2.12")):
            run(["ip", "address", "add", f"{at}/32", "dev", "lo"])
            running.callback(run, ["ip", "address", "del", f"{at}/32", "dev", "lo"])
            running.enter_context(Process([str(BIN / "kube-ferry-echo"), "serve", name, f"{at}:8080"], wait_for=r"\S"))
        yield {"a": "192.0.2.11", "b": "192.0.2.12"}


def propagation(options):
    """From the last byte of an event to the first connection that sees it."""
    lines, curve = [], []
    changes = 200 * options.rounds
    for services, endpoints in ((100, 1000), (1000, 10_000), (10_000, 100_000), (44_000, 250_000)):
        with tempfile.NamedTemporaryFile() as manifests, endpoints_that_greet() as pods:
            write_cluster(manifests.name, services, endpoints)
            with ApiServer(manifests.name) as server, at_start(server):
                delays = change_times(server, pods, services // 2, changes)
        ordered = sorted(delays)
        middle, worst = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
        curve.append((services, middle, worst))
        lines.append([f"{services:,} / {endpoints:,}", f"{middle:,.0f} µs", f"{worst:,.0f} µs"])
    yield markdown(f"One endpoint changes, {changes:,} times: until a connection has heard from the new one",
                   ["services / endpoints", "median", "99 %"], lines)
    plot(ROOT / "build/bench/propagation.svg", curve)


def change_times(server, pods, number, changes):
    """Microseconds, from the event until the first connection that is carried to the new endpoint has heard from it."""
    target = service_address(number)
    path = slice_path(server, number)
    feed = Feed(server)
    delays = []
    for change in range(changes + 1):
        name = "ab"[change % 2]
        server_change = threading.Thread(target=server.patch,
                                         args=(path, {"endpoints": [endpoint(pods[name], change)]}))
        server_change.start()
        feed.wait_for(f'"{pods[name]}"'.encode())
        told = time.perf_counter()
        while greeting(target) != name.encode():
            pass
        # The first one changes what the cluster began with.
        if change > 0:
            delays.append((time.perf_counter() - told) * 1e6)
        server_change.join()
    feed.close()
    return delays


def burst(options):
    """5,000 changes as fast as the API server takes them, with traffic beside them: through kube-ferry, and directly,
    which shows what the changes' makers take from everybody. kube-ferry has CPU 0 for both, and all the others have CPU
    1, where the traffic's two ends come first."""
    first = ["chrt", "--fifo", "1"]
    services, endpoints, changes = 10_000, 100_000, 5000
    quiet, during, took, grown = [], [], [], []
    with tempfile.NamedTemporaryFile() as manifests, confined(1), endpoints_that_greet() as pods:
        write_cluster(manifests.name, services, endpoints)
        for _ in range(options.rounds):
            with (ApiServer(manifests.name) as server, at_start(server, cpus="0") as process,
                  bench_server(None, f"{pods['a']}:8081", first)):
                targets = [point_at(server, 0, pods["a"], 8081), f"{pods['a']}:8081"]
                quiet.append(ask_all(targets, 3, first))
                before = process.peak_kilobytes()
                applied = changes_applied()
                asking = threading.Thread(target=lambda: during.append(ask_all(targets, 3, first)))
                asking.start()
                time.sleep(1)
                begin = time.perf_counter()
                numbers = range(1, 1 + changes // 2)
                makers = [threading.Thread(target=change_twice, args=(server, pods, numbers[part::2]))
                          for part in range(2)]
                for maker in makers:
                    maker.start()
                for maker in makers:
                    maker.join()
                while changes_applied() < applied + changes:
                    time.sleep(0.002)
                took.append(time.perf_counter() - begin)
                asking.join()
                grown.append((process.peak_kilobytes() - before) / 1024)
                late = [number for number in numbers if greeting(service_address(number)) != b"b"]
                if late or changes_applied() != applied + changes:
                    raise RuntimeError(f"the last change is not in force at {late}")
    yield markdown(f"{changes:,} changes at once among {services:,} services, two to each of {changes // 2:,} slices", ["", ""], [
        ["made, and all in force, after", spread(took, " s", 2)],
        ["services that go by their last change", f"{changes // 2:,} of {changes // 2:,}"],
        ["peak memory grown by", spread(grown, " MiB")],
        *[[f"99 % of 1,000 requests a second {how}: quiet", spread([one[at] for one in quiet], " µs", 0)]
          for at, how in enumerate(("through kube-ferry", "directly"))],
        *[[f"99 % {how}: with the changes", spread([one[at] for one in during], " µs", 0)]
          for at, how in enumerate(("through kube-ferry", "directly"))],
        *[[f"99 % {how}: with the changes / quiet",
           spread(ratios([one[at] for one in during], [one[at] for one in quiet]), digits=2)]
          for at, how in enumerate(("through kube-ferry", "directly"))]])


def service_address(number):
    return (address("10", (96 << 16) + 256 + number), 80)


def point_at(server, number, at, port):
    """The service's address, with that endpoint alone."""
    server.patch(slice_path(server, number), {"endpoints": [endpoint(at, 0)],
                                              "ports": [{"name": "http", "port": port, "protocol": "TCP"}]})
    host, service_port = service_address(number)
    return f"{host}:{service_port}"


def slice_path(server, number):
    return f"{server.SLICES}/service-{number:05}-x7k2p"


def change_twice(server, pods, numbers):
    for number in numbers:
        for name in "ab":
            server.patch(slice_path(server, number), {"endpoints": [endpoint(pods[name], number)]})


def ask_all(targets, seconds, prefix):
    """The 99th percentile for each of them, loaded at the same time."""
    command = [*prefix, str(BIN / "bench_load"), "ask"]
    flags = ["--rate", "1000", "--connections", "20", "--seconds", str(seconds)]
    clients = [Process([*command, target, *flags], stdout=subprocess.PIPE) for target in targets]
    return [json.loads(client.stdout.read())["p99_us"] for client in clients]


def changes_applied():
    page = urllib.request.urlopen("http://127.0.0.1:10249/metrics").read().decode()
    return int(re.search(r"^kubeproxy_sync_proxy_rules_endpoint_changes_total (\d+)", page, re.MULTILINE).group(1))


def plot(path, curve):
    """Median and 99th percentile by the number of services, both axes logarithmic."""
    left, top, width, height = 70, 20, 520, 260
    low, high = 1, 4

    def x(services):
        return left + width * (math.log10(services) - 2) / (math.log10(44_000) - 2)

    def y(microseconds):
        return top + height * (high - min(high, max(low, math.log10(microseconds)))) / (high - low)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 30} {top + height + 50}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{left + width + 30}" height="{top + height + 50}" fill="white"/>']
    for power in range(low, high + 1):
        label = f"{10**power:,} µs" if power < 3 else f"{10**(power - 3):,} ms"
        parts.append(f'<path d="M{left} {y(10**power):.0f}h{width}" stroke="#ddd"/>'
                     f'<text x="{left - 8}" y="{y(10**power) + 4:.0f}" text-anchor="end">{label}</text>')
    for services, _, _ in curve:
        parts.append(f'<text x="{x(services):.0f}" y="{top + height + 18}" text-anchor="middle">{services:,}</text>')
    for which, color, name in ((1, "#0a6", "median"), (2, "#c30", "99 %")):
        points = " ".join(f"{x(point[0]):.0f},{y(point[which]):.0f}" for point in curve)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        last = curve[-1]
        parts.append(f'<text x="{x(last[0]) - 4:.0f}" y="{y(last[which]) - 8:.0f}" text-anchor="end" fill="{color}">'
                     f'{name}</text>')
    parts.append(f'<text x="{left + width / 2}" y="{top + height + 40}" text-anchor="middle">services</text></svg>')
    path.write_text("\n".join(parts) + "\n")
