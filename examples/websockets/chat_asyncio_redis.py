"""uWSGI's websockets_chat_asyncio: a chat over asyncio and Redis.

The original, with redis.asyncio for asyncio_redis, and async def. The request
is a greenlet; futures, the websocket's descriptor and coroutines switch to it.

    wsgimaster --http-socket 127.0.0.1:8080 --asyncio 100 --greenlet \
        --wsgi-file chat_asyncio_redis.py
"""
import asyncio
import os

import greenlet
import redis.asyncio
import uwsgi

SOCKET = os.environ.get("REDIS_SOCKET", "/run/redis/redis-server.sock")


class GreenFuture(asyncio.Future):
    """One whose result() lets the loop run until it is there."""

    def __init__(self):
        super().__init__()
        self.greenlet = greenlet.getcurrent()
        self.add_done_callback(lambda f: f.greenlet.switch())

    def result(self):
        while True:
            if self.done():
                return super().result()
            self.greenlet.parent.switch()


async def redis_open(f):
    f.set_result(redis.asyncio.Redis(unix_socket_path=SOCKET))


async def redis_subscribe(f):
    connection = redis.asyncio.Redis(unix_socket_path=SOCKET)
    subscriber = connection.pubsub()
    await subscriber.subscribe("foobar")
    f.set_result(subscriber)


async def redis_wait(subscriber, f):
    async for reply in subscriber.listen():
        if reply["type"] == "message":
            f.set_result(reply["data"])
            return


async def redis_publish(connection, message):
    await connection.publish("foobar", message)


def ws_recv_msg(g):
    g.has_ws_msg = True
    g.switch()


def application(env, sr):
    uwsgi.websocket_handshake()
    f = GreenFuture()
    asyncio.Task(redis_subscribe(f))
    subscriber = f.result()
    f0 = GreenFuture()
    asyncio.Task(redis_open(f0))
    connection = f0.result()

    myself = greenlet.getcurrent()
    myself.has_ws_msg = False
    loop = asyncio.get_event_loop()
    websocket_fd = uwsgi.connection_fd()
    loop.add_reader(websocket_fd, ws_recv_msg, myself)
    f = GreenFuture()
    waits = asyncio.Task(redis_wait(subscriber, f))
    try:
        f.greenlet.parent.switch()
        while True:
            if f.done():
                uwsgi.websocket_send(f.result())
                f = GreenFuture()
                waits = asyncio.Task(redis_wait(subscriber, f))
            if myself.has_ws_msg:
                myself.has_ws_msg = False
                message = uwsgi.websocket_recv_nb()
                if message:
                    asyncio.Task(redis_publish(connection, message))
            f.greenlet.parent.switch()
    finally:                    # what the original leaves to chance
        loop.remove_reader(websocket_fd)
        waits.cancel()
        asyncio.Task(subscriber.close())
        asyncio.Task(connection.close())
