"""Redis's publish and subscribe under the built-in engine: /?channel streams
what is published to a channel (POST /?channel publishes), line by line.

A request that listens holds a core and no process. A message "bye" ends it.
"""
import os

import redis
import uwsgi

SOCKET = os.environ.get("REDIS_SOCKET", "/run/redis/redis.sock")
# Seconds without a message after which an empty line is sent: that is how a
# client that has gone is noticed.
SILENCE = float(os.environ.get("SILENCE", "15"))

client = redis.Redis(unix_socket_path=SOCKET)


def listen(channel):
    """Generates messages; None when there was none for a while."""
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(channel)
        sock = subscription.connection._sock
        while True:
            # Several may have come at once: what the driver has read already
            # does not make the descriptor readable again.
            message = subscription.get_message()
            while message is not None:
                yield message["data"]
                message = subscription.get_message()
            if subscription.connection.can_read():
                continue
            uwsgi.wait_fd_read(sock, SILENCE)
            uwsgi.suspend()
            if uwsgi.ready_fd() == -1:
                yield None


def application(environ, start_response):
    channel = environ["QUERY_STRING"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["REQUEST_METHOD"] == "POST":
        yield b"%d\n" % client.publish(channel, environ["wsgi.input"].read())
        return
    yield b"listening to %s\n" % channel.encode()
    for message in listen(channel):
        yield (message or b"") + b"\n"
        if message == b"bye":
            return
