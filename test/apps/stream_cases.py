"""Bodies in pieces, and apps that take their time between them.

Whoever takes its time waits for a file in $NOTES, a folder, that the client
makes when it has the piece: a server that holds the piece back is stuck.
"""
import os
import select
import time

import wsgimaster

LIMIT = 60
PIECES = 100_000


def told(name):
    return os.path.exists(os.path.join(os.environ["NOTES"], name))


def note(name):
    with open(os.path.join(os.environ["NOTES"], name), "w"):
        pass


def until(name, pause):
    end = time.monotonic() + LIMIT
    while not told(name):
        if time.monotonic() > end:
            raise TimeoutError(name)
        pause()


def spin():
    sum(range(1000))


PAUSES = {
    "sleep": lambda: time.sleep(0.01),
    "select": lambda: select.select([], [], [], 0.01),
    "spin": spin,
    "parked": lambda: wsgimaster.sleep(0.01),
}


def wait(environ, start_response):
    """?HOW=NAME: each of five pieces waits to be received."""
    how, _, name = environ["QUERY_STRING"].partition("=")
    start_response("200 OK", [("Content-Type", "text/plain")])
    for n in range(5):
        yield b"piece %d\n" % n
        until(f"{name}.{n}", PAUSES[how])


def write(environ, start_response):
    """The same by write()."""
    how, _, name = environ["QUERY_STRING"].partition("=")
    out = start_response("200 OK", [("Content-Type", "text/plain")])
    for n in range(5):
        out(b"piece %d\n" % n)
        until(f"{name}.{n}", PAUSES[how])
    return []


def full(environ, start_response):
    """Many pieces, and more than a socket takes; then as above."""
    how, _, name = environ["QUERY_STRING"].partition("=")
    start_response("200 OK", [("Content-Type", "text/plain")])
    for n in range(500):
        yield b"%5d" % n + b"x" * 1018 + b"\n"
    yield b"piece 0\n"
    until(f"{name}.0", PAUSES[how])


def late(environ, start_response):
    """Each piece says when it was made."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(9):
        yield b"%.6f\n" % time.monotonic()
        time.sleep(0.15)


def many(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for n in range(PIECES):
        yield b"%d\n" % n


def sizes(environ, start_response):
    """Pieces of all sizes around those where the server does otherwise."""
    headers = [("Content-Type", "text/plain")]
    pieces = [1, 16383, 16384, 16385, 49000, 65535, 65536, 65537, 1, 300000,
              16384, 16384, 16384, 16384, 1, 15, 16, 255, 256, 4095, 4096]
    if environ["QUERY_STRING"] == "length":
        headers.append(("Content-Length", str(sum(pieces))))
    start_response("200 OK", headers)
    for n, size in enumerate(pieces):
        yield bytes([97 + n]) * size


def raises(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"first\n"
    yield b"second\n"
    raise ValueError("midway")


class endless:
    """Until the client has left; close() leaves a note."""

    def __init__(self, environ, start_response):
        self.name = environ["QUERY_STRING"]
        start_response("200 OK", [("Content-Type", "text/plain")])

    def __iter__(self):
        return self

    def __next__(self):
        return b"and so on\n"

    def close(self):
        note(self.name)


def forks(environ, start_response):
    """After each piece a child, which goes on with pieces of its own."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    for n in range(20):
        yield b"parent %d\n" % n
        pid = os.fork()
        if pid == 0:
            yield b"CHILD\n"
            yield b"CHILD\n"
            os._exit(0)
        os.waitpid(pid, 0)


def turns(environ, start_response):
    """?NAME=PIECES: notes whose turn it is, each time that changes.

    Begins when there are three who want turns.
    """
    name, _, pieces = environ["QUERY_STRING"].partition("=")
    start_response("200 OK", [("Content-Type", "text/plain")])
    STARTED.append(name)
    end = time.monotonic() + 20
    while len(STARTED) < 3 and time.monotonic() < end:
        wsgimaster.sleep(0.01)
    for _ in range(int(pieces)):
        if not ORDER or ORDER[-1] != name:
            ORDER.append(name)
        yield b"x"


ORDER = []
STARTED = []


def order(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    said, ORDER[:], STARTED[:] = "".join(ORDER), [], []
    return [said.encode()]


def pid(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % os.getpid()]


def application(environ, start_response):
    return globals()[environ["PATH_INFO"][1:]](environ, start_response)
