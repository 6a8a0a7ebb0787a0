"""Requests that take too long, each in its own way; notes go to $NOTES."""
import asyncio
import os
import socket
import sys
import threading
import time
from urllib.parse import parse_qsl

import uwsgi
import uwsgidecorators
import wsgimaster
from wsgimaster import Harakiri

NEVER, _OTHER = socket.socketpair()
busy = None


def note(*words):
    """A line that begins with the request's path and query."""
    name = wsgimaster.env["PATH_INFO"]
    if wsgimaster.env["QUERY_STRING"]:
        name += "?" + wsgimaster.env["QUERY_STRING"]
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(" ".join(map(str, (name,) + words)) + "\n")


# What a request may be at when its time is over. For at most a minute, so
# that a test that fails ends.

def sleep():
    wsgimaster.sleep(60)


def nap():
    wsgimaster.sleep(0.6)


def wait():
    wsgimaster.wait(NEVER, "r", 60)


def suspend():
    uwsgi.wait_fd_read(NEVER, 60)
    uwsgi.suspend()


def await_():
    try:
        wsgimaster.await_(cancelled())
    finally:
        for _ in range(3):          # the loop has its turn
            wsgimaster.sleep(0.01)


async def cancelled():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        note("coroutine cancelled")
        raise


def run():
    asyncio.run(cancelled())


def child():
    """In a greenlet of the request's."""
    import greenlet
    greenlet.greenlet(sleep).switch()


def switched():
    """Switches away by itself, and somebody wants to switch back, late."""
    import greenlet
    me = greenlet.getcurrent()
    late = 0.45 if uwsgi.env["PATH_INFO"].startswith("/soon") else 0.8
    asyncio.get_event_loop().call_later(late, me.switch, "late")
    me.parent.switch()


def left():
    """The same from a child, with the request's own greenlet behind it."""
    import greenlet
    hub = greenlet.getcurrent().parent
    greenlet.greenlet(hub.switch).switch()


def gevent_sleep():
    import gevent
    gevent.sleep(60)


def gevent_socket():
    import gevent.socket
    gevent.socket.wait_read(NEVER.fileno(), timeout=60)


def gevent_join():
    import gevent
    gevent.spawn(gevent.sleep, 60).join()


def tornado_sleep():
    import tornado.gen
    wsgimaster.await_(tornado.gen.sleep(60))


def python():
    """A thread that runs."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass


def lock():
    """A thread that blocks in C, for a while."""
    time.sleep(1)


def stubborn():
    """Does not want to end."""
    for n in range(60):
        try:
            wsgimaster.sleep(60)
        except Harakiri:
            note("harakiri", n)


def blocks():
    """A thread that stays in C, whatever it is told."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            time.sleep(20)
        except Harakiri:
            note("harakiri")


class Body:
    """What is returned: waits, and notes that it was closed."""

    def __init__(self, wait, *pieces):
        self.wait = wait
        self.pieces = pieces

    def __iter__(self):
        yield from self.pieces
        try:
            self.wait()
        except Harakiri as error:
            note("harakiri", error)
            raise
        yield b"never\n"

    def close(self):
        wsgimaster.sleep(0.01)      # may wait, whatever has happened
        note("closed")


def by_yield():
    try:
        yield uwsgi.wait_fd_read(NEVER, 60)
    except Exception as error:
        note("not to be seen", repr(error))
    except BaseException as error:
        note("harakiri", error)
        raise
    finally:
        note("closed")


def many(environ):
    """Pieces that say where they belong, more slowly than the deadline."""
    name = environ["QUERY_STRING"]
    for n in range(20):
        yield b"%s %d\n" % (name.encode(), n)
        wsgimaster.sleep(0.05)


def by_write(environ, start_response):
    """More than a client takes that reads nothing."""
    write = start_response("200 OK", [])
    try:
        for n in range(1000):
            write(b"%099999d\n" % n)
    except Harakiri:
        note("harakiri")
        raise
    finally:
        note("closed")


def by_body(environ, start_response):
    try:
        environ["wsgi.input"].read()
    except Harakiri:
        note("harakiri")
        raise
    finally:
        note("closed")


class Closes:
    """A whole body, whose end takes too long."""

    def __iter__(self):
        return iter([b"all"])

    def close(self):
        sleep()


def by_close(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return Closes()


def busy_body(environ, start_response):
    """Reads it while another thread hardly ever gives up the lock."""
    global busy
    sys.setswitchinterval(0.2)
    if busy is None:
        busy = threading.Thread(target=computes, daemon=True)
        busy.start()
    environ["wsgi.input"].read()


def computes():
    while True:
        pass


def answers(environ, start_response):
    """Catches it, and answers by itself."""
    try:
        sleep()
    except Harakiri as error:
        start_response("503 Slow Down", [])
        return [str(error).encode()]


def wraps(environ, start_response):
    """Catches it, and raises something else."""
    try:
        sleep()
    except Harakiri as error:
        raise RuntimeError("wrapped") from error


def user(environ, start_response):
    """Deadlines of its own: /user?set=0.5&sleep=1&set=0..."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    told = []
    for what, value in parse_qsl(environ["QUERY_STRING"]):
        start = time.monotonic()
        try:
            if what == "set":
                uwsgi.set_user_harakiri(float(value))
            else:
                wsgimaster.sleep(float(value))
                told.append("slept")
        except Harakiri:
            told.append("harakiri %.1f" % (time.monotonic() - start))
    return [", ".join(told).encode()]


@uwsgidecorators.harakiri(0.4)
def limited(seconds):
    wsgimaster.sleep(seconds)
    return "slept"


def decorated(environ, start_response):
    """Only what is decorated is limited."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    said = [limited(0.1)]
    wsgimaster.sleep(0.5)
    try:
        said.append(limited(60))
    except Harakiri:
        said.append("harakiri")
    wsgimaster.sleep(0.5)
    return [", ".join(said).encode()]


def undecorated(environ, start_response):
    limited(60)


def quick(environ, start_response):
    """What is said to the next request of a core is its own."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(3):
        wsgimaster.sleep(0.01)
    return [environ["QUERY_STRING"].encode()]


ANSWERS = (answers, busy_body, by_body, by_close, by_write, decorated, quick,
           undecorated, user, wraps)


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/").split("/")[-1]
    note("begun")
    for answer in ANSWERS:
        if answer.__name__ == name:
            return answer(environ, start_response)
    wait = globals().get(name, lambda: None)
    fields = [("Content-Type", "text/plain")]
    how = environ["QUERY_STRING"]
    if how == "length":
        fields.append(("Content-Length", "1000"))
    start_response("200 OK", fields)
    if name in ("many", "by_yield"):
        return many(environ) if name == "many" else by_yield()
    if name == "ping":
        return [b"pong"]
    if how == "called":
        try:
            wait()
        finally:
            note("closed")
    return Body(wait, *([b"one\n", b"two\n"] if how else []))
