"""What a request does with aiohttp, a path a case; they fetch from their own
server, from a server of aiohttp's in the same worker, and from nowhere."""
import asyncio
import os

import aiohttp
from aiohttp import web
from uwsgidecorators import postfork
import uwsgi
from wsgimaster import await_, sleep

# Made at import: what aiohttp calls deprecated, and much code does.
IMPORTED = aiohttp.ClientSession(loop=asyncio.get_event_loop())
SELF = f"http://127.0.0.1:{os.environ['SELF_PORT']}"
BASE = int(os.environ["BASE_PORT"])


async def serve():
    """A server beside the WSGI app: an echo, also by websocket."""
    async def echo(request):
        return web.Response(body=await request.read())

    async def talk(request):
        sock = web.WebSocketResponse()
        await sock.prepare(request)
        async for message in sock:
            await sock.send_str(message.data.upper())
        return sock
    app = web.Application(client_max_size=10 ** 8)
    app.add_routes([web.post("/", echo), web.get("/talk", talk)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", BASE + uwsgi.worker_id()).start()


async def session_new(**keywords):
    return aiohttp.ClientSession(**keywords)


@postfork
def start():
    global forked
    forked = await_(session_new())
    await_(serve())


def beside():
    return f"http://127.0.0.1:{BASE + uwsgi.worker_id()}"


async def fetch(session, url, **keywords):
    async with session.get(url, **keywords) as response:
        return await response.text()


async def fetch_once(url, **keywords):
    async with aiohttp.ClientSession() as session:
        return await fetch(session, url, **keywords)


def case_page(number):
    sleep(0.1)
    return "page " + number


def case_slow(number):
    sleep(30)


def shared(session, number):
    text = await_(fetch(session, f"{SELF}/page?{number}"))
    return f"{text == 'page ' + number}"


def case_imported(number):
    return shared(IMPORTED, number)


def case_forked(number):
    return shared(forked, number)


def case_own(number):
    text = await_(fetch_once(f"{SELF}/page?{number}"))
    return f"{text == 'page ' + number}"


def case_gather(number):
    """Ten at once, by one request."""
    async def all_of_them():
        return await asyncio.gather(*(
            fetch(forked, f"{SELF}/page?{n}") for n in range(10)))
    return str(await_(all_of_them()) == [f"page {n}" for n in range(10)])


def name_of(awaitable, **keywords):
    try:
        return repr(await_(awaitable, **keywords))
    except Exception as error:
        return type(error).__name__


def case_timeouts(number):
    """aiohttp's, await_'s; the session is good afterwards."""
    limit = aiohttp.ClientTimeout(total=0.2)
    told = [name_of(fetch(forked, SELF + "/slow", timeout=limit)),
            name_of(fetch(forked, SELF + "/slow"), timeout=0.2),
            name_of(fetch(forked, "http://127.0.0.1:1/")),
            name_of(fetch(forked, "http://:bad/"))]
    return " ".join(told) + " " + shared(forked, "1")


def case_big(number):
    async def both_ways(data):
        async with forked.post(beside(), data=data) as response:
            return await response.read()
    data = os.urandom(3000000)
    return str(await_(both_ways(data)) == data)


def case_stream(number):
    """Passes on what comes, as it comes."""
    data = bytes(range(256)) * 4096
    response = await_(forked.post(beside(), data=data))
    try:
        while True:
            piece = await_(response.content.readany())
            if not piece:
                return
            yield piece
    finally:
        response.release()


def case_websocket(number):
    async def talk():
        async with forked.ws_connect(beside() + "/talk") as sock:
            await sock.send_str("hello")
            return await sock.receive_str()
    return await_(talk())


def application(environ, start_response):
    case = globals()["case_" + environ["PATH_INFO"].strip("/")]
    body = case(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()] if isinstance(body, str) else body
