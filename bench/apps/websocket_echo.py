"""Echoes a websocket's messages, under wsgimaster or uWSGI."""
import uwsgi


def application(environ, start_response):
    if environ["PATH_INFO"] != "/echo":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"here\n"]
    uwsgi.websocket_handshake(environ["HTTP_SEC_WEBSOCKET_KEY"], "")
    while True:
        uwsgi.websocket_send(uwsgi.websocket_recv())
