"""Parks many requests in one server at once: memory, losses, lateness."""
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

from measure import (Failed, Running, cpu_seconds, cpu_set, family,
                     memory_kib, processors_busy)
from report import number
from servers import HERE, Missing
from workloads import WORKLOADS

PARK = Path(os.environ.get("PARK_BUILD", HERE / "park" / "build")) / "park"
BACKLOG = 4096          # as much as Linux gives by default
PATIENCE = 30           # seconds that an answer may be late

HEAD = ("server", "answered", "wrong", "lost", "spread: at once",
        "late p50 ms", "p99", "max", "burst: at once", "late p50 ms", "p99",
        "best", "max", "earliest", "answer p99 ms", "CPU us/request",
        "PSS MiB idle", "parked", "KiB/connection", "KiB/parked")


def build():
    """Makes the load client."""
    done = subprocess.run(["make", "-s", "-C", str(HERE / "park"),
                           f"BUILD={PARK.parent}"],
                          capture_output=True, text=True)
    if done.returncode:
        raise Missing("the load client", remedy=done.stderr.strip()[-200:])


class Client:
    """A run of park/park.c; a context manager."""

    def __init__(self, place, args, count, ms, *options):
        self.argv = ["taskset", "-c", args.client_cpus, str(PARK), *options,
                     "-t", str(PATIENCE),
                     str(place.port), str(count), str(ms)]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def until(self, word):
        line = self.process.stdout.readline()
        if line.strip() != word:
            raise Failed(f"the client said {line!r} instead of {word}: "
                         f"{self.process.stderr.read()[-300:]}")

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def numbers(self):
        """Those of the last line; with -k the client is still there."""
        for line in self.process.stdout:
            found = re.match(r"BENCH (.*)", line)
            if found:
                break
        else:
            raise Failed("the client ended without a result: "
                         f"{self.process.stderr.read()[-300:]}")
        return {key: int(value) for key, value in
                (part.split("=") for part in found.group(1).split())}

    def result(self):
        """The same, and what it complained of, when it has ended."""
        got = self.numbers()
        _, err = self.process.communicate(timeout=120)
        got["stderr"] = err[-200:]
        return got


def is_early(server):
    """uWSGI takes a core at accept, and has none for connections that say
    nothing: there each request comes with its connection."""
    return server.name.startswith("uwsgi")


def long_run(server, args, count):
    """Requests that begin one after the other during the first half of a
    long sleep: how late they are, and memory when all are asleep."""
    root, ms, early = server.process.pid, args.long_ms, is_early(server)
    idle, connected = memory_kib(family(root)), None
    begin = time.monotonic()
    with Client(server.place, args, count, ms, "-s", str(ms // 2),
                "-e" if early else "-w") as run:
        if not early:
            run.until("OPEN")
            time.sleep(0.5)
            connected = memory_kib(family(root))
            begin = time.monotonic()
            run.go()
        run.until("SENT")
        time.sleep(max(0, begin + ms / 1000 * 0.85 - time.monotonic()))
        before = time.monotonic_ns()
        parked = memory_kib(family(root))
        after = time.monotonic_ns()
        got = run.result()
    # Only if all of them slept when the memory was looked at.
    if got["ok"] != count or not (got["begin_ns"] < before and
                                  after < got["end_ns"]):
        parked = None
    return {"idle_kib": idle, "connected_kib": connected,
            "parked_kib": parked, **got}


def burst_run(server, args, count):
    """All begin at once: how late they are."""
    with Client(server.place, args, count, args.sleep_ms,
                *(["-e"] if is_early(server) else ())) as run:
        return run.result()


def watched(run, server, args, count):
    """A run's numbers, with the server's and others' use of the CPU."""
    root, cpus = server.process.pid, cpu_set(args.server_cpus)
    pids = family(root)
    cpu, (busy, _) = cpu_seconds(pids), processors_busy(cpus)
    begin = time.monotonic()
    got = run(server, args, count)
    wall = time.monotonic() - begin
    cpu = cpu_seconds(pids | family(root)) - cpu
    busy = processors_busy(cpus)[0] - busy
    return {**got, "cpu_us": cpu * 1e6 / count,
            "foreign": max(0.0, busy - cpu) / (wall * len(cpus))}


def trouble(server, pids, got, count):
    """Why not all came back, in a few words; None when they did."""
    if got["ok"] == count:
        return None
    gone = pids - family(server.process.pid)
    words = [f"{got['lost']} of {count} lost, {got['wrong']} wrong"]
    if got["stderr"]:
        words.append(" ".join(got["stderr"].split())[:150])
    if server.process.poll() is not None:
        words.append(f"the server exited with {server.process.returncode}")
    elif gone:
        words.append("its worker died")
    said = [line for line in server.output().splitlines()
            if re.search(r"segfault|SIGSEGV|signal \d+|error|Error|!!!|"
                         r"full|Too many|DAMN", line)]
    if said:
        words.append("it said: " + " | ".join(
            " ".join(line.split())[:120] for line in said[-2:]))
    return "; ".join(words)


def measure(name, args, count):
    """All runs of one server: (numbers, trouble or None)."""
    with Running(name, WORKLOADS["park"], args, cores=count + 8,
                 backlog=BACKLOG) as server:
        server.wait_ready()
        pids = family(server.process.pid)
        result = {"command": server.argv, "bursts": []}
        result["long"] = got = watched(long_run, server, args, count)
        why = trouble(server, pids, got, count)
        for _ in range(args.rounds):
            if why:
                break
            time.sleep(0.3)
            got = watched(burst_run, server, args, count)
            result["bursts"].append(got)
            why = trouble(server, pids, got, count)
    return result, why


def middle(runs, key, scale=1.0):
    values = [run[key] for run in runs if key in run]
    return number_or_dash(statistics.median(values) / scale
                          if values else None)


def number_or_dash(value):
    if value is None:
        return "-"
    return f"-{number(-value)}" if value < 0 else number(value)


def extreme(which, runs, key):
    values = [run[key] / 1e3 for run in runs if key in run]
    return number_or_dash(which(values) if values else None)


def cells(name, got, count):
    """A row: the worst run's counts, the medians of the bursts, memory."""
    memory, bursts = got["long"], got["bursts"]
    worst = min([memory, *bursts], key=lambda run: run["ok"])
    whole = [run for run in bursts if run["ok"] == count]

    def each(key):
        if memory[key] is None:
            return None
        return (memory[key] - memory["idle_kib"]) / count
    return (name, str(worst["ok"]), str(worst["wrong"]), str(worst["lost"]),
            str(memory.get("parked", 0)), middle([memory], "wake_p50", 1e3),
            middle([memory], "wake_p99", 1e3),
            middle([memory], "wake_max", 1e3),
            str(min((run.get("parked", 0) for run in bursts), default="-")),
            middle(bursts, "wake_p50", 1e3), middle(bursts, "wake_p99", 1e3),
            extreme(min, bursts, "wake_p99"),
            extreme(max, bursts, "wake_max"),
            extreme(min, [memory, *bursts], "wake_min"),
            middle(bursts, "answer_p99", 1e3), middle(whole, "cpu_us"),
            number(memory["idle_kib"] / 1024),
            number_or_dash(memory["parked_kib"] and
                           memory["parked_kib"] / 1024),
            number_or_dash(each("connected_kib")),
            number_or_dash(each("parked_kib")))


def table(results, problems, count, args):
    """Prints the rows of all servers."""
    print(f"\n### park: {count} requests asleep in one worker at once\n")
    print("| " + " | ".join(HEAD) + " |")
    print("|---" + "|---:" * (len(HEAD) - 1) + "|")
    for name, got in results.items():
        print("| " + " | ".join(cells(name, got, count)) + " |")
    foreign = [run["foreign"] for got in results.values()
               for run in (got["long"], *got["bursts"])]
    print()
    if foreign:
        print(f"- noise: time of others on the server's processor "
              f"{statistics.median(foreign):.1%} in the middle run, "
              f"{max(foreign):.1%} in the worst; {args.rounds} rounds of "
              f"{args.sleep_ms} ms, medians; max and earliest of all; spread "
              f"over {args.long_ms // 2} ms: one of {args.long_ms} ms")
    for name, text in problems.items():
        print(f"- {name}: {text}")
