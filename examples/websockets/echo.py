"""uWSGI's websockets_echo: each message comes back with the time."""
import time

import uwsgi


def application(environ, start_response):
    uwsgi.websocket_handshake(environ["HTTP_SEC_WEBSOCKET_KEY"],
                              environ.get("HTTP_ORIGIN", ""))
    while True:
        message = uwsgi.websocket_recv()
        uwsgi.websocket_send("[%s] %s" % (time.time(), message.decode()))
