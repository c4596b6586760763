"""The daemon, the API server and the packet filters of a storm, and what is asked of them."""

import asyncio
import contextlib
import json
import os
import re
import signal
import time
from pathlib import Path

from .schedule import HISTORY, NODE, PORT, address


async def http(method, target, body=None, *, unix=None, port=None, limit=10):
    """Status and JSON of an answer."""
    async with asyncio.timeout(limit):
        reader, writer = await (asyncio.open_unix_connection(unix) if unix
                                else asyncio.open_connection("127.0.0.1", port))
        try:
            text = json.dumps(body).encode() if body is not None else b""
            writer.write(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                         f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            text = await reader.read()
        finally:
            writer.transport.abort()
    if "transfer-encoding: chunked" in head.lower():
        text = unchunked(text)
    return int(head.split()[1]), json.loads(text) if text else None


def unchunked(text):
    whole = b""
    while text:
        size, _, text = text.partition(b"\r\n")
        whole += text[:int(size, 16)]
        text = text[int(size, 16) + 2:]
    return whole


def address_in(text):
    """"127.0.0.1:80" for "0100007F:0050"."""
    host, port = text.split(":")
    numbers = [str(int(host[at:at + 2], 16)) for at in range(6, -1, -2)]
    return f"{'.'.join(numbers)}:{int(port, 16)}" if len(host) == 8 else text


class Program:
    """A process whose output goes to a file."""

    def __init__(self, command, log):
        self.command, self.log = command, log
        self._process = None

    async def start(self, until, limit=10):
        """Returns the first group of what its output matches."""
        with open(self.log, "ab") as log:
            begin = log.tell()
            # It ends with this process, however that ends.
            self._process = await asyncio.create_subprocess_exec("setpriv", "--pdeathsig", "KILL", *self.command,
                                                                 stdout=log, stderr=log)
        deadline = time.monotonic() + limit
        while True:
            found = re.search(until, Path(self.log).read_bytes()[begin:].decode(errors="replace"), re.MULTILINE)
            if found:
                return found.group(found.lastindex or 0)
            if not self.running() or time.monotonic() > deadline:
                raise RuntimeError(f"{self.command[0]} did not say '{until}':\n{self.last_words()}")
            await asyncio.sleep(0.005)

    @property
    def pid(self):
        return self._process.pid

    def running(self):
        return self._process.returncode is None

    @property
    def status(self):
        return self._process.returncode

    async def end(self, number, limit):
        """Its exit status; None when it does not end in time, and is killed."""
        if self.running():
            self._process.send_signal(number)
        try:
            async with asyncio.timeout(limit):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            return None

    def last_words(self, lines=30):
        return "\n".join(Path(self.log).read_text(errors="replace").splitlines()[-lines:])


# More changes than there are between two restarts.
FAR = 1_000_000


class ApiServer:
    """The mock API server's process."""

    def __init__(self, programs, folder):
        self._folder = folder
        self._program = str(programs / "kube-ferry-apiserver")
        self._process = None
        self.port = 0
        self._version = 100 * FAR
        # What it is to know: (path, name) and the object.
        self.objects = {("/api/v1/nodes", NODE): {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}}}

    async def start(self, lower=True):
        """With all objects, at a version that is far lower than the last one, or far higher."""
        self._version += -FAR if lower else FAR
        seed = Path(self._folder) / "seed.json"
        seed.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(self.objects.values())}))
        self._process = Program([self._program, "--listen", f"127.0.0.1:{self.port}", "--seed", str(seed),
                                 "--resource-version", str(self._version), "--history", str(HISTORY),
                                 "--bookmark-interval", "1", "--service-cluster-ip-range", "10.96.0.0/16"],
                                f"{self._folder}/apiserver.log")
        self.port = int(await self._process.start(r"http://127\.0\.0\.1:(\d+)$"))

    async def kill(self):
        await self._process.end(signal.SIGKILL, 5)

    async def stop(self):
        if self._process:
            await self._process.end(signal.SIGKILL, 5)

    def know(self, path, name, value):
        """For the next start."""
        if value is None:
            self.objects.pop((path, name), None)
        else:
            self.objects[path, name] = value

    async def write(self, path, name, value):
        known = (path, name) in self.objects
        if value is not None:
            await self.ask("PUT" if known else "POST", f"{path}/{name}" if known else path, value)
        elif known:
            await self.ask("DELETE", f"{path}/{name}")
        self.know(path, name, value)

    async def ask(self, method, path, body=None):
        status, answer = await http(method, path, body, port=self.port)
        if not 200 <= status <= 299:
            raise RuntimeError(f"the API server gave {status} to {method} {path}: {answer}")
        return answer

    async def watched(self):
        """Whether the proxy's watches of services and slices are open, and told everything."""
        watches = (await self.ask("GET", "/_watches"))["watches"]
        return all(any(path in watch for watch in watches)
                   for path in ("/api/v1/services?", "/endpointslices?"))


class Daemon:
    def __init__(self, programs, folder, api_port, capture):
        self.socket = f"{folder}/admin.sock"
        self._api_port = api_port
        self.process = Program([
            str(programs / "kube-ferry"), "--master", f"http://127.0.0.1:{api_port}", "--hostname-override", NODE,
            "--service-cidr", "10.96.0.0/16", "--cluster-cidr", "10.244.0.0/16", "--capture", capture, "--workers", "2",
            "--steering", "off", "--steering-pin-path", "/none",
            "--healthz-bind-address", "", "--metrics-bind-address", "", "--admin-socket", self.socket,
            "--udp-idle-timeout", "1s", "--dead-peer-timeout", "4s", "--shutdown-grace", "5s"],
            f"{folder}/kube-ferry.log")

    async def start(self):
        await self.process.start("synced:")

    async def ask(self, target):
        return await http("GET", target, unix=self.socket)

    async def table(self):
        """What it serves: {"NAME:PORT": (protocol, number, addresses, endpoints that take connections)}."""
        _, listed = await self.ask("/api/services?limit=500")
        table = {}
        for item in listed["items"]:
            if item["removed"]:
                continue
            status, detail = await self.ask(f"/api/services/{item['namespace']}/{item['name']}")
            ports = [port for port in detail["ports"] if port["port"] == item["port"]] if status == 200 else []
            used = sorted(f"{one['address']}:{one['port']}" for port in ports for one in port["endpointList"]
                          if one["state"] in ("used", "ejected", "terminating"))
            table[f"{item['name']}:{item['port']}"] = (item["protocol"], item["number"], tuple(item["addresses"]),
                                                       tuple(used))
        return table

    def memory(self):
        """Kilobytes, in proportion to who shares them."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE).group(1))

    def descriptors(self):
        """How many of each kind, connections to the "api" server and "pipe" ends among them; and at which addresses of
        services there are sockets: {("TCP", "10.96.0.1:80")}."""
        folder = Path(f"/proc/{self.process.pid}")
        sockets = {}
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in (folder / "net" / table).read_text().splitlines()[1:]:
                _, local, remote, state, *_, inode = line.split()[:10]
                sockets[inode] = (table, address_in(local), address_in(remote), state)
        counts, served = {}, set()
        for one in (folder / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                target = os.readlink(one)
                kind = re.sub(r":.*", "", target)
                inode = re.sub(r"\D", "", target) if kind == "socket" else ""
                table, local, remote, state = sockets.get(inode, [""] * 4)
                if remote == f"127.0.0.1:{self._api_port}":
                    kind = "api"
                elif local.startswith("10.96."):
                    served.add((table.upper(), local))
                    continue
                elif table:
                    kind = f"{table} in state {state}"
                counts[kind] = counts.get(kind, 0) + 1
        return counts, served


class Filters:
    """Packet filters before the backends, in the network of this process."""

    SETS = {"refuse": "refuse", "die": "refuse", "black hole": "hole", "dark": "dark"}
    RULES = f"""
        table ip storm {{
          set refuse {{ type ipv4_addr; }}
          set hole {{ type ipv4_addr; }}
          set dark {{ type ipv4_addr; }}
          chain input {{
            type filter hook input priority 0;
            ip saddr @dark drop
            ip daddr @dark drop
            ip daddr @hole tcp flags & (syn | ack) == syn drop
            ip daddr @hole udp dport {PORT} drop
            ip daddr @refuse tcp flags & (syn | ack) == syn reject with tcp reset
            ip daddr @refuse udp dport {PORT} reject
          }}
        }}"""

    async def start(self):
        await self._nft(self.RULES)

    async def change(self, backend, before, after):
        words = []
        for verb, how in (("delete", before), ("add", after)):
            if how in self.SETS:
                words.append(f"{verb} element ip storm {self.SETS[how]} {{ {address(backend)} }}")
        if words:
            await self._nft("\n".join(words))

    @staticmethod
    async def _nft(text):
        nft = await asyncio.create_subprocess_exec("nft", "-f", "-", stdin=asyncio.subprocess.PIPE,
                                                   stderr=asyncio.subprocess.PIPE)
        _, error = await nft.communicate(text.encode())
        if nft.returncode != 0:
            raise RuntimeError(f"nft: {error.decode()}")
