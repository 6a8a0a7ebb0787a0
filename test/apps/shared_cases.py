"""Metrics, the queue and shared areas: GET /NAME/ARGUMENTS calls that function.

The arguments are a Python tuple; the answer is what comes of it, as Python.
"""
import ast
import hashlib
import os
import struct
import threading
from urllib.parse import unquote

import uwsgi
import wsgimaster


def call(name, args):
    try:
        value = getattr(uwsgi, name)(*args)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)
    return repr(value)


def names():
    return " ".join(name for name in dir(uwsgi) if name.startswith(
        ("metric_", "queue_", "sharedarea_")))


def increase(n):
    """In the request, and in threads of the app's."""
    def run():
        for _ in range(n):
            for _ in range(100):
                uwsgi.metric_inc("a")
            uwsgi.sharedarea_inc64(0, 64)
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    run()
    for thread in threads:
        while thread.is_alive():
            wsgimaster.sleep(0.01)
    return "done"


def guarded(n):
    """Reads, and writes later; the area is locked, and the core parked."""
    for _ in range(n):
        uwsgi.sharedarea_wlock(0)
        value = uwsgi.sharedarea_read64(0, 128)
        wsgimaster.sleep(0.001)
        uwsgi.sharedarea_write64(0, 128, value + 1)
        uwsgi.sharedarea_unlock(0)
    return "done"


def readers(seconds):
    """Several may read at a time: how many were in at once?"""
    uwsgi.sharedarea_rlock(1)
    wsgimaster.sleep(seconds)
    uwsgi.sharedarea_unlock(1)
    return "read"


def writer(seconds):
    uwsgi.sharedarea_wlock(1)
    wsgimaster.sleep(seconds)
    uwsgi.sharedarea_unlock(1)
    return "written"


def nested():
    uwsgi.sharedarea_rlock(1)
    uwsgi.sharedarea_rlock(1)
    try:
        uwsgi.sharedarea_write8(1, 0, 1)
    except RuntimeError as error:
        return str(error)
    finally:
        uwsgi.sharedarea_unlock(1)
        uwsgi.sharedarea_unlock(1)


def view():
    memory = uwsgi.sharedarea_memoryview(0)
    memory[256:259] = b"abc"
    same = uwsgi.sharedarea_object(0)
    return repr((uwsgi.sharedarea_read(0, 256, 3), bytes(same[256:259]),
                 memory.readonly, memory.nbytes, memory.format))


def message(number):
    body = struct.pack("<Q", number) * 200
    return body + hashlib.md5(body).digest()


def churn(seed):
    """Pushes and takes; what is taken must be whole."""
    for i in range(50):
        uwsgi.queue_push(message(seed * 1000 + i))
        got = uwsgi.queue_pull() if i % 3 else uwsgi.queue_pop()
        if got and hashlib.md5(got[:-16]).digest() != got[-16:]:
            return "torn"
    return "whole"


def drain():
    """Takes all there is; afterwards the queue works."""
    count = 0
    while True:
        got = uwsgi.queue_pull()
        if got is None:
            break
        if hashlib.md5(got[:-16]).digest() != got[-16:]:
            return "torn"
        count += 1
    for n in (1, 2, 3):
        uwsgi.queue_push(b"%d" % n)
    in_order = [uwsgi.queue_pull() for _ in range(4)]
    return "%s %s" % (count <= uwsgi.queue_size, in_order)


def worker():
    return str(os.getpid())


def application(environ, start_response):
    name, _, args = unquote(environ["PATH_INFO"][1:]).partition("/")
    args = ast.literal_eval(args or "()")
    if name in globals():
        body = globals()[name](*args)
    else:
        body = call(name, args)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
