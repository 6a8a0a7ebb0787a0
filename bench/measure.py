"""Starts one server, loads it with wrk, and reads what it cost."""
import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from servers import APPS, HERE, SERVERS
from workloads import BODY, digest

TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 20
STOP_SECONDS = 3
CORES = 100             # of the servers that have cores
BACKLOG = 1024


class Failed(Exception):
    """A server did not do what it was asked for; the text says what."""


def python_path(workload):
    return ":".join(filter(None, (str(APPS), workload.folder)))


class Place:
    """Where a server is to run: address, environment, temporary folder."""

    next_port = 20000 + os.getpid() % 4000

    def __init__(self, workload, tmp, cores=CORES, backlog=BACKLOG):
        self.workload, self.tmp = workload, Path(tmp)
        self.cores, self.backlog = cores, backlog
        self.port = self.spare_port()
        self.address = f"127.0.0.1:{self.port}"
        self.env = {key: value for key, value in os.environ.items()
                    if key in ("PATH", "HOME", "LANG", "TMPDIR")}
        self.env.update(PYTHONPATH=python_path(workload), PYTHONDONTWRITEBYTECODE="1",
                        WSGIMASTER_ALLOW_ROOT="1")

    @classmethod
    def spare_port(cls):
        """A port below those that the system gives to clients."""
        for _ in range(2000):
            cls.next_port += 1
            if cls.next_port > 29999:
                cls.next_port = 20000
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", cls.next_port))
                    return cls.next_port
                except OSError:
                    pass
        raise Failed("no free port")


def stat_fields(pid):
    """/proc/PID/stat from the state on, None when there is no such one."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return None
    return text[text.rindex(")") + 2:].split()


def family(root):
    """A server's processes: its session, and who descends from it."""
    parents, pids = {}, set()
    for entry in os.listdir("/proc"):
        fields = stat_fields(entry) if entry.isdigit() else None
        if fields:
            parents[int(entry)] = int(fields[1])
            if root in (int(fields[3]), int(entry)):
                pids.add(int(entry))
    grew = True
    while grew:
        new = {pid for pid, parent in parents.items()
               if parent in pids and pid not in pids}
        pids |= new
        grew = bool(new)
    return pids


def tasks_seconds(pid):
    """What a process' threads that are still there have used, to the ns."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            pass
    return total / 1e9


def cpu_seconds(pids):
    """User and system time of these processes so far."""
    total = 0
    for pid in pids:
        fields = stat_fields(pid)
        if fields:
            # In ticks, but with threads that have ended; or exactly.
            ticks = (int(fields[11]) + int(fields[12])) / TICK
            total += max(ticks, tasks_seconds(pid))
    return total


def kernel_seconds(pids):
    """The system time of these processes so far, in ticks."""
    return sum(int(fields[12]) for fields in map(stat_fields, pids)
               if fields) / TICK


def memory_kib(pids):
    """The sum of their PSS."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
    return total


def processors_busy(cpus):
    """(busy, stolen) seconds of these processors so far."""
    busy = stolen = 0
    for line in Path("/proc/stat").read_text().splitlines():
        found = re.match(r"cpu(\d+) (.*)", line)
        if found and int(found[1]) in cpus:
            values = [int(value) for value in found[2].split()]
            busy += sum(values[i] for i in (0, 1, 2, 5, 6))
            stolen += values[7]
    return busy / TICK, stolen / TICK


def cpu_set(text):
    """The processors of a taskset list, "0,2-3"."""
    cpus = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        cpus.update(range(int(low), int(high or low) + 1))
    return cpus


def ask(place, connection=None):
    """One request: (status, digest, the connection if it stays open)."""
    workload = place.workload
    connection = connection or http.client.HTTPConnection(
        "127.0.0.1", place.port, timeout=10)
    headers = dict(header.split(": ", 1) for header in workload.headers)
    body = BODY if workload.method == "POST" else None
    connection.request(workload.method, workload.path, body=body, headers=headers)
    response = connection.getresponse()
    data = response.read()
    if response.will_close:
        connection.close()
        connection = None
    return response.status, digest(data), connection


class Running:
    """A started server; a context manager."""

    prefix, extra_env = (), {}      # for instructions.py
    extra_args = ()                 # of wsgimaster

    def __init__(self, name, workload, args, cores=CORES, backlog=BACKLOG):
        self.name, self.workload, self.args = name, workload, args
        self.cores, self.backlog = cores, backlog

    def __enter__(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="bench-")
        try:
            self.place = Place(self.workload, self.tmp.name, self.cores,
                               self.backlog)
            self.place.env.update(self.extra_env)
            self.argv = SERVERS[self.name].command(self.place)
            if self.name.startswith("wsgimaster"):
                self.argv += self.extra_args
        except Exception:
            self.tmp.cleanup()
            raise
        self.log = open(self.place.tmp / "output", "w+b")
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [*self.prefix, "taskset", "-c", self.args.server_cpus,
             *self.argv],
            env=self.place.env, cwd=self.tmp.name, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log, start_new_session=True)
        return self

    def __exit__(self, *exc):
        pids = family(self.process.pid)
        self.signal([self.process.pid], signal.SIGTERM)
        pids = self.wait_gone(pids)
        self.signal(pids, signal.SIGKILL)
        self.wait_gone(pids)
        self.process.wait()
        self.log.close()
        self.tmp.cleanup()

    def signal(self, pids, number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def wait_gone(self, pids):
        """Those that are still there after a while."""
        end = time.monotonic() + STOP_SECONDS
        while pids and time.monotonic() < end:
            self.process.poll()
            pids = {pid for pid in pids
                    if (fields := stat_fields(pid)) and fields[0] != "Z"}
            time.sleep(0.02)
        return pids

    def output(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read().decode(errors="replace").strip()[-1000:]

    def wait_ready(self):
        """Until it answers rightly; does it keep connections?"""
        end, seen = time.monotonic() + START_SECONDS, "nothing"
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed(f"exited with {self.process.returncode}: "
                             f"{self.output()}")
            try:
                status, got, connection = ask(self.place)
            except (OSError, http.client.HTTPException) as error:
                seen = repr(error)
                time.sleep(0.05)
                continue
            if status != 200 or self.workload.wanted not in (got, None):
                raise Failed(f"wrong answer: status {status}, {got[0]} bytes:"
                             f" {self.output()}")
            if connection:
                connection.close()
            return connection is not None
        raise Failed(f"not ready in {START_SECONDS} s ({seen}): "
                     f"{self.output()}")

    def wrk_command(self, seconds):
        connections = self.workload.connections or self.args.connections
        argv = ["taskset", "-c", self.args.client_cpus, "wrk", "-t1",
                "-c", str(connections), "-d", f"{seconds}s",
                "--timeout", "8s", "-s", str(HERE / "wrk_report.lua")]
        for header in self.workload.headers:
            argv += ["-H", header]
        argv.append(f"http://{self.place.address}/")
        if self.workload.method == "POST":
            argv += ["--", "POST", str(len(BODY))]
        return argv

    def wrk(self, seconds):
        """Loads the server; wrk's numbers."""
        done = subprocess.run(self.wrk_command(seconds), capture_output=True,
                              text=True, timeout=seconds + 60)
        line = re.search(r"^BENCH (.*)", done.stdout, re.M)
        if not line:
            raise Failed(f"wrk: {done.stdout[-300:]} {done.stderr[-300:]}")
        return {key: int(value) for key, value in
                (part.split("=") for part in line.group(1).split())}


def measure(name, workload, args):
    """One run of one server: its numbers and its command."""
    cpus = cpu_set(args.server_cpus)
    with Running(name, workload, args) as server:
        keeps = server.wait_ready()
        if args.warmup:
            server.wrk(args.warmup)
        before = family(server.process.pid)
        cpu, (busy, stolen) = cpu_seconds(before), processors_busy(cpus)
        kernel = kernel_seconds(before)
        begin = time.monotonic()
        got = server.wrk(args.time)
        wall = time.monotonic() - begin
        after = family(server.process.pid)
        cpu = cpu_seconds(before | after) - cpu
        kernel = kernel_seconds(before | after) - kernel
        busy, stolen = (new - old for new, old in
                        zip(processors_busy(cpus), (busy, stolen)))
        if server.process.poll() is not None or before - after:
            raise Failed(f"died under load: {server.output()}")
        if not got["requests"]:
            raise Failed("answered no request under load")
        return {
            "command": server.argv,
            "wrk": server.wrk_command(args.time),
            "rps": got["requests"] / (got["duration_us"] / 1e6),
            "cpu_us": cpu * 1e6 / got["requests"],
            "kernel": kernel / cpu if cpu else 0.0,
            "share": cpu / (wall * len(cpus)),
            "foreign": max(0.0, busy - cpu) / (wall * len(cpus)),
            "stolen": stolen / (wall * len(cpus)),
            "p50_ms": got["p50_us"] / 1e3,
            "p99_ms": got["p99_us"] / 1e3,
            "errors": sum(got[key] for key in (
                "connect", "read", "write", "timeout", "status")),
            "pss_mib": memory_kib(after) / 1024,
            "keeps": keeps,
        }
