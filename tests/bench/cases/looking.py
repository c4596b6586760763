"""What it costs to be looked at, with 10,000 services."""

import socket
import statistics
import tempfile
import time
import urllib.request

from harness.cluster import address
from harness.contenders import SERVERS, server, service_objects, start_ferry, write_manifest
from harness.prober import Prober
from harness.table import markdown, spread

SERVICES = 10_000
PAGES = ["/metrics", "/api/status", "/api/services?limit=50&history=1", "/api/services?q=service-09&sort=open",
         "/api/services/default/service-00001"]


def service_address(number):
    return f"{address('127', (96 << 16) + 256 + number)}:9000"


def use(numbers):
    """A connection to each of these services, with a request and its answer."""
    for number in numbers:
        host, port = service_address(number).split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


def ask(process, path, rounds):
    """Milliseconds to the last byte, CPU milliseconds of the daemon, bytes."""
    took, cpu, size = [], [], 0
    for _ in range(rounds):
        before, begin = process.cpu_seconds(), time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:10249{path}", timeout=30) as answer:
            size = len(answer.read())
        took.append(1000 * (time.perf_counter() - begin))
        cpu.append(1000 * (process.cpu_seconds() - before))
    return took, cpu, size


def looking(options):
    """A scrape and the page's requests, by how many of the services were ever used."""
    lines = []
    with tempfile.TemporaryDirectory() as work, server("1"):
        objects = [item for number in range(SERVICES)
                   for item in service_objects(f"service-{number:05}", service_address(number), SERVERS[0], ["TCP"])]
        manifest = write_manifest(work, objects)
        for used in (0, 100, SERVICES):
            with start_ferry(["--source-file", manifest], 1, None) as process:
                at_start = process.pss_kilobytes()
                use(range(used))
                carried = process.pss_kilobytes()
                for path in PAGES:
                    prober = Prober(10256, "/livez", 0.01) if path == "/metrics" else None
                    if prober:
                        prober.start()
                    took, cpu, size = ask(process, path, options.rounds)
                    if prober:
                        prober.end()
                        lines.append([f"{used:,}", "/livez meanwhile, the slowest", f"{prober.longest * 1000:.1f} ms", "", ""])
                    lines.append([f"{used:,}", path, spread(took, " ms"), f"{statistics.median(cpu):.0f} ms",
                                  f"{size / 1000:,.0f} kB"])
                looked_at = process.pss_kilobytes()
                lines.append([f"{used:,}", "memory that the connections have left behind",
                              f"{(carried - at_start) / 1024:.1f} MiB", "", ""])
                lines.append([f"{used:,}", "memory that looking has left behind", f"{(looked_at - carried) / 1024:.1f} MiB",
                              "", ""])
    yield markdown(f"Looking at {SERVICES:,} services; 1 worker",
                   ["services used", "request", "answered after", "CPU of the daemon", "size"], lines)
