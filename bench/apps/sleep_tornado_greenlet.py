"""sleep50 and park by a Tornado timer that switches back, as uWSGI's Tornado
engine has it.
"""
import greenlet
import parking
from tornado.ioloop import IOLoop


def sleep(seconds):
    me = greenlet.getcurrent()
    IOLoop.instance().call_later(seconds, me.switch)
    me.parent.switch()


def sleep50(environ, start_response):
    sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]


park = parking.app(sleep)
