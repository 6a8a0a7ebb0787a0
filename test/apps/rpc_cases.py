"""Functions that others may call, and an app that calls them.

Runs under uWSGI as well. GET /call?NODE NAME ARG... calls a function of that
node ("-" is this process, by call(); "+" by rpc(None)); the answer is the
repr of what it gave, or the exception. NAME and ARG are sent as bytes; one
that begins with "s:" as str, "n:N" is N bytes. GET /signal?NODE NUMBER raises
a signal there; who has it writes a line to the file NOTES.
"""
import os
import time
import urllib.parse

import uwsgi

HELD = []


def echo(*args):
    assert all(type(arg) is bytes for arg in args), args
    return b"%d:" % len(args) + b",".join(args)


def big(size):
    return b"x" * int(size)


def where():
    return b"%d %d" % (uwsgi.worker_id(), os.getpid())


def nothing():
    return b""


def text():
    return "a str"


def fails():
    raise ValueError("it fails on purpose")


def slow(seconds):
    """Waits as a request does, with the other requests beside it."""
    getattr(uwsgi, "sleep", time.sleep)(float(seconds))
    return b"waited"


def held():
    """Until /release."""
    HELD.append(True)
    end = time.monotonic() + 60
    while HELD and time.monotonic() < end:
        uwsgi.sleep(0.02)
    return b"released"


def nested(node, *args):
    """Calls on."""
    return uwsgi.rpc(node, *args) or b"None"


def harakiri():
    uwsgi.set_user_harakiri(0.2)
    uwsgi.sleep(60)
    return b"never"


def forks():
    pid = os.fork()
    if pid == 0:
        return b"a child's"
    os.waitpid(pid, 0)
    return b"the parent's"


for function in (echo, big, where, nothing, text, fails, slow, nested,
                 harakiri, forks, held):
    uwsgi.register_rpc(function.__name__, function)


def noted(number):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{number}\n")


if "NOTES" in os.environ:
    uwsgi.register_signal(17, "", noted)


def argument(word):
    if word.startswith("s:"):
        return word[2:]
    if word.startswith("n:"):
        return b"y" * int(word[2:])
    return word.encode("latin-1")


def called(words):
    node, *args = words
    args = [argument(word) for word in args]
    try:
        if node == "-":
            return repr(uwsgi.call(*args))
        if node == "+":
            return repr(uwsgi.rpc(None, *args))
        return repr(uwsgi.rpc(node, *args))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def signalled(node, number):
    try:
        return repr(uwsgi.signal(int(number), node))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def registered(name, *more):
    try:
        return repr(uwsgi.register_rpc(argument(name), echo, *more))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    words = urllib.parse.unquote(environ["QUERY_STRING"]).split(" ")
    if environ["PATH_INFO"] == "/call":
        return [called(words).encode()]
    if environ["PATH_INFO"] == "/signal":
        return [signalled(*words).encode()]
    if environ["PATH_INFO"] == "/register":
        return [registered(*words).encode()]
    if environ["PATH_INFO"] in ("/held", "/release"):
        count = len(HELD)
        if environ["PATH_INFO"] == "/release":
            HELD.clear()
        return [b"%d" % count]
    if environ["PATH_INFO"] == "/list":
        return [repr(uwsgi.rpc_list()).encode()]
    return [b"here"]
