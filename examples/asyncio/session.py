"""One aiohttp session for all requests of a worker: its connections are kept
and used again, and a request fetches several pages at once."""
import asyncio
import os

import aiohttp
from uwsgidecorators import postfork
from wsgimaster import await_

URL = os.environ.get("URL", "http://python.org")
TIMEOUT = aiohttp.ClientTimeout(total=10)


async def new_session():
    return aiohttp.ClientSession(timeout=TIMEOUT)


@postfork
def connect():
    global session
    session = await_(new_session())


async def fetch(url):
    async with session.get(url) as response:
        return response.status, await response.read()


async def fetch_all(urls):
    return await asyncio.gather(*map(fetch, urls))


def application(environ, start_response):
    pages = await_(fetch_all([URL] * 3))
    start_response("200 OK", [("Content-Type", "text/plain")])
    for status, body in pages:
        yield b"%d, %d bytes\n" % (status, len(body))
