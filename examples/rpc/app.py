"""Functions that other servers may call, and an app that calls them.

/ calls here, /remote over the server's own uwsgi socket, where any of its
workers answers; /slow waits for that, parked, while others run.
"""
import os

import uwsgi
from uwsgidecorators import rpc

NODE = os.path.abspath("rpc.sock")


@rpc("hello")
def hello(name):
    return b"Hello " + name + b" from worker %d" % uwsgi.worker_id()


@rpc("slow")
def slow(name):
    uwsgi.sleep(0.5)
    return b"slowly, " + name


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    name = environ["QUERY_STRING"] or "you"
    if environ["PATH_INFO"] == "/remote":
        answer = uwsgi.rpc(NODE, "hello", name)
    elif environ["PATH_INFO"] == "/slow":
        answer = uwsgi.rpc(NODE, "slow", name)
    elif environ["PATH_INFO"] == "/list":
        answer = b" ".join(uwsgi.rpc_list())
    else:
        answer = uwsgi.call("hello", name)
    return [(answer or b"nobody answers") + b"\n"]
