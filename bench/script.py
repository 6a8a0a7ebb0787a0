"""A fixed script of requests for a server that runs under a tool.

The tools count: callgrind instructions (instructions.py), strace system calls
(syscalls.py), massif bytes (heap.py). What is sent, and when the server sees
it, is the same in each run, so that the counts are too.
"""
import contextlib
import signal
import socket
import time

from measure import Failed, Running, family, stat_fields
from workloads import BODY

START_SECONDS = 120             # valgrind is slow
PATIENCE = 60
END_OF_CHUNKS = b"\r\n0\r\n\r\n"


def request_text(workload, address):
    """A request of the workload, as bytes."""
    body = BODY if workload.method == "POST" else b""
    lines = [f"{workload.method} {workload.path} HTTP/1.1",
             f"Host: {address}", *workload.headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Answer:
    """What has come of an answer so far."""

    def __init__(self):
        self.got, self.body_at, self.fields = bytearray(), 0, {}

    def add(self, data):
        self.got += data
        at = 0 if self.body_at else self.got.find(b"\r\n\r\n")
        if at > 0:
            self.body_at = at + 4
            lines = bytes(self.got[:at]).lower().split(b"\r\n")[1:]
            self.fields = dict(line.split(b": ", 1) for line in lines)

    def is_whole(self):
        """None: only the end of the connection tells."""
        if not self.body_at:
            return False
        if b"content-length" in self.fields:
            return len(self.got) - self.body_at >= int(
                self.fields[b"content-length"])
        if b"transfer-encoding" in self.fields:
            return self.got.endswith(END_OF_CHUNKS)
        return None


def read_answer(sock):
    """Reads one; true when the connection is over with it."""
    answer, data = Answer(), b""
    while not answer.is_whole():
        data = sock.recv(1 << 20)
        if not data:
            break
        answer.add(data)
    if not answer.got.startswith(b"HTTP/1.1 200") or \
            answer.is_whole() is False:
        raise Failed(f"wrong answer: {bytes(answer.got[:200])!r}")
    return not data or answer.fields.get(b"connection") == b"close"


class Scripted(Running):
    """A server under a tool; a context manager."""

    own_process = False         # is the tool a process beside the server's?
    # Or it looks at its queues for as long, which takes what it takes.
    extra_args = ("--drain-idle", "0")

    def tool_failed(self):
        raise Failed(f"exited with {self.process.returncode} under "
                     f"{self.prefix[0]}: {self.output()}")

    def connect(self):
        """A connection, as soon as there is one to be had."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.tool_failed()
            try:
                sock = socket.create_connection(
                    ("127.0.0.1", self.place.port), timeout=PATIENCE)
            except OSError:
                time.sleep(0.1)
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        raise Failed(f"not ready in {START_SECONDS} s: {self.output()}")

    def first(self):
        """The process that the server was started as."""
        if not self.own_process:
            return self.process.pid
        for pid in self.processes():
            fields = stat_fields(pid)
            if fields and fields[1] == str(self.process.pid):
                return pid
        raise Failed("the server is gone")

    def processes(self):
        """The server's own."""
        pids = family(self.process.pid)
        return pids - {self.process.pid} if self.own_process else pids

    def wait_state(self, states):
        """Until all of its processes are in one of these."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            seen = [stat_fields(pid) for pid in self.processes()]
            if all(fields[0] in states for fields in seen if fields):
                return
            time.sleep(0.001)
        raise Failed("the server does not come to rest")

    @contextlib.contextmanager
    def held(self):
        """The server stands still, so that what is sent meanwhile is there
        at the same time when it goes on."""
        self.wait_state("SZ")
        pids = self.processes()
        self.signal(pids, signal.SIGSTOP)
        try:
            self.wait_state("TtZ")
            yield
        finally:
            self.signal(pids, signal.SIGCONT)

    def ask(self, count, at_once=1):
        """So many requests, each when the last is answered; or at_once of
        them at the same time, on a connection each."""
        text = request_text(self.workload, self.place.address)
        free, socks = [], []
        with self.connect() as sock:        # its workers are there, then
            sock.sendall(text)
            read_answer(sock)
        for _ in range(count // at_once):
            with self.held() if at_once > 1 else contextlib.nullcontext():
                socks = [free.pop() if free else self.connect()
                         for _ in range(at_once)]
                for sock in socks:
                    sock.sendall(text)
            for sock in socks:
                if read_answer(sock):
                    sock.close()
                else:
                    free.insert(0, sock)
        for sock in free:
            sock.close()

    def stop(self):
        """Gently, since tools write at the end."""
        self.signal([self.first()], signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except Exception as error:
            raise Failed(f"does not stop under {self.prefix[0]}") from error
