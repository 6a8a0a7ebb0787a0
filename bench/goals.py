"""The goals, and how each of them is measured.

A ratio is measured by a pair of servers that take turns, a second each: the
verdict is the median of the rounds' ratios of CPU time a request, since both
halves of a round see the same machine. "best" is the ratio of the two least.
"""
import contextlib
import re
import statistics
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import heap
import parked
from measure import (Failed, Running, ask, cpu_seconds, cpu_set, family,
                     processors_busy)
from report import number
from servers import HERE, Missing, Refused
from workloads import WORKLOADS

WARM_REQUESTS = 200
PACED = 10000               # requests/s of the paced sleeps
SLEEP_MS = 50
US, LATE_MS, KIB, OURS_KIB = 40, 4, 24, 2       # of requests asleep
STALL_MS = 20               # less than a delayed ACK


class Pair:
    """Ours against another server: a limit for the ratio of CPU time."""

    def __init__(self, what, workload, ours, other, limit, below=False):
        self.what, self.workload = what, workload
        self.ours, self.other = ours, other
        self.limit, self.below = limit, below


GREENLET, FLOOR = "wsgimaster-greenlet", "floor-py"
PAIRS = (
    Pair("hello, keep-alive: libevent", "hello", GREENLET, FLOOR, 1.15),
    Pair("hello, keep-alive: asyncio", "hello", "wsgimaster-asyncio", FLOOR,
         1.2),
    Pair("hello, keep-alive: Tornado", "hello", "wsgimaster-tornado", FLOOR,
         1.2),
    Pair("hello, keep-alive: gevent", "hello", "wsgimaster-gevent", FLOOR,
         1.5),
    Pair("hello, a connection each", "hello_close", GREENLET, FLOOR, 1.15),
    Pair("hello, a connection each: below uWSGI", "hello_close", GREENLET,
         "uwsgi", 1.0, below=True),
    Pair("no Content-Length", "hello_nolen", GREENLET, FLOOR, 1.2),
    Pair("1 KiB POST, sent back", "echo", GREENLET, FLOOR, 1.15),
    Pair("Flask hello", "flask", GREENLET, FLOOR, 1.0),
    Pair("Django hello", "django", GREENLET, FLOOR, 1.0),
    Pair("1 MiB", "big", GREENLET, FLOOR, 1.05),
    Pair("100 pieces of 1 KiB: below uWSGI", "stream", GREENLET, "uwsgi",
         1.0, below=True),
    Pair("for information: the floor, CPython linked in", "hello",
         "floor-py-static", FLOOR, None),
)


def warm(server):
    """Some requests, so that CPython has specialised the app's code."""
    connection = None
    for _ in range(WARM_REQUESTS):
        _, _, connection = ask(server.place, connection)
    if connection:
        connection.close()


def load(server, args):
    """One turn of wrk: its numbers, CPU time, others' share."""
    cpus, pids = cpu_set(args.server_cpus), family(server.process.pid)
    cpu, (busy, _) = cpu_seconds(pids), processors_busy(cpus)
    begin = time.monotonic()
    got = server.wrk(args.time)
    wall = time.monotonic() - begin
    cpu = cpu_seconds(pids) - cpu
    busy = processors_busy(cpus)[0] - busy
    if server.process.poll() is not None or not got["requests"]:
        raise Failed(f"did not answer under load: {server.output()}")
    return {"cpu_us": cpu * 1e6 / got["requests"],
            "rps": got["requests"] / (got["duration_us"] / 1e6),
            "p99_ms": got["p99_us"] / 1e3, "p50_ms": got["p50_us"] / 1e3,
            "foreign": max(0.0, busy - cpu) / (wall * len(cpus))}


def measure_pair(pair, args):
    """All rounds: [(ours, other)]. The servers are started anew every few
    rounds, since one start may be luckier than the next."""
    workload, rounds = WORKLOADS[pair.workload], []
    starts = min(args.starts, args.rounds)
    for start in range(starts):
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(Running(name, workload, args))
                       for name in (pair.ours, pair.other)]
            for server in servers:
                server.wait_ready()
                warm(server)
            share = len(range(start, args.rounds, starts))
            for turn in range(share):
                order = (0, 1) if (start + turn) % 2 else (1, 0)
                got = {which: load(servers[which], args) for which in order}
                rounds.append((got[0], got[1]))
    return rounds


def verdict(value, limit, below=False):
    if limit is None:
        return "-"
    if value < limit or (value == limit and not below):
        return "met"
    return f"missed by {value / limit - 1:.0%}"


def late_verdict(value, limit):
    return "met" if value <= limit else f"missed by {value - limit:.1f} ms"


class Row:
    """A row of the table."""

    def __init__(self, what, limit, measured, met, detail="", foreign=()):
        self.cells = (what, limit, measured, met, detail)
        self.foreign = foreign


def failed(what, error):
    word = "failed" if isinstance(error, Failed) else "not measured"
    return Row(what, "", "-", word, " ".join(str(error).split())[:200])


def pair_rows(pair, args):
    """The rows that a pair gives."""
    runs = measure_pair(pair, args)
    ratios = sorted(ours["cpu_us"] / other["cpu_us"] for ours, other in runs)
    middle = statistics.median(ratios)
    mine, others = ([run[i]["cpu_us"] for run in runs] for i in (0, 1))
    foreign = [half["foreign"] for run in runs for half in run]
    limit = "" if pair.limit is None else \
        f"{'<' if pair.below else '≤'} {pair.limit:.2f} x {pair.other}"
    yield Row(pair.what, limit, f"{middle:.2f} x",
              verdict(middle, pair.limit, pair.below),
              f"best {min(mine) / min(others):.2f} x; rounds "
              f"{ratios[0]:.2f} to {ratios[-1]:.2f}; us/request "
              f"{number(min(mine))} against {number(min(others))}", foreign)
    if pair.workload == "hello_nolen":
        late = statistics.median(run[0]["p99_ms"] for run in runs)
        yield Row("no Content-Length: no stall, p99", f"≤ {STALL_MS} ms",
                  f"{late:.1f} ms", late_verdict(late, STALL_MS),
                  f"p50 {runs[0][0]['p50_ms']:.2f} ms")


def asleep_rows(name, connections, args, judged=True):
    """wrk on requests that sleep, as many as it has connections."""
    workload = WORKLOADS["sleep50"]
    copy = SimpleNamespace(**vars(args))
    old, workload.connections = workload.connections, connections
    # Connections are opened all at once, so the first sleeps end together:
    # long enough for that to be less than a hundredth of the whole.
    copy.time, runs = max(8, args.time), []
    try:
        with Running(name, workload, copy, cores=connections + 8) as server:
            server.wait_ready()
            server.wrk(1)
            for _ in range(args.sleep_rounds):
                runs.append(load(server, copy))
    finally:
        workload.connections = old
    return sleep_rows(f"{connections:,} connections",
                      [run["cpu_us"] for run in runs],
                      [run["p99_ms"] - SLEEP_MS for run in runs],
                      f"{number(statistics.median(run['rps'] for run in runs))}"
                      "/s", [run["foreign"] for run in runs], judged)


def paced_rows(name, count, args):
    """So many connections, each with one request, at a steady rate: what
    they would ask for in a closed loop is more than a processor has."""
    parked.build()
    runs = []
    with Running(name, WORKLOADS["park"], args, cores=count + 8,
                 backlog=parked.BACKLOG) as server:
        server.wait_ready()
        for _ in range(args.sleep_rounds):
            runs.append(paced_run(server, args, count))
    return sleep_rows(f"{count:,} connections, {PACED:,} requests/s",
                      [run["cpu_us"] for run in runs],
                      [run["answer_p99"] / 1e3 for run in runs],
                      "the connections stay open", [run["foreign"] for run in runs])


def paced_run(server, args, count):
    """From all connections being open to the last answer; they stay open."""
    cpus, pids = cpu_set(args.server_cpus), family(server.process.pid)
    with parked.Client(server.place, args, count, SLEEP_MS, "-w", "-k", "-s",
                       str(max(1, count * 1000 // PACED))) as run:
        run.until("OPEN")
        time.sleep(0.5)
        cpu, (busy, _) = cpu_seconds(pids), processors_busy(cpus)
        begin = time.monotonic()
        run.go()
        run.until("SENT")
        got = run.numbers()
        wall = time.monotonic() - begin
        cpu = cpu_seconds(pids) - cpu
    if got["ok"] != count:
        raise Failed(f"{got['lost']} of {count} lost, {got['wrong']} wrong")
    busy = processors_busy(cpus)[0] - busy
    return {**got, "cpu_us": cpu * 1e6 / count,
            "foreign": max(0.0, busy - cpu) / (wall * len(cpus))}


def sleep_rows(what, cpu, late, note, foreign, judged=True):
    cost, lateness = statistics.median(cpu), statistics.median(late)
    yield Row(f"50 ms asleep, {what}: CPU",
              f"< {US} us" if judged else "", f"{cost:.1f} us",
              verdict(cost, US if judged else None, below=True),
              f"best {min(cpu):.1f} us; {note}", foreign)
    yield Row(f"50 ms asleep, {what}: p99 after the sleep",
              f"≤ {LATE_MS} ms" if judged else "", f"{lateness:.1f} ms",
              late_verdict(lateness, LATE_MS) if judged else "-",
              f"best {min(late):.1f} ms")


def memory_rows(name, count, args):
    """What a request asleep takes; what of it is ours."""
    parked.build()
    copy = SimpleNamespace(**vars(args))
    copy.rounds, copy.long_ms, copy.sleep_ms = 0, args.long_ms, 1000
    got, why = parked.measure(name, copy, count)
    run = got["long"]
    if why or run["parked_kib"] is None:
        raise Failed(why or "not all slept when memory was read")
    whole = (run["parked_kib"] - run["idle_kib"]) / count
    yield Row("memory of a request asleep", f"≤ {KIB} KiB",
              f"{whole:.1f} KiB", verdict(whole, KIB),
              f"PSS, {count:,} asleep", [run["foreign"]])
    held = heap.measure(name, args)
    ours = heap.ours(held) / 1024
    yield Row("of which ours", f"≤ {OURS_KIB} KiB", f"{ours:.2f} KiB",
              verdict(ours, OURS_KIB), "; ".join(
                  f"{who} {size:,.0f}" for who, size in heap.by_owner(held)))


def guarded(what, function, *words):
    """The rows of a function; one that says why when there are none."""
    try:
        yield from function(*words)
    except (Missing, Refused, Failed, OSError,
            subprocess.TimeoutExpired) as error:
        yield failed(what, error)


def other_tables(args):
    """What bench/scale and bench/start print, where they are."""
    for name in ("scale", "start"):
        program = HERE / name
        if not program.exists():
            yield name, f"bench/{name} is not there"
            continue
        text = subprocess.run([str(program), "--help"], capture_output=True,
                              text=True).stdout
        argv = [str(program)]
        if args.quick and "--quick" in text:
            argv.append("--quick")
        done = subprocess.run(argv, capture_output=True, text=True,
                              timeout=1200)
        tables = re.sub(r"^#+ ", "#### ", done.stdout, flags=re.M)
        if done.returncode:
            tables += f"\n- it ended with status {done.returncode}: " + \
                " ".join(done.stderr.split())[-300:]
        yield name, tables.strip()
