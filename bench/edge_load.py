"""How bench/edge loads a server: wrk, h2load, or edge_client.py.

Each function takes (stack, seconds, args) and returns the requests that were
answered rightly, those that failed (with "why"), bytes and seconds.
"""
import json
import re
import shutil
import subprocess

from measure import Failed
from servers import HERE, PYTHON, Missing


def run(argv, args, seconds):
    """A client's output."""
    done = subprocess.run(["taskset", "-c", args.client_cpus, *argv],
                          capture_output=True, text=True,
                          timeout=seconds + 60)
    return done.stdout, done.stderr[-300:]


def needs(tool, package):
    if not shutil.which(tool):
        raise Missing(tool, [package])


def wrk(stack, seconds, args):
    """Small answers over 64 connections."""
    needs("wrk", "wrk")
    seconds = max(1, round(seconds))
    argv = ["wrk", "-t1", "-c", str(args.connections), "-d", f"{seconds}s",
            "--timeout", "8s", "-s", str(HERE / "wrk_report.lua")]
    for header in stack.row.headers:
        argv += ["-H", header]
    out, err = run([*argv, stack.url], args, seconds)
    line = re.search(r"^BENCH (.*)", out, re.M)
    if not line:
        raise Failed(f"wrk: {out[-300:]} {err}")
    got = {key: int(value) for key, value in
           (part.split("=") for part in line.group(1).split())}
    kinds = ("connect", "read", "write", "status", "timeout")
    return {"requests": got["requests"] - got["status"],
            "failed": sum(got[kind] for kind in kinds),
            "why": ", ".join(f"{got[kind]} {kind}" for kind in kinds
                             if got[kind]),
            "bytes": got["bytes"], "seconds": got["duration_us"] / 1e6}


def h2load(clients, streams, *options):
    """So many connections with so many requests under way in each."""
    def load(stack, seconds, args):
        needs("h2load", "nghttp2-client")
        out, err = run(["h2load", "-c", str(clients), "-m", str(streams),
                        "-D", f"{round(seconds * 1000)}ms", *options,
                        stack.url], args, seconds)
        return h2load_result(out, err)
    return load


def h2load_result(out, err):
    """What h2load has printed, in our words."""
    def number(pattern):
        found = re.search(pattern, out, re.M)
        if not found:
            raise Failed(f"h2load: {out[-300:]} {err}")
        return float(found.group(1))
    right = int(number(r"^status codes: (\d+) 2xx"))
    failed, errored, timeout = (int(number(rf"(\d+) {kind}")) for kind in (
        "failed", "errored", "timeout"))
    # "failed" counts the other two as well.
    other = sum(int(number(rf"^status codes:.* (\d+) {kind}"))
                for kind in ("3xx", "4xx", "5xx"))
    seconds = number(r"^finished in ([\d.]+)(?:s|ms|us)")
    unit = re.search(r"^finished in [\d.]+(s|ms|us)", out, re.M).group(1)
    return {"requests": right, "failed": max(failed, errored + timeout)
            + other, "why": f"{failed} failed, {other} not 2xx",
            "bytes": 0, "seconds": seconds / {"s": 1, "ms": 1e3,
                                              "us": 1e6}[unit]}


def client(kind, *words):
    """edge_client.py with these arguments behind URL and seconds."""
    def load(stack, seconds, args):
        out, err = run([PYTHON, str(HERE / "edge_client.py"), kind,
                        stack.url, str(seconds), *map(str, words)],
                       args, seconds)
        try:
            return json.loads(out)
        except ValueError:
            raise Failed(f"edge_client.py: {out[-300:]} {err}") from None
    return load
