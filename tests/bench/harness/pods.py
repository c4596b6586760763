"""Networks behind veth pairs, with a server in each, that can be made to fail."""

import contextlib
import os
import time

from harness.contenders import BIN
from harness.processes import Process, run

GATEWAY = "10.244.0.1"
REQUESTS = 9000
"""The port of tests/bench/load's server."""
GREETER = 9001
"""The port of kube-ferry-echo, which greets by the pod's name and echoes."""


class Pod:
    """A network of its own behind a veth pair of that name."""

    def __init__(self, name, address):
        self.name = name
        self.address = address
        self._keeper = Process(["unshare", "--net", "sleep", "infinity"])
        network = f"/proc/{self._keeper.pid}/ns/net"
        while os.readlink(network) == os.readlink("/proc/self/ns/net"):
            time.sleep(0.001)
        self.inside = ["nsenter", f"--net={network}"]
        for command in (f"ip link add {name} type veth peer name eth0 netns {self._keeper.pid}",
                        f"ip address add {GATEWAY}/32 dev {name}", f"ip link set {name} up",
                        f"ip route add {address}/32 dev {name}"):
            run(command.split())
        for command in ("ip link set lo up", "ip link set eth0 up", f"ip address add {address}/32 dev eth0",
                        f"ip route add {GATEWAY}/32 dev eth0", f"ip route add default via {GATEWAY} dev eth0"):
            run([*self.inside, *command.split()])

    def refuse(self):
        """Answers every SYN by a reset, as if the server had closed its listener. What is connected lives on."""
        self._filter("tcp flags & (syn | ack) == syn reject with tcp reset")

    def go_dark(self):
        """Drops every IP packet, in and out. The neighbour still answers ARP, as a router before a dead node does."""
        self._filter("drop")

    def recover(self):
        run([*self.inside, "nft", "flush", "ruleset"])

    def _filter(self, verdict):
        chains = "".join(f"chain {hook} {{\ntype filter hook {hook} priority 0\n{rule}\n}}\n"
                         for hook, rule in (("input", verdict), ("output", verdict if verdict == "drop" else "")))
        run([*self.inside, "nft", "-f", "-"], input=f"table ip failure {{\n{chains}}}\n")

    def stop(self):
        # The device goes with the network, but not at once.
        run(["ip", "link", "delete", self.name])
        self._keeper.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


@contextlib.contextmanager
def pods(count):
    """That many, with both servers in each."""
    with contextlib.ExitStack() as running:
        made = []
        for number in range(count):
            pod = running.enter_context(Pod(f"pod-{number}", f"10.244.0.{number + 3}"))
            for command in ([str(BIN / "bench_load"), "serve", f"{pod.address}:{REQUESTS}"],
                            [str(BIN / "kube-ferry-echo"), "serve", pod.name, f"{pod.address}:{GREETER}"]):
                running.enter_context(Process([*pod.inside, *command], wait_for=r"\S"))
            made.append(pod)
        yield made
