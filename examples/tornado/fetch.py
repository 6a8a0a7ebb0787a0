"""A request that waits for Tornado's HTTP client."""
import functools
import os

import greenlet
from tornado.httpclient import AsyncHTTPClient
# this gives us access to the main IOLoop (the same used by the server)
from tornado.ioloop import IOLoop

io_loop = IOLoop.instance()

URL = os.environ.get("URL", "http://localhost:9191/services")


# this is called at the end of the external HTTP request
def handle_request(me, future):
    try:
        me.result = future.result().body
    except Exception as error:
        print("Error:", error)
        me.result = b""
    # back to the WSGI callable
    me.switch()


def application(e, sr):
    me = greenlet.getcurrent()
    http_client = AsyncHTTPClient()
    io_loop.add_future(http_client.fetch(URL),
                       functools.partial(handle_request, me))
    # suspend the execution until an IOLoop event is available
    me.parent.switch()
    sr("200 OK", [("Content-Type", "text/plain")])
    return [me.result]
