"""A chat for browsers: what one says, all see.

Everybody is in this worker; for several workers see chat_asyncio_redis.py.
"""
import json
import os

import wsgimaster

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chat.html")
clients = set()             # their request_context()s


def tell_all(text):
    for client in list(clients):
        try:
            wsgimaster.websocket_send(text, request_context=client)
        except OSError:     # it has left, or is too slow (BlockingIOError)
            clients.discard(client)


def chat(environ):
    here = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}"
    wsgimaster.websocket_handshake(origin=here, proto="chat")
    me = wsgimaster.request_context()
    clients.add(me)
    try:
        while True:
            said = json.loads(wsgimaster.websocket_recv())
            tell_all(json.dumps({"name": str(said["name"])[:20],
                                 "text": str(said["text"])[:500]}))
    except (ValueError, KeyError, TypeError):
        wsgimaster.websocket_close(1003, "not what the page sends")
    finally:
        clients.discard(me)
    return []


def application(environ, start_response):
    if environ["PATH_INFO"] == "/chat":
        return chat(environ)
    if environ["PATH_INFO"] == "/":
        start_response("200 OK", [("Content-Type", "text/html")])
        with open(PAGE, "rb") as page:
            return [page.read()]
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"not found\n"]
