"""Requests that hold up the event loop, and others that wait beside them.

GET /NAME runs the function of that name; ?N is how long, in seconds.
"""
import asyncio
import os
import re
import time

import wsgimaster


def hello(seconds):
    pass


def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def block(seconds):
    time.sleep(seconds)


def keep_lock(seconds):
    """A C function that keeps the interpreter's lock, here for ever."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def park(seconds):
    wsgimaster.sleep(seconds)


def park_deep(seconds, depth=100):
    if depth:
        return park_deep(seconds, depth - 1)
    wsgimaster.sleep(seconds)


async def inner_step(seconds):
    await asyncio.sleep(seconds)


async def outer_step(seconds):
    await inner_step(seconds)


def park_task(seconds):
    wsgimaster.await_(outer_step(seconds))


def park_limited_task(seconds):
    wsgimaster.await_(outer_step(seconds), timeout=seconds)


def park_own_loop(seconds):
    asyncio.run(outer_step(seconds))


def park_greenlet(seconds):
    import greenlet

    def child_sleeps():
        wsgimaster.sleep(seconds)
    greenlet.greenlet(child_sleeps).switch()


def park_gevent(seconds):
    import gevent

    def spawned_sleeps():
        gevent.sleep(seconds)
    gevent.joinall([gevent.spawn(spawned_sleeps)])


async def spinning_step(seconds):
    spin(seconds)


def spin_in_task(seconds):
    wsgimaster.await_(spinning_step(seconds))


def spin_forked(seconds):
    """A child of the app's goes its own way."""
    pid = os.fork()
    if pid == 0:
        spin(seconds)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def application(environ, start_response):
    seconds = float(environ["QUERY_STRING"] or 0)
    globals()[environ["PATH_INFO"][1:]](seconds)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
