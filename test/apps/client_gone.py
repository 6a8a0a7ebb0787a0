"""Requests that wait while their client leaves; notes go to $NOTES, a file."""
import json
import os
import socket
import time

import wsgimaster

NEVER, _OTHER = socket.socketpair()


def note(*words):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(" ".join(map(str, words)) + "\n")


def sleep():
    wsgimaster.sleep(60)


def wait():
    wsgimaster.wait(NEVER, "r", 60)


def suspend():
    wsgimaster.wait_fd_read(NEVER, 60)
    wsgimaster.suspend()


def await_():
    import asyncio
    try:
        wsgimaster.await_(cancelled(asyncio))
    finally:
        for _ in range(3):          # the loop has its turn
            wsgimaster.sleep(0.01)


async def cancelled(asyncio):
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        note("coroutine cancelled")
        raise


def computes():
    """Does not wait while its client leaves."""
    time.sleep(0.5)


def child():
    import greenlet
    greenlet.greenlet(sleep).switch()


def switched():
    """Switches away by itself; its next wait tells."""
    import asyncio
    import greenlet
    me = greenlet.getcurrent()
    asyncio.get_event_loop().call_later(1, me.switch)
    me.parent.switch()
    note("switched back", wsgimaster.is_connected(wsgimaster.connection_fd()))
    sleep()


def told_once():
    """What cleans up may wait again."""
    try:
        sleep()
    finally:
        wsgimaster.sleep(0.05)
        note("cleaned up")


class Body:
    """A body that waits in its pieces."""

    def __init__(self, wait):
        self.wait = wait

    def __iter__(self):
        self.wait()
        yield b"never"

    def close(self):
        wsgimaster.sleep(0.01)      # may wait, whatever has happened
        note("closed")


def by_yield():
    try:
        yield wsgimaster.wait_fd_read(NEVER, 60)
    except wsgimaster.ClientGone as error:
        note("yield", isinstance(error, ConnectionResetError),
             isinstance(error, BrokenPipeError), error.errno)
        raise
    finally:
        note("closed")


def by_write(start_response):
    """More than a client takes that reads nothing."""
    write = start_response("200 OK", [])
    try:
        for _ in range(1000):
            write(b"x" * 100000)
    except wsgimaster.ClientGone:
        note("write")
        raise


def by_body(environ):
    try:
        environ["wsgi.input"].read()
    except wsgimaster.ClientGone:
        note("body")
        raise


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    note("begun", name)
    if name == "by_write":
        by_write(start_response)
    if name == "by_body":
        by_body(environ)
    start_response("200 OK", [("Content-Type", "application/json")])
    if name == "by_yield":
        return by_yield()
    if name == "half":
        wsgimaster.sleep(0.3)
        return [json.dumps(wsgimaster.is_connected(
            wsgimaster.connection_fd())).encode()]
    if name == "after_disconnect":
        wsgimaster.disconnect()
        wsgimaster.sleep(0.3)
        note("went on")
    if name == "ping":
        return [b"pong"]
    return Body(globals().get(name, lambda: None))
