"""Processes of a benchmark: started, measured from /proc, ended."""

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path


class Process:
    """A program that runs until stop(), on the given CPUs (None: all)."""

    def __init__(self, command, cpus=None, wait_for=None, **options):
        prefix = ["taskset", "-c", cpus] if cpus else []
        self.output = None
        if wait_for:
            options.setdefault("stdout", subprocess.PIPE)
            options.setdefault("stderr", subprocess.STDOUT)
        else:
            options.setdefault("stdout", subprocess.DEVNULL)
            options.setdefault("stderr", subprocess.DEVNULL)
        self._child = subprocess.Popen(prefix + command, text=True, **options)
        if wait_for:
            self.output = self._read_until(wait_for)

    def _read_until(self, pattern):
        text = ""
        for line in self._child.stdout:
            text += line
            if re.search(pattern, line):
                return text
        raise RuntimeError(f"{self._child.args[0]} ended: {text}")

    @property
    def stdin(self):
        return self._child.stdin

    @property
    def stdout(self):
        return self._child.stdout

    @property
    def pid(self):
        return self._child.pid

    def pids(self):
        """Its own, and those of its children."""
        found = [self.pid]
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            found += [int(pid) for pid in (task / "children").read_text().split()]
        return found

    def cpu_seconds(self):
        """User and system time of all threads, from the scheduler's own count."""
        total = 0
        for pid in self.pids():
            for task in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def pss_kilobytes(self):
        """Memory in proportion to who shares it."""
        return sum(_field(Path(f"/proc/{pid}/smaps_rollup"), "Pss") for pid in self.pids())

    def peak_kilobytes(self):
        """The most that was resident at a time."""
        return sum(_field(Path(f"/proc/{pid}/status"), "VmHWM") for pid in self.pids())

    def count_system_calls(self, work, event="raw_syscalls:sys_enter"):
        """What work() gives, and the system calls that the process made meanwhile: all, or those of the tracepoint."""
        pids = ",".join(map(str, self.pids()))
        with contextlib.ExitStack() as ends:
            told, tell, asked, answer = (ends.enter_context(end) for end in _two_pipes())
            command = ["perf", "stat", "-x", ",", "-e", event, "-p", pids, "--delay", "-1",
                       "--control", f"fd:{told.fileno()},{answer.fileno()}"]
            with subprocess.Popen(command, pass_fds=[told.fileno(), answer.fileno()], stderr=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, text=True) as counter:
                answer.close()
                tell.write(b"enable\n")
                asked.readline()
                result = work()
                counter.send_signal(signal.SIGINT)
                text = counter.stderr.read()
        found = re.search(r"^(\d+),", text, re.MULTILINE)
        if not found:
            raise RuntimeError(f"perf stat: {text}")
        return result, int(found.group(1))

    def signal(self, number):
        self._child.send_signal(number)

    def wait(self):
        return self._child.wait()

    def stop(self):
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _two_pipes():
    """The reading and the writing end of each."""
    for _ in range(2):
        read, write = os.pipe()
        yield open(read, "rb", buffering=0)
        yield open(write, "wb", buffering=0)


def _field(path, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB", path.read_text(), re.MULTILINE).group(1))


def used_kilobytes():
    """What the whole system uses: not free, and not a cache that it would give back."""
    info = dict(re.findall(r"^(\w+):\s+(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE))
    return int(info["MemTotal"]) - int(info["MemAvailable"])


def run(command, cpus=None, **options):
    """Standard output of a command that must succeed."""
    prefix = ["taskset", "-c", cpus] if cpus else []
    return subprocess.run(prefix + command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def all_cpus():
    return f"0-{os.cpu_count() - 1}"
