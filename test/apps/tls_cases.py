"""What clients/tls_checks.py asks for, over TLS."""
import hashlib
import json
import os
import random

import wsgimaster

BLOCK = random.Random(6).randbytes(1 << 20)


def pattern(size):
    """The first bytes of a body that anybody can make."""
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def env(environ):
    """What of environ is text."""
    shown = {key: value for key, value in environ.items()
             if isinstance(value, str)}
    shown["pid"] = os.getpid()
    return [json.dumps(shown).encode()]


def digest(environ):
    """Reads the body in pieces, and says what it was."""
    seen, size = hashlib.sha256(), 0
    while True:
        piece = environ["wsgi.input"].read(100_000)
        if not piece:
            break
        seen.update(piece)
        size += len(piece)
    return [b"%d %s" % (size, seen.hexdigest().encode())]


def blob(environ):
    return [pattern(int(environ["QUERY_STRING"]))]


def stream(environ):
    """The same in pieces of many sizes, without a length."""
    body, at, step = pattern(int(environ["QUERY_STRING"])), 0, 1
    while at < len(body):
        yield body[at:at + step]
        at += step
        step = step * 3 % 70_001


def fails(environ):
    """A body that is cut off."""
    yield b"piece" * 1000
    wsgimaster.sleep(0.05)
    raise RuntimeError("in the midst of a body")


def file(environ):
    """A file, from an offset on."""
    name, offset = environ["QUERY_STRING"].split(",")
    opened = open(name, "rb")
    opened.seek(int(offset))
    return environ["wsgi.file_wrapper"](opened)


def peek(environ):
    """Tries to read a file."""
    try:
        with open(environ["QUERY_STRING"], "rb") as opened:
            return [opened.read()]
    except OSError as error:
        return [type(error).__name__.encode()]


def application(environ, start_response):
    body = globals()[environ["PATH_INFO"][1:]](environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return body
