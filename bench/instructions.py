"""Counts the instructions of a hello over keep-alive, with callgrind.

One client, some connections (one, unless told), one request after the other on
each; the figure is the difference of two runs of unlike length, so that
starting and stopping cancel out. It repeats to a few instructions with one
connection, and to a hundred or so with many, of which now more, now fewer are
ready at once. What the kernel does is not in it.
"""
import re
import shutil
import socket
import subprocess
import time

from measure import Failed, Running
from servers import Missing
from workloads import WORKLOADS

SHORT, LONG = 500, 2500         # requests
START_SECONDS = 120             # valgrind is slow
PATIENCE = 60


class Counted(Running):
    """A server under callgrind; a context manager."""

    # Without address randomisation and hash seeds a run is as the last.
    prefix = ("setarch", "-R", "valgrind", "--tool=callgrind", "-q",
              "--trace-children=yes", "--callgrind-out-file=callgrind.%p")
    extra_env = {"PYTHONHASHSEED": "0"}

    def connect(self):
        """A connection, as soon as there is one to be had."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed(f"exited with {self.process.returncode} under "
                             f"callgrind: {self.output()}")
            try:
                return socket.create_connection(
                    ("127.0.0.1", self.place.port), timeout=PATIENCE)
            except OSError:
                time.sleep(0.1)
        raise Failed(f"not ready in {START_SECONDS} s: {self.output()}")

    def ask(self, count, connections):
        """So many requests, over so many connections at a time."""
        text = (f"GET / HTTP/1.1\r\nHost: {self.place.address}\r\n\r\n"
                ).encode()
        socks = [self.connect() for _ in range(connections)]
        for sock in socks:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count // connections):
            for sock in socks:
                sock.sendall(text)
            for sock in socks:
                self.receive(sock)
        for sock in socks:
            sock.close()

    def receive(self, sock):
        """One answer."""
        got = b""
        while not got.endswith(b"Hello World"):
            data = sock.recv(65536)
            if not data:
                raise Failed("it closes connections")
            got += data

    def stop(self):
        """Gently, since callgrind writes at the end."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise Failed("does not stop under callgrind") from error

    def answerer(self):
        """(instructions, file) of the process that took most."""
        found = []
        for file in self.place.tmp.glob("callgrind.*"):
            total = re.search(r"^(?:totals|summary): (\d+)",
                              file.read_text(), re.M)
            if total:
                found.append((int(total[1]), file))
        if not found:
            raise Failed(f"callgrind wrote nothing: {self.output()}")
        return max(found)


def functions(file):
    """{function: instructions} of a callgrind file."""
    text = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--auto=no",
         "--show-percs=no", str(file)], capture_output=True, text=True).stdout
    costs = {}
    for line in text.splitlines():
        found = re.match(r"\s*([\d,]+)\s+\S*?([^:/\s]+:\S.*)", line)
        if found:
            name = re.sub(r" \[.*/", " [", found[2]).replace("???:", "")
            costs[name] = costs.get(name, 0) + int(
                found[1].replace(",", ""))
    return costs


def objects(costs):
    """The same by program and library."""
    sums = {}
    for function, cost in costs.items():
        name = function.partition(" [")[2].rstrip("]") or "inlined"
        sums[name] = sums.get(name, 0) + cost
    return sums


def run_once(name, args, requests, by_function):
    """Of a whole run: (instructions, {function: instructions})."""
    with Counted(name, WORKLOADS["hello"], args) as server:
        server.ask(requests, args.connections)
        server.stop()
        total, file = server.answerer()
        return total, functions(file) if by_function else {}


def measure(name, args, by_function=False):
    """Of one request: (instructions, {function: instructions})."""
    for tool, package in (("valgrind", "valgrind"),
                          ("setarch", "util-linux")):
        if not shutil.which(tool):
            raise Missing(tool, [package])
    short, few = run_once(name, args, SHORT, by_function)
    total, many = run_once(name, args, LONG, by_function)
    each = {function: (cost - few.get(function, 0)) / (LONG - SHORT)
            for function, cost in many.items()}
    return (total - short) / (LONG - SHORT), each
