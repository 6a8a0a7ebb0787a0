"""sleep50 under uWSGI's asyncio engine: a timer switches back."""
import asyncio

import greenlet


def sleep50(environ, start_response):
    me = greenlet.getcurrent()
    asyncio.get_event_loop().call_later(0.05, me.switch)
    me.parent.switch()
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]
