"""The same workloads for uvicorn, as a reference that is not WSGI."""
import asyncio

from wsgi_apps import BIG, HELLO, PIECE, PIECES

TEXT = (b"content-type", b"text/plain")


async def reply(send, body, length=True):
    headers = [TEXT]
    if length:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200,
                "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def hello(scope, receive, send):
    await reply(send, HELLO)


async def hello_nolen(scope, receive, send):
    await reply(send, HELLO, length=False)


async def echo(scope, receive, send):
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    await reply(send, b"".join(parts))


async def big(scope, receive, send):
    await reply(send, BIG)


async def stream(scope, receive, send):
    await send({"type": "http.response.start", "status": 200,
                "headers": [TEXT]})
    for _ in range(PIECES):
        await send({"type": "http.response.body", "body": PIECE,
                    "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def sleep50(scope, receive, send):
    await asyncio.sleep(0.05)
    await reply(send, b"slept")
