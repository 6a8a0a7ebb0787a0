"""The same, and then a pause: two callbacks, one after the other."""
import functools
import os
import time

import greenlet
from tornado.httpclient import AsyncHTTPClient
# this gives us access to the main IOLoop (the same used by the server)
from tornado.ioloop import IOLoop

io_loop = IOLoop.instance()

URL = os.environ.get("URL", "http://localhost:9191/services")


def sleeper(me):
    # TIMED OUT
    # finally come back to WSGI callable
    me.switch()


# this is called at the end of the external HTTP request
def handle_request(me, future):
    try:
        me.result = future.result().body
    except Exception as error:
        print("Error:", error)
        me.result = b""
    # add another callback in the chain
    me.timeout = io_loop.add_timeout(time.time() + 10,
                                     functools.partial(sleeper, me))


def application(e, sr):
    me = greenlet.getcurrent()
    http_client = AsyncHTTPClient()
    io_loop.add_future(http_client.fetch(URL),
                       functools.partial(handle_request, me))
    # suspend the execution until an IOLoop event is available
    me.parent.switch()
    # unregister the timer
    io_loop.remove_timeout(me.timeout)
    sr("200 OK", [("Content-Type", "text/plain")])
    return [me.result]
