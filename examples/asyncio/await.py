"""What the other examples do with callbacks and futures, in one line."""
import asyncio

import wsgimaster


async def sleeping():
    await asyncio.sleep(2)
    return b"Hello World"


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    return [wsgimaster.await_(sleeping(), timeout=10)]
