"""What is asked through gateways: nginx, or a client that plays one."""
import array
import functools
import hashlib
import json
import os

import wsgimaster

NOTES = os.environ.get("NOTES", "/dev/null")


def note(text):
    with open(NOTES, "a") as notes:
        notes.write(text + "\n")


@functools.lru_cache(4)
def pattern(size):
    """So many bytes, of which no two neighbourhoods are the same."""
    return array.array("Q", range(size // 8 + 1)).tobytes()[:size]


def variables(environ):
    """The environ, what is no text by its type's name."""
    found = {key: value if isinstance(value, str) else
             f"<{type(value).__name__}>" for key, value in environ.items()}
    return [json.dumps(found).encode()]


def upload(environ):
    """Reads in pieces: how many bytes came, and their digest."""
    digest, size = hashlib.sha256(), 0
    while piece := environ["wsgi.input"].read(50000):
        digest.update(piece)
        size += len(piece)
    return [f"{size} {digest.hexdigest()}".encode()]


def pieces(size):
    """A body of no known length."""
    data = pattern(size)
    for at in range(0, size, 70001):
        yield data[at:at + 70001]


def slowly(path):
    """A piece, and the next when a file is there."""
    yield b"first\n"
    while not os.path.exists(path):
        wsgimaster.sleep(0.02)
    yield b"second\n"


def breaks():
    yield b"some of it"
    raise RuntimeError("in the middle")


def waits(environ):
    """Until the client has left."""
    environ["wsgi.input"].read()
    note("waits")
    try:
        wsgimaster.sleep(60)
    except wsgimaster.ClientGone:
        note("gone")
        raise
    return [b"nobody left"]


def application(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    headers = [("Content-Type", "text/plain")]
    if path == "/raises":
        raise RuntimeError("before the head")
    if path == "/none":
        start_response("204 No Content", [])
        return []
    if path.endswith("/vars"):
        body = variables(environ)
    elif path == "/upload":
        body = upload(environ)
    elif path == "/whole":
        body = [pattern(int(query))]
    elif path == "/pieces":
        body = pieces(int(query))
    elif path == "/slowly":
        body = slowly(query)
    elif path == "/breaks":
        body = breaks()
    elif path == "/short":
        headers.append(("Content-Length", "1000"))
        body = [b"less"]
    elif path == "/waits":
        body = waits(environ)
    elif path == "/sleeps":
        wsgimaster.sleep(float(query))
        body = [b"slept\n"]
    elif path == "/file":
        body = environ["wsgi.file_wrapper"](open(query, "rb"))
    else:
        body = [b"Hello\n"]
    start_response("200 OK", headers)
    return body
