"""sleep50 and park by an asyncio timer that switches back, as uWSGI's asyncio
engine has it.
"""
import asyncio

import greenlet
import parking


def sleep(seconds):
    me = greenlet.getcurrent()
    asyncio.get_event_loop().call_later(seconds, me.switch)
    me.parent.switch()


def sleep50(environ, start_response):
    sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]


park = parking.app(sleep)
