"""Locks in requests, threads, children and at import.

What the lock guards is SHARED: a counter that is read, and written a moment
later.
"""
import mmap
import os
import signal
import struct
import threading
import time
from urllib.parse import parse_qs

import uwsgi
import uwsgidecorators
import wsgimaster

SHARED = mmap.mmap(-1, 4096)    # of all processes of this generation
uwsgi.lock(1)                   # at import: nobody else is there
AT_IMPORT = uwsgi.is_locked(1)
uwsgi.unlock(1)


def get(at=0):
    return struct.unpack_from("<q", SHARED, 8 * at)[0]


def put(value, at=0):
    struct.pack_into("<q", SHARED, 8 * at, value)


def increment(pause):
    uwsgi.lock()
    try:
        value = get()
        pause()
        put(value + 1)
    finally:
        uwsgi.unlock()


@uwsgidecorators.lock
def decorated(by):
    """Adds."""
    value = get(3)
    wsgimaster.sleep(0.001)
    put(value + by, 3)
    return uwsgi.is_locked()


def decorations(n="10", **_):
    assert decorated.__doc__ == "Adds."
    for _ in range(int(n)):
        assert decorated(by=1) is True
    return str(get(3))


def increments(n="10", **_):
    for _ in range(int(n)):
        increment(lambda: wsgimaster.sleep(0.001))
    return "done"


def threads(n="10", **_):
    """Threads of the app's exclude each other, and the requests."""
    def run():
        for _ in range(int(n)):
            increment(lambda: time.sleep(0.001))
    started = [threading.Thread(target=run) for _ in range(3)]
    for thread in started:
        thread.start()
    for thread in started:
        while thread.is_alive():
            wsgimaster.sleep(0.01)
    return "done"


def children(n="10", **_):
    """So does a child that it forks."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            for _ in range(int(n)):
                increment(lambda: time.sleep(0.001))
            status = 0
        finally:
            os._exit(status)
    for _ in range(int(n)):
        increment(lambda: wsgimaster.sleep(0.001))
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return "done" if status == 0 else "status %d" % status
        wsgimaster.sleep(0.01)


def child_dies(**_):
    """A child that dies with it does not keep it."""
    pid = os.fork()
    if pid == 0:
        uwsgi.lock(2)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    return str(uwsgi.lock(2, timeout=20)) + str(uwsgi.unlock(2))


def hold(n="1", **_):
    """Until /release."""
    released, end = get(5), time.monotonic() + 60
    uwsgi.lock(int(n))
    while get(5) == released and time.monotonic() < end:
        wsgimaster.sleep(0.01)
    uwsgi.unlock(int(n))
    return "held"


def release(**_):
    put(get(5) + 1, 5)
    return "done"


def forget(n="1", **_):
    uwsgi.lock(int(n))
    return "kept"


def die(n="1", **_):
    """At /release."""
    released = get(5)
    uwsgi.lock(int(n))
    while get(5) == released:
        wsgimaster.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


def stuck(n="1", **_):
    uwsgi.lock(int(n))
    while True:
        wsgimaster.sleep(1)


def take(n="1", timeout=None, **_):
    if timeout is not None:
        taken = uwsgi.lock(int(n), timeout=float(timeout))
    else:
        taken = uwsgi.lock(int(n))
    if taken is not False:
        uwsgi.unlock(int(n))
    return str(taken)


def line(n="1", name="", **_):
    """Who comes first gets it first."""
    uwsgi.lock(int(n))
    at = 16 + get(2)
    put(get(2) + 1, 2)
    SHARED[at * 8] = ord(name)
    uwsgi.unlock(int(n))
    return "done"


def told(**_):
    return "".join(chr(SHARED[(16 + i) * 8]) for i in range(get(2)))


def twice(**_):
    uwsgi.lock()
    try:
        uwsgi.lock()
    except RuntimeError as error:
        return str(error)
    finally:
        uwsgi.unlock()


def wrong(**_):
    said = []
    for call in (lambda: uwsgi.lock(9), lambda: uwsgi.unlock(-1),
                 lambda: uwsgi.is_locked(4), lambda: uwsgi.lock("a"),
                 lambda: uwsgi.lock(0, timeout=-1)):
        try:
            call()
            said.append("nothing")
        except (TypeError, ValueError) as error:
            said.append(type(error).__name__)
    return " ".join(said)


def state(n="1", **_):
    return str(uwsgi.is_locked(int(n)))


def unlock(n="1", **_):
    return str(uwsgi.unlock(int(n)))


def works(what):
    """In a mule or spooler: "WORD LOCK"."""
    word, n = what.split()
    if word == "count":
        for _ in range(10):
            increment(lambda: time.sleep(0.001))
    elif word == "die":
        die(n)
    elif word == "forget":
        uwsgi.lock(int(n))
        raise LookupError("with the lock")
    else:
        globals()[word](n)
    put(get(6) + 1, 6)


def on_task(task):
    works(task[b"what"].decode())
    return uwsgi.SPOOL_OK


uwsgi.mule_msg_hook = lambda message: works(message.decode())
uwsgi.spooler = on_task


def mule(what, **_):
    return str(uwsgi.mule_msg(what, 1))


def spool(what, **_):
    return str(bool(uwsgi.spool({"what": what})))


def done(**_):
    return str(get(6))


def application(environ, start_response):
    words = {key: value[-1] for key, value in
             parse_qs(environ["QUERY_STRING"]).items()}
    name = environ["PATH_INFO"][1:]
    cases = {"value": lambda **_: str(get()), "worker": lambda **_:
             str(os.getpid()), "imported": lambda **_: str(AT_IMPORT)}
    body = cases.get(name, globals().get(name))(**words)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
