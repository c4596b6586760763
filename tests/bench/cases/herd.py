"""Many reflectors of one API server that restarts: how many lists it is asked for at a time."""

import json
import math
import os
import signal
import subprocess
import tempfile
import time
from collections import Counter

from harness.contenders import BIN, ROOT
from harness.processes import Process
from harness.table import markdown

REFLECTORS = 2000
SERVICES = 10
SLOT = 0.1
# How long nobody answers; a server that starts at once is away for as long as its start takes.
AWAY = (0, 3, 20)


def herd(options):
    """A restart with a lower resourceVersion, as from a backup: everybody has to list."""
    del options
    rows, curves = [], {}
    with tempfile.NamedTemporaryFile("w") as before, tempfile.NamedTemporaryFile("w") as after:
        # So that the version after the restart is lower.
        write_objects(before, 5 * SERVICES)
        write_objects(after, SERVICES)
        for away in AWAY:
            for jitter in (True, False):
                requests = one_restart(before.name, after.name, away, jitter)
                lists, checks = ([at for at in requests[kind] if at >= 0] for kind in ("list", "check"))
                slots = Counter(math.floor(at / SLOT) for at in lists)
                curves[away, jitter] = slots
                rows.append([f"{requests['away']:.2f} s", "with" if jitter else "without", f"{len(lists):,}",
                             f"{min(lists):.2f} s", f"{max(lists):.2f} s", f"{max(slots.values()) / SLOT:,.0f}",
                             f"{peak_of(checks):,.0f}"])
    yield markdown(f"{REFLECTORS:,} reflectors, a restart of the API server with a lower resourceVersion", [
        "away", "jitter", "lists", "the first, after it is back", "the last", "most lists a second, in a tenth of one",
        "most version checks a second"], rows)
    plot(ROOT / "build/bench/herd.svg", curves)


def peak_of(times):
    return max(Counter(math.floor(at / SLOT) for at in times).values(), default=0) / SLOT


def write_objects(file, count):
    items = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"service-{number}", "namespace": "default"},
              "spec": {"ports": [{"port": 80}]}} for number in range(count)]
    json.dump({"apiVersion": "v1", "kind": "List", "items": items}, file)
    file.flush()


def serve(seed, port=0):
    server = Process([str(BIN / "kube-ferry-apiserver"), "--listen", f"127.0.0.1:{port}", "--seed", seed],
                     wait_for="http://")
    return server, server.output.strip().splitlines()[-1]


def one_restart(before, after, away, jitter):
    """When each kind of request was made, in seconds since the server was there again; and how long it was away."""
    server, url = serve(before)
    command = [str(BIN / "herd"), "--server", url, "--reflectors", str(REFLECTORS)]
    if not jitter:
        command.append("--no-jitter")
    with Process(command, wait_for="all have it", stderr=subprocess.DEVNULL) as reflectors:
        # Longer than what counts as a watch that failed at once.
        time.sleep(2)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        gone = time.monotonic()
        time.sleep(away)
        server, _ = serve(after, url.rsplit(":", 1)[1])
        back = time.monotonic()
        with server:
            requests = {"list": [], "check": [], "watch": [], "away": back - gone}
            for line in reflectors.stdout:
                if line.strip() == "end":
                    break
                kind, at = line.split()
                requests[kind].append(float(at) - back)
    return requests


def plot(path, curves):
    """Lists by time since the server is back, a panel for each time away; without jitter in another color."""
    left, top, width, height, gap = 60, 36, 560, 110, 46
    whole = top + len(AWAY) * (height + gap)
    seconds = max(max(slots) for slots in curves.values()) * SLOT + 0.5
    highest = max(max(slots.values()) for (_, jitter), slots in curves.items() if jitter) / SLOT * 1.25
    cut_off = max(max(slots.values()) for slots in curves.values()) / SLOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {whole}" font-family="sans-serif" '
        'font-size="12" role="img" aria-labelledby="title">',
        f'<title id="title">Lists a second of {REFLECTORS:,} reflectors after the API server has restarted</title>',
        "<style>text{fill:#222}.grid{stroke:#ddd}.with{fill:#0a7f4f}.without{fill:#c8371b}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.with{fill:#3ccf8e}.without{fill:#ff8266}"
        "rect.paper{fill:#16181b}}</style>",
        f'<rect class="paper" width="{left + width + 20}" height="{whole}" fill="#fff"/>',
        f'<text x="{left}" y="16">lists a second: <tspan class="with">with jitter</tspan>, '
        f'<tspan class="without">without</tspan> (up to {cut_off:,.0f}, cut off here)</text>']
    for panel, away in enumerate(AWAY):
        base = top + panel * (height + gap) + height
        how_long = f"{away} s" if away else "as long as a start takes"
        parts.append(f'<text x="{left}" y="{base - height - 4}">away for {how_long}</text>')
        for share in (0, 0.5, 1):
            rate = int(highest * share / 500) * 500
            y = base - height * rate / highest
            parts.append(f'<path class="grid" d="M{left} {y:.0f}h{width}"/>'
                         f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{rate:,}</text>')
        for jitter in (True, False):
            for slot, count in sorted(curves[away, jitter].items()):
                tall = height * min(1, count / SLOT / highest)
                x = left + width * slot * SLOT / seconds
                parts.append(f'<rect class="{"with" if jitter else "without"}" x="{x:.1f}" y="{base - tall:.1f}" '
                             f'width="{max(1, width * SLOT / seconds - 0.5):.1f}" height="{tall:.1f}"/>')
        for second in range(0, int(seconds) + 1, max(1, int(seconds / 12))):
            x = left + width * second / seconds
            parts.append(f'<text x="{x:.0f}" y="{base + 16}" text-anchor="middle">{second}</text>')
    parts.append(f'<text x="{left + width}" y="{whole - 8}" text-anchor="end">seconds since it is back</text></svg>')
    path.write_text("\n".join(parts) + "\n")
