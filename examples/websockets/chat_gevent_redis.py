"""uWSGI's websockets_chat.py: a chat over Redis, with gevent's select.

Two descriptors are waited for at once, the websocket's and that of a
subscription. For any number of workers and machines:

    wsgimaster --http-socket 127.0.0.1:8080 -p 2 --gevent 100 \
        --gevent-monkey-patch --wsgi-file chat_gevent_redis.py
"""
import os
import time

import gevent.select
import redis
import uwsgi

SOCKET = os.environ.get("REDIS_SOCKET", "/run/redis/redis-server.sock")


def application(environ, start_response):
    uwsgi.websocket_handshake(environ["HTTP_SEC_WEBSOCKET_KEY"],
                              environ.get("HTTP_ORIGIN", ""))
    talk = redis.StrictRedis(unix_socket_path=SOCKET)
    channel = talk.pubsub()
    channel.subscribe("chat")
    websocket_fd = uwsgi.connection_fd()
    redis_fd = channel.connection._sock.fileno()
    try:
        while True:
            # Four seconds, and uWSGI would want to send a ping.
            ready = gevent.select.select([websocket_fd, redis_fd], [], [], 4.0)
            if not ready[0]:
                uwsgi.websocket_recv_nb()
            for fd in ready[0]:
                if fd == websocket_fd:
                    message = uwsgi.websocket_recv_nb()
                    if message:
                        talk.publish("chat", message)
                elif fd == redis_fd:
                    message = channel.parse_response()
                    if message[0] == b"message":
                        uwsgi.websocket_send("[%s] %s" % (
                            time.time(), message[2].decode()))
    finally:
        channel.close()
        talk.close()
