"""Counts the instructions of a request, with callgrind.

The figure is the difference of two runs of a fixed script (script.py) of
unlike length, so that starting and stopping cancel out. It repeats to some
ten instructions, however busy the machine is. What the kernel does is not in
it.
"""
import re
import shutil

import callgrind
from measure import Failed
from script import Scripted
from servers import Missing
from workloads import WORKLOADS

# What of a worker depends on how long a run took, or (at its end) on how many
# sockets the machine has, and not on the requests: it is taken off the sum.
UNCOUNTED = ("watchdog_main", "watchdog_ping_cb", "worker_tick_cb",
             "farewell_cb")
# Requests of the short and of the long run; answers that take longer, fewer.
LENGTHS = {"flask": (320, 960), "django": (320, 960), "big": (64, 192),
           "stream": (64, 192)}
LENGTH = 512, 2560


class Counted(Scripted):
    """A server under callgrind; a context manager."""

    # Without address randomisation and hash seeds a run is as the last.
    prefix = ("setarch", "-R", "valgrind", "--tool=callgrind", "-q",
              "--trace-children=yes", "--callgrind-out-file=callgrind.%p")
    extra_env = {"PYTHONHASHSEED": "0"}

    def answerer(self):
        """The file of the process that took most."""
        found = []
        for file in self.place.tmp.glob("callgrind.*"):
            total = re.search(r"^(?:totals|summary): (\d+)",
                              file.read_text(), re.M)
            if total:
                found.append((int(total[1]), file))
        if not found:
            raise Failed(f"callgrind wrote nothing: {self.output()}")
        return max(found)[1]


def run_once(name, args, workload, requests, at_once):
    """The profile of a whole run."""
    with Counted(name, workload, args) as server:
        server.ask(requests, at_once)
        server.stop()
        return callgrind.read(server.answerer())


def profile(name, args, workload="hello", at_once=1):
    """The profile of one request."""
    for tool, package in (("valgrind", "valgrind"),
                          ("setarch", "util-linux")):
        if not shutil.which(tool):
            raise Missing(tool, [package])
    lengths = LENGTHS.get(workload, LENGTH)
    if getattr(args, "requests", None):
        lengths = args.requests // 5, args.requests
    short, long = (max(at_once, count - count % at_once)
                   for count in lengths)
    long = max(long, short + at_once)
    asked = WORKLOADS[workload]
    few = run_once(name, args, asked, short, at_once)
    costs = run_once(name, args, asked, long, at_once).each(few, long - short)
    costs.total -= costs.of(UNCOUNTED)
    return costs


def functions(costs):
    """{"file:function [object]": instructions} of a request."""
    named = {}
    for (where, file, name), cost in costs.own.items():
        text = f"{name} [{where}]" if file == "???" else \
            f"{file.rpartition('/')[2]}:{name} [{where}]"
        named[text] = named.get(text, 0) + cost
    return named


def objects(costs):
    """The same by program and library."""
    sums = {}
    for (where, _, _), cost in costs.own.items():
        sums[where] = sums.get(where, 0) + cost
    return sums
