"""What bench/edge starts: an app server, nginx, or the one behind the other."""
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from measure import (Failed, Place, START_SECONDS, STOP_SECONDS, cpu_seconds,
                     family, kernel_seconds, memory_kib, stat_fields)
from servers import Refused
from workloads import WORKLOADS, digest


class Program:
    """A process that is started, in a session of its own."""

    def __init__(self, role, argv, place, cpus):
        self.role, self.argv = role, argv
        self.path = place.tmp / f"output.{role}"
        self.log = open(self.path, "w+b")
        self.process = subprocess.Popen(
            ["taskset", "-c", cpus, *argv], env=place.env, cwd=place.tmp,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)

    def pids(self):
        return family(self.process.pid)

    def output(self):
        text = self.path.read_text(errors="replace")
        return " ".join(text.split())[-400:]

    def stop(self, pids):
        """TERM, and KILL for those that stay, and whom they have started."""
        self.signal([self.process.pid], signal.SIGTERM)
        if self.wait_gone(pids):
            left = pids | self.pids()
            self.signal(left, signal.SIGKILL)
            self.wait_gone(left)
        self.process.wait()
        self.log.close()

    @staticmethod
    def signal(pids, number):
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
            pids = {pid for pid in pids | self.pids()
                    if (fields := stat_fields(pid)) and fields[0] != "Z"}
            time.sleep(0.02)
        return pids


class Row:
    """A server of a table: what runs, where it is asked, by what.

    programs(place) returns the (role, argv) of what is to be started, in the
    order of that; app is the server that is measured, nginx is what stands in
    front of it. url: with {port}. headers: what wrk adds to each request.
    """

    def __init__(self, name, programs, url="http://127.0.0.1:{port}/",
                 headers=(), flags=()):
        self.name, self.programs, self.url = name, programs, url
        self.headers, self.flags = headers, flags

    def at(self, path, headers=None):
        """The same, asked for another path."""
        scheme, rest = self.url.split("//", 1)
        return Row(self.name, self.programs,
                   f"{scheme}//{rest.split('/', 1)[0]}{path}",
                   self.headers if headers is None else headers, self.flags)


class Stack:
    """A row that runs; a context manager."""

    def __init__(self, row, wanted, args):
        self.row, self.wanted, self.args = row, wanted, args
        self.name, self.programs = row.name, []

    def __enter__(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="bench-edge-")
        try:
            self.place = Place(WORKLOADS["hello"], self.tmp.name)
            for role, argv in self.row.programs(self.place):
                self.programs.append(Program(role, argv, self.place,
                                             self.args.server_cpus))
            self.url = self.row.url.format(port=self.place.port)
            self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        # Who is to be killed must be known before a parent is gone.
        for program, pids in [(each, each.pids()) for each in
                              reversed(self.programs)]:
            program.stop(pids)
        self.tmp.cleanup()

    def output(self):
        return "; ".join(f"{each.role}: {each.output()}"
                         for each in self.programs)

    def wait_ready(self):
        """Until it gives the right answer, which curl asks for."""
        end, seen = time.monotonic() + START_SECONDS, ""
        body = Path(self.tmp.name) / "body"
        while time.monotonic() < end:
            self.check_alive("while it was started")
            done = subprocess.run(
                ["curl", "-sSk", "--max-time", "10", "-o", str(body),
                 "-w", "%{http_code} %{http_version}", *self.row.flags,
                 self.url], capture_output=True, text=True)
            seen = f"{done.stdout} {done.stderr}".strip()
            if done.returncode == 0 and done.stdout.startswith("200 "):
                got = digest(body.read_bytes())
                body.unlink()
                if got != self.wanted:
                    raise Failed(f"wrong answer, {got[0]} bytes of "
                                 f"{self.wanted[0]}: {self.output()}")
                if "--http2" in " ".join(self.row.flags) and (
                        done.stdout.split()[1] != "2"):
                    raise Refused(f"it speaks HTTP/{done.stdout.split()[1]},"
                                  " not HTTP/2")
                return
            time.sleep(0.05)
        raise Failed(f"not ready in {START_SECONDS} s ({seen}): "
                     f"{self.output()}")

    def check_alive(self, when):
        for program in self.programs:
            if program.process.poll() is not None:
                raise Failed(f"{program.role} exited {when}, status "
                             f"{program.process.returncode}: "
                             f"{program.output()}")

    def cpu(self):
        """Seconds of CPU so far, by role."""
        return {each.role: cpu_seconds(each.pids())
                for each in self.programs}

    def kernel(self):
        """Of which the kernel's, of all, in ticks."""
        return kernel_seconds(self.pids())

    def pids(self):
        return set().union(*(each.pids() for each in self.programs))

    def pss_kib(self):
        return memory_kib(self.pids())
