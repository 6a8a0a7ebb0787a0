"""Apps that block, and what a thread of its own means to a request."""
import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs

import uwsgi

VIEWS = {}
LOCAL = threading.local()
SIGNALS = []                # the threads that ran a signal handler


def view(function):
    VIEWS["/" + function.__name__.replace("_", "-")] = function
    return function


class Ending:
    """Tells when the thread that holds it ends."""

    def __init__(self, core):
        self.core = core

    def __del__(self):
        uwsgi.log(f"thread of core {self.core} ends")


def fork_in_handler(number, frame):
    if os.fork() == 0:
        SIGNALS.append("child")


def note_signal(number, frame):
    SIGNALS.append(threading.current_thread() is threading.main_thread())
    if number == signal.SIGUSR2:
        raise ValueError("raised by a signal handler")


def at_start():
    forker = threading.Thread(target=lambda: os.fork() or os._exit(0))
    forker.start()          # before the loop turns
    forker.join()
    os.wait()
    signal.signal(signal.SIGUSR1, note_signal)
    signal.signal(signal.SIGUSR2, note_signal)
    signal.signal(signal.SIGWINCH, fork_in_handler)


def at_end():
    uwsgi.log("the app's atexit")


uwsgi.post_fork_hook = at_start
uwsgi.atexit = at_end


@view
def hello(environ):
    return "hello"


@view
def block(environ):
    """?s=seconds: as a driver that knows of no server."""
    time.sleep(float(parse_qs(environ["QUERY_STRING"])["s"][0]))
    return "blocked"


@view
def compute(environ):
    """?s=seconds: never gives the interpreter up by itself."""
    end = time.monotonic() + float(parse_qs(environ["QUERY_STRING"])["s"][0])
    while time.monotonic() < end:
        pass
    return "computed"


@view
def thread(environ):
    """Which one, and what it remembers of its earlier requests."""
    LOCAL.count = getattr(LOCAL, "count", 0) + 1
    LOCAL.ending = getattr(LOCAL, "ending", None) or Ending(
        environ["uwsgi.core"])
    with open(f"/proc/self/task/{threading.get_native_id()}/comm",
              encoding="ascii") as opened:
        comm = opened.read().strip()
    return " ".join(str(one) for one in (
        environ["uwsgi.core"], LOCAL.count, comm,
        threading.current_thread().name.rpartition("-")[2],
        threading.current_thread() is threading.main_thread(),
        environ["wsgi.multithread"], uwsgi.has_threads))


@view
def stack(environ):
    """The stack's size in KiB."""
    libc = ctypes.CDLL(None)
    libc.pthread_self.restype = ctypes.c_void_p
    attr = (ctypes.c_char * 256)()
    size = ctypes.c_size_t()
    libc.pthread_getattr_np(ctypes.c_void_p(libc.pthread_self()), attr)
    libc.pthread_attr_getstacksize(attr, ctypes.byref(size))
    return str(size.value // 1024)


@view
def subprocesses(environ):
    """One that is ended by a signal must not have it blocked."""
    child = subprocess.Popen(["sleep", "600"])
    child.terminate()
    return f"{child.wait()} {signal.pthread_sigmask(signal.SIG_BLOCK, [])}"


@view
def signals(environ):
    return str(SIGNALS)


@view
def reap(environ):
    """How many children have ended."""
    count = 0
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            count += 1
    except ChildProcessError:
        pass
    return str(count)


@view
def pid(environ):
    return str(os.getpid())


@view
def runs_asyncio(environ):
    """A loop of the thread's own."""
    async def twice():
        await asyncio.sleep(0.01)
        return 42
    return str(asyncio.run(twice()))


@view
def guests(environ):
    """Threads of the app's own close what the request waits for."""
    ours, other = socket.socketpair()
    number = ours.detach()
    closer = threading.Timer(0.1, uwsgi.close, [number])
    closer.start()
    begun = time.monotonic()
    try:
        uwsgi.wait_fd_read(number)
        uwsgi.suspend()
        told = "ready"
    except OSError:
        told = "closed"
    closer.join()
    other.close()
    took = time.monotonic() - begun
    return told if took < 0.8 else f"after {took:.2f} seconds"


@view
def brief_guests(environ):
    """Threads that use the loop for a moment and are gone, stack and all."""
    def closes():
        for fd in os.pipe():
            uwsgi.close(fd)
    size = threading.stack_size(64 << 20)       # not kept for the next thread
    try:
        for _ in range(100):
            threads = [threading.Thread(target=closes) for _ in range(4)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
    finally:
        threading.stack_size(size)
    return "gone"


@view
def daemon(environ):
    """A thread that works on while the worker leaves."""
    def works():
        while True:
            a, b = socket.socketpair()
            b.close()
            uwsgi.close(a.detach())
    for _ in range(3):
        threading.Thread(target=works, daemon=True).start()
    return "started"


@view
def exits(environ):
    sys.exit("not the worker's end")


@view
def mixed(environ):
    """?n: a bit of everything, by number."""
    n = int(environ["QUERY_STRING"])
    if n % 5 == 1:
        uwsgi.sleep(0.002)
    elif n % 5 == 2:
        time.sleep(0.002)
    elif n % 5 == 3:
        uwsgi.suspend()
    elif n % 5 == 4:
        ours, other = socket.socketpair()
        with ours, other:
            other.send(b"x")
            uwsgi.wait_fd_read(ours, 5)
            uwsgi.suspend()
            if uwsgi.ready_fd() != ours.fileno():
                return "not ready"
    return f"{n} {len(environ['wsgi.input'].read())}"


@view
def large(environ):
    return "x" * 3000000


def application(environ, start_response):
    body = VIEWS[environ["PATH_INFO"]](environ).encode()
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
