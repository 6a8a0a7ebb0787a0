"""Counts the system calls of a request, with strace.

The same script and the same difference of two runs as in instructions.py.
Several requests are there at the same time, so that their share of a wait
for events is seen.
"""
import re
import shutil

from measure import Failed
from script import Scripted
from servers import Missing
from workloads import WORKLOADS

SHORT, LONG = 64, 320           # requests
WAITS = ("epoll_", "poll", "ppoll", "select")


def is_interrupted(call, line):
    """Has holding the server ended this call, which is then made again?"""
    return "= ? ERESTART" in line or (call.startswith(WAITS) and
                                      "= -1 EINTR" in line)


class Traced(Scripted):
    """A server under strace; a context manager."""

    prefix = ("strace", "-ff", "-qq", "-e", "signal=none", "-s", "0",
              "-o", "calls")
    own_process = True

    def counts(self, master):
        """{call: how many}, without the master's, which hears of it when
        script.py holds a child of its."""
        counts, files = {}, list(self.place.tmp.glob("calls.*"))
        for file in files:
            if len(files) > 1 and file.suffix == f".{master}":
                continue
            for line in file.read_text(errors="replace").splitlines():
                found = re.match(r"(\w+)\(", line)
                if found and not is_interrupted(found[1], line):
                    counts[found[1]] = counts.get(found[1], 0) + 1
        return counts


def run_once(name, args, workload, requests, at_once):
    with Traced(name, workload, args) as server:
        server.ask(requests, at_once)
        master = server.first()
        server.stop()
        return server.counts(master)


def measure(name, args, workload="hello", at_once=8):
    """{call: how many} of one request."""
    if not shutil.which("strace"):
        raise Missing("strace", ["strace"])
    few = run_once(name, args, WORKLOADS[workload], SHORT, at_once)
    many = run_once(name, args, WORKLOADS[workload], LONG, at_once)
    if not many:
        raise Failed("strace counted nothing")
    each = {call: (count - few.get(call, 0)) / (LONG - SHORT)
            for call, count in many.items()}
    return {call: count for call, count in each.items() if count >= 0.02}


def shown(counts):
    """The calls in a few words, the most frequent first."""
    words = []
    for call, count in sorted(counts.items(), key=lambda pair: -pair[1]):
        whole = abs(count - round(count)) < 0.02
        text = f"{count:.0f} " if whole else f"{count:.2f} "
        words.append(("" if text == "1 " else text) + call)
    return ", ".join(words)
