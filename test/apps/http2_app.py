"""What the tests of HTTP/2 ask for."""
import hashlib
import json
import os
import threading
import time

import wsgimaster

NOTES = os.environ.get("NOTES")
COUNT = {"now": 0, "most": 0}
LOCK = threading.Lock()
PLAIN = [("Content-Type", "text/plain")]


def note(*words):
    if NOTES:
        with open(NOTES, "a") as notes:
            notes.write(" ".join(map(str, words)) + "\n")


def pattern(seed, size):
    """Bytes that tell which stream they are of, and where in it."""
    block = b"".join(b"%s:%08d " % (seed.encode(), n)
                     for n in range(size // 10 + 1))
    return block[:size]


def hello(environ, start_response):
    start_response("200 OK", PLAIN + [("X-Mixed-Case", "Yes")])
    return [b"hello"]


def environ(environ, start_response):
    start_response("200 OK", PLAIN)
    return [json.dumps({key: value for key, value in environ.items()
                        if isinstance(value, str)}).encode()]


def echo(environ, start_response):
    """Length and hash of the body, read in pieces of odd sizes."""
    digest, length = hashlib.sha256(), 0
    try:
        while True:
            data = environ["wsgi.input"].read(7777)
            if not data:
                break
            digest.update(data)
            length += len(data)
    except OSError as error:
        note("body", type(error).__name__)
        raise
    start_response("200 OK", PLAIN)
    return [b"%d %s" % (length, digest.hexdigest().encode())]


def big(environ, start_response):
    """A pattern of a seed, as /big?seed,size; in pieces."""
    seed, size = environ["QUERY_STRING"].split(",")
    data = pattern(seed, int(size))
    start_response("200 OK", PLAIN)
    return (data[at:at + 50000] for at in range(0, len(data), 50000))


def sent_file(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](open(os.environ["BIG_FILE"], "rb"))


def sleep(environ, start_response):
    """Sleeps for QUERY_STRING seconds; counts who does so at a time."""
    with LOCK:
        COUNT["now"] += 1
        COUNT["most"] = max(COUNT["most"], COUNT["now"])
    try:
        note("begun")
        wsgimaster.sleep(float(environ["QUERY_STRING"]))
        note("slept")
    except wsgimaster.ClientGone:
        note("gone")
        raise
    finally:
        with LOCK:
            COUNT["now"] -= 1
    start_response("200 OK", PLAIN)
    return [b"%d" % COUNT["most"]]


def pieces(environ, start_response):
    """Some bytes now, some later, without waiting in between."""
    start_response("200 OK", PLAIN)
    for n in range(3):
        yield b"%d" % n
        time.sleep(0.2)


def short(environ, start_response):
    """Less than is promised."""
    start_response("200 OK", PLAIN + [("Content-Length", "10")])
    return [b"12345"]


def raises(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"x" * 100
    raise ValueError("in the middle")


def unread(environ, start_response):
    """Answers without a look at the body."""
    start_response("200 OK", PLAIN)
    return [b"unread"]


def nothing(environ, start_response):
    start_response("204 No Content", [])
    return []


def long_head(environ, start_response):
    """A head of so many KiB."""
    start_response("200 OK", PLAIN + [
        (f"X-{n}", "y" * 1000) for n in range(int(environ["QUERY_STRING"]))])
    return [b"hello"]


def endless(environ, start_response):
    """Until the client has enough."""
    note("begun")
    start_response("200 OK", PLAIN)
    try:
        while True:
            yield b"y" * 65536
    finally:
        note("closed")


VIEWS = {"/" + view.__name__: view for view in (
    hello, environ, echo, big, sent_file, sleep, pieces, short, raises,
    unread, nothing, long_head, endless)}


def application(environ, start_response):
    view = VIEWS.get(environ["PATH_INFO"])
    if view is None:
        start_response("404 Not Found", PLAIN)
        return [b"no such view"]
    return view(environ, start_response)
