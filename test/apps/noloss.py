"""What clients/noloss.py asks for: answers whose every byte it can predict.

/fast/ID, /slow/ID/MS, /stream/ID/PIECES/MS, /large/ID/KIB, /hog/ID/MIB and POST
/echo/ID. The same functions make the bytes there and here. When it is loaded it
runs import.py of the current folder, if that is there.
"""
import os
import random

_BLOCK = random.Random(5).randbytes(65536)
_import = os.path.join(os.getcwd(), "import.py")
_hoard = []


def pattern(number, size):
    """The first bytes of a body: another one for each number."""
    at = number * 7919 % len(_BLOCK)
    turned = _BLOCK[at:] + _BLOCK[:at]
    return (turned * (size // len(turned) + 1))[:size]


def piece(number, i):
    """One piece of a stream; some are large, and none is empty."""
    return pattern(number + i, 20000 if i % 7 == 6 else 10 + i * 37 % 500)


def fast(number):
    return [b"fast %d\n" % number]


def slow(number, ms):
    wsgimaster.sleep(ms / 1000)
    return [b"slow %d\n" % number]


def stream(number, pieces, ms):
    for i in range(pieces):
        if i % 3 == 1:
            wsgimaster.sleep(ms / 1000)
        yield piece(number, i)


def large(number, kib):
    return [pattern(number, kib * 1024)]


def hog(number, mib):
    """Keeps so much memory for good."""
    _hoard.append(bytearray(b"x") * (mib << 20))
    return [b"hog %d\n" % number]


def application(environ, start_response):
    name, *numbers = environ["PATH_INFO"][1:].split("/")
    headers = [("X-Worker", "%d %d" % (wsgimaster.worker_id(), os.getpid()))]
    if name == "echo":
        body = environ["wsgi.input"].read()
        headers.append(("Content-Length", str(len(body))))
        start_response("200 OK", headers)
        return [body]
    body = globals()[name](*map(int, numbers))
    if name != "stream":
        headers.append(("Content-Length", str(sum(map(len, body)))))
    start_response("200 OK", headers)
    return body


try:
    import wsgimaster
except ImportError:             # the client, which wants the bytes only
    pass
else:
    if os.path.exists(_import):
        with open(_import) as _file:
            exec(_file.read())
