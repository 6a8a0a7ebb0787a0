"""What a request does under Tornado's loop, a path a case."""
import asyncio
import os

import greenlet
import uwsgi
import wsgimaster
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado import gen, iostream, locks, tcpclient

LOOP = IOLoop.instance()
ticks = []
PeriodicCallback(lambda: ticks.append(uwsgi.worker_id()), 20).start()


def case_current(environ):
    same = IOLoop.current() is LOOP
    return f"{same} {LOOP.asyncio_loop is asyncio.get_event_loop()}"


def case_callback(environ):
    me = greenlet.getcurrent()
    LOOP.add_callback(me.switch)
    me.parent.switch()
    handle = LOOP.call_later(0.05, me.switch)
    me.parent.switch()
    LOOP.remove_timeout(handle)
    return "called"


def case_handler(environ):
    a, b = os.pipe()
    me = greenlet.getcurrent()
    LOOP.add_handler(a, lambda fd, events: me.switch((fd, events)),
                     IOLoop.READ)
    os.write(b, b"x")
    fd, events = me.parent.switch()
    LOOP.remove_handler(a)
    os.close(a)
    os.close(b)
    return f"{fd == a} {events}"


def case_fetch(environ):
    """A response as bytes, of one's own server too."""
    url = environ["QUERY_STRING"]
    response = wsgimaster.await_(AsyncHTTPClient().fetch(url))
    return f"{response.code} {response.body.decode().strip()}"


def case_failing(environ):
    try:
        wsgimaster.await_(AsyncHTTPClient().fetch(
            HTTPRequest("http://127.0.0.1:1/", connect_timeout=2)))
    except OSError as error:
        return type(error).__name__


def case_coroutine(environ):
    @gen.coroutine
    def old():
        yield gen.sleep(0.02)
        return "old"

    async def new():
        event = locks.Event()
        LOOP.call_later(0.02, event.set)
        await event.wait()
        return "new"
    return wsgimaster.await_(old()) + " " + wsgimaster.await_(new())


def case_ticks(environ):
    wsgimaster.sleep(0.2)
    return f"{len(ticks) > 3} {set(ticks) == {uwsgi.worker_id()}}"


def application(environ, start_response):
    body = globals()["case_" + environ["PATH_INFO"].strip("/")](environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode() + b"\n"]
