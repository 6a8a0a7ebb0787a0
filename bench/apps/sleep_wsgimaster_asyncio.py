"""sleep50 and park under wsgimaster's asyncio and Tornado engines."""
import asyncio

import parking
import wsgimaster


def sleep(seconds):
    wsgimaster.await_(asyncio.sleep(seconds))


def sleep50(environ, start_response):
    sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]


park = parking.app(sleep)
