"""The same workloads for aiohttp's own server, which is not WSGI either:
aiohttp_apps.py PORT CALLABLE.
"""
import asyncio
import sys

from aiohttp import web
from wsgi_apps import BIG, HELLO, PIECE, PIECES


async def hello(request):
    return web.Response(body=HELLO, content_type="text/plain")


async def echo(request):
    return web.Response(body=await request.read())


async def big(request):
    return web.Response(body=BIG)


async def stream(request):
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    for _ in range(PIECES):
        await response.write(PIECE)
    await response.write_eof()
    return response


async def sleep50(request):
    await asyncio.sleep(0.05)
    return web.Response(body=b"slept")


def main():
    app = web.Application()
    app.router.add_route("*", "/", globals()[sys.argv[2]])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), backlog=1024,
                access_log=None, print=None)


if __name__ == "__main__":
    main()
