"""The same under asyncio, with redis.asyncio: one connection for each request
that listens, and one pool of each worker's for those that publish.

    wsgimaster --http-socket :8080 --wsgi-file subscribe_asyncio.py \\
        --asyncio 1000 --greenlet
"""
import os

import redis.asyncio
from wsgimaster import await_

SOCKET = os.environ.get("REDIS_SOCKET", "/run/redis/redis.sock")
SILENCE = float(os.environ.get("SILENCE", "15"))

# Taken at import, and used by the loop of each worker.
client = redis.asyncio.Redis(unix_socket_path=SOCKET)


def listen(channel):
    """Generates messages; None when there was none for a while."""
    subscription = client.pubsub(ignore_subscribe_messages=True)
    try:
        await_(subscription.subscribe(channel))
        while True:
            message = await_(subscription.get_message(timeout=SILENCE))
            yield message and message["data"]
    finally:
        await_(subscription.close())


def application(environ, start_response):
    channel = environ["QUERY_STRING"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["REQUEST_METHOD"] == "POST":
        text = environ["wsgi.input"].read()
        yield b"%d\n" % await_(client.publish(channel, text))
        return
    yield b"listening to %s\n" % channel.encode()
    for message in listen(channel):
        yield (message or b"") + b"\n"
        if message == b"bye":
            return
