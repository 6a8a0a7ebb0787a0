"""uWSGI's websockets_chat_async: a chat over Redis, by the async API.

Two descriptors are waited for at once: the websocket's and Redis's. For any
number of workers and machines:

    wsgimaster --http-socket 127.0.0.1:8080 -p 2 --async 100 --greenlet \
        --wsgi-file chat_redis.py
"""
import os

import redis
import uwsgi

SOCKET = os.environ.get("REDIS_SOCKET", "/run/redis/redis-server.sock")


def application(environ, start_response):
    uwsgi.websocket_handshake()
    talk = redis.Redis(unix_socket_path=SOCKET)
    channel = talk.pubsub()
    channel.subscribe("chat")
    websocket_fd = uwsgi.connection_fd()
    redis_fd = channel.connection._sock.fileno()
    try:
        while True:
            uwsgi.wait_fd_read(websocket_fd)
            uwsgi.wait_fd_read(redis_fd)
            uwsgi.suspend()
            if uwsgi.ready_fd() == websocket_fd:
                message = uwsgi.websocket_recv_nb()
                if message:
                    talk.publish("chat", message)
            else:
                message = channel.parse_response()
                if message[0] == b"message":
                    uwsgi.websocket_send(message[2])
    finally:
        channel.close()
        talk.close()
