"""A control group (v2) for the clients alone, and a BPF file system for what steers them."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from harness.processes import run


class ControlGroup(NamedTuple):
    path: str
    pins: str
    """A folder in which steering may live on."""

    @property
    def inside(self):
        """What begins the command of a process that is to be in it."""
        return ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.path]


@contextlib.contextmanager
def own_control_group():
    """Mounted where the benchmark alone sees it. What it has started in there must have ended by the end."""
    with mounted("cgroup2") as root, mounted("bpf") as pins:
        path = Path(root) / f"kube-ferry-bench-{os.getpid()}"
        path.mkdir()
        try:
            yield ControlGroup(str(path), f"{pins}/kube-ferry")
        finally:
            path.rmdir()


@contextlib.contextmanager
def mounted(kind):
    with tempfile.TemporaryDirectory(prefix="ferry-bench-") as folder:
        run(["mount", "-t", kind, kind, folder])
        try:
            yield folder
        finally:
            run(["umount", folder])
