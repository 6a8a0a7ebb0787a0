"""uwsgidecorators: what runs after the fork, and threads."""
import json
import os
import threading

import uwsgi

RAN = []


def first():
    RAN.append("the hook that was there before")


uwsgi.post_fork_hook = first

from uwsgidecorators import postfork, thread                # noqa: E402

LOADED_IN = os.getpid()


@postfork
def every():
    """In each worker."""
    RAN.append(f"every {uwsgi.worker_id()} {os.getpid() != LOADED_IN}")


@postfork(2)
def only_two():
    RAN.append("only two")


@postfork
@postfork
def twice():
    RAN.append("twice")


@thread
def compute(a, b=0):
    RAN.append(["computed", a + b, threading.current_thread().daemon])


@postfork
@thread
def background():
    RAN.append("in the background")


if "FAIL" in os.environ:
    @postfork
    def fails():
        raise LookupError("a hook that fails")


def application(environ, start_response):
    if environ["PATH_INFO"] == "/thread":
        compute(1, b=2).join()
    if environ["PATH_INFO"] == "/call":
        every()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([uwsgi.worker_id(), RAN, every.__name__,
                        every.__doc__]).encode()]
