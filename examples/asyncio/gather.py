"""Several things at once in one request, from plain code."""
import asyncio

from wsgimaster import await_


async def part(n):
    await asyncio.sleep(1)          # a query, a page, another service
    return n * n


async def parts():
    return await asyncio.gather(*(part(n) for n in range(10)))


def application(environ, start_response):
    squares = await_(parts(), timeout=5)        # one second, not ten
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{squares}\n".encode()]
