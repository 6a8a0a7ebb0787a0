"""A request that waits until the loop calls a function."""
import asyncio

import greenlet


def two_seconds_elapsed(me):
    print("Hello 2 seconds elapsed")
    # back to WSGI callable
    me.switch()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    myself = greenlet.getcurrent()
    asyncio.get_event_loop().call_later(2, two_seconds_elapsed, myself)
    # back to event loop
    myself.parent.switch()
    return [b"Hello World"]
