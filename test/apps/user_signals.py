"""Signals, timers and file monitors: what the tests of signals ask for.

Handlers write a line each to the file NOTES: the name, the worker, and what
is to be seen. A request's path is a call of the module.
"""
import json
import os
import time

import uwsgi
import wsgimaster
from uwsgidecorators import get_free_signal, mstimer, signal

NOTES = os.environ["NOTES"]
WATCHED = os.environ.get("WATCHED")
GATE = os.environ.get("GATE")


def note(*what):
    who = f"mule{uwsgi.mule_id()}" if uwsgi.mule_id() else uwsgi.worker_id()
    with open(NOTES, "a") as f:
        f.write(" ".join(map(str, (what[0], who) + what[1:])) + "\n")


@signal(1)
def one(number):
    note("one", number, uwsgi.signal_received())


@signal(2, target="workers")
def everybody(number):
    note("everybody")


@signal(3, target="worker2")
def second(number):
    note("second")


@signal(4)
def waits(number):
    """A handler that waits: the requests go on."""
    note("waits")
    uwsgi.async_sleep(0.4)
    uwsgi.suspend()
    wsgimaster.sleep(0.2)
    note("waited")


@signal(5)
def fails(number):
    note("fails")
    uwsgi.lock()
    raise LookupError("a handler that fails")


def refused(function, *args):
    try:
        function(*args)
    except Exception as error:
        return type(error).__name__
    return "nothing"


@signal(6)
def asks(number):
    """What is a request's alone is refused in a handler, not descriptors."""
    reads, writes = os.pipe()
    assert uwsgi.send(writes, b"piped") and uwsgi.recv(reads) == b"piped"
    assert uwsgi.close(reads) is None and uwsgi.close(writes) is None
    assert refused(uwsgi.recv) == refused(uwsgi.send, b"x") == "RuntimeError"
    note("asks", refused(uwsgi.connection_fd), refused(uwsgi.disconnect),
         refused(uwsgi.chunked_read_nb), refused(uwsgi.sendfile, "/"),
         refused(lambda: uwsgi.env), refused(uwsgi.signal_wait),
         uwsgi.current_request_id())


@signal(7)
def slow(number):
    note("slow")
    time.sleep(0.01)


@signal(8, target="mule")
def in_a_mule(number):
    note("mule", number)


@signal(9, target="mules")
def in_all_mules(number):
    note("mules")


@mstimer(100, signum=10)
def tick(number):
    note("tick")


uwsgi.register_signal(11, b"", lambda n: note("thrice"))
uwsgi.add_rb_timer(11, 0.1, 3)
uwsgi.register_signal(12, "workers", lambda n: note("changed"))
if WATCHED:
    uwsgi.add_file_monitor(12, WATCHED)
FREE = get_free_signal()
if os.environ.get("VERSION") == "2":
    uwsgi.remove_timer(10)
uwsgi.register_signal(13, "", lambda n: note(
    "version", os.environ.get("VERSION")))
uwsgi.add_timer(13, 0.2)


def hold():
    """Until there is the file NOTES.go."""
    end = time.monotonic() + 60
    while not os.path.exists(NOTES + ".go") and time.monotonic() < end:
        wsgimaster.sleep(0.02)


def holds(number):
    note("holds")
    hold()
    note("held")


uwsgi.register_signal(14, "", holds)

def gate():
    """Worker 2 starts when the file is there."""
    while uwsgi.worker_id() == 2 and not os.path.exists(GATE):
        time.sleep(0.02)


if GATE:
    uwsgi.post_fork_hook = gate

BAD = {
    "number": lambda: uwsgi.register_signal(256, "", one),
    "negative": lambda: uwsgi.signal(-1),
    "raise300": lambda: uwsgi.signal(300),
    "target": lambda: uwsgi.register_signal(1, "nobody", one),
    "subscribed": lambda: uwsgi.register_signal(1, "subscribed", one),
    "timer": lambda: uwsgi.add_timer(1, 0),
    "cron": lambda: uwsgi.add_cron(1, 60, 0, 1, 1, 1),
    "node": lambda: uwsgi.signal(1, "no:such:host"),
    "path": lambda: uwsgi.add_file_monitor(1, "/" + "x" * 300),
}


def call(words):
    what, *args = words
    if what == "raise":
        for number in args:
            uwsgi.signal(int(number))
    elif what == "flood":
        for _ in range(int(args[1])):
            uwsgi.signal(int(args[0]))
    elif what == "wait":
        before = uwsgi.signal_received()
        answer = uwsgi.signal_wait(*map(int, args))
        return [before, repr(answer), uwsgi.signal_received()]
    elif what == "hold":
        hold()
    elif what == "leave":
        try:
            uwsgi.signal_wait(7)
        except SystemError as error:
            return str(error)
    elif what == "remove":
        return uwsgi.remove_timer(int(args[0]))
    elif what == "unregister":
        return uwsgi.unregister_signal(int(args[0]))
    elif what == "registered":
        return [uwsgi.signal_registered(1), uwsgi.signal_registered(200),
                FREE]
    elif what == "own":
        number = 100 + uwsgi.worker_id()
        uwsgi.register_signal(number, "", lambda n: note("own", n))
        uwsgi.signal(number)    # the master knows of it when this is handled
        return number
    elif what == "bad":
        return {name: refused(function) for name, function in BAD.items()}
    return uwsgi.worker_id()


def application(environ, start_response):
    answer = call(environ["PATH_INFO"].strip("/").split("/"))
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
