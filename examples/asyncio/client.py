"""A request that fetches a page with aiohttp (Debian's python3-aiohttp)."""
import asyncio
import os

import aiohttp
import greenlet

URL = os.environ.get("URL", "http://python.org")


async def sleeping(me, f):
    await asyncio.sleep(2)
    async with aiohttp.ClientSession() as session:
        async with session.get(URL) as response:
            body = await response.read()
    f.set_result(body)
    me.switch()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    myself = greenlet.getcurrent()
    future = asyncio.Future()
    asyncio.Task(sleeping(myself, future))
    myself.parent.switch()
    # this time we use yield, just for fun...
    yield bytes(future.result())
