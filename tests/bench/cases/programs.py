"""Benchmarks that are programs of their own."""

from harness.contenders import BIN, ROOT
from harness.processes import run


def dns(options):
    """tests/bench/dns."""
    del options
    yield fenced("DNS", run([str(ROOT / "tests/bench/dns")]))


def micro(options):
    """Google Benchmark, but for what `steering` shows."""
    del options
    yield fenced("The store, and the choice of an endpoint",
                 run([str(BIN / "ferry-benchmarks"), "--benchmark_filter=-^steer_"]))


def fenced(title, text):
    return f"### {title}\n\n```\n{text.rstrip()}\n```\n"
