"""The app of the black-box tests: one small view a path, each one answer."""
import hashlib
import json
import os
import threading
import time
from urllib.parse import parse_qs

try:
    import wsgimaster
except ImportError:         # for running it under another server
    wsgimaster = None

PIECE = 65536
SEEN = []                   # "METHOD path" of every request of this process
ORDER = []                  # the queries of /number
CLOSED = []                 # what became of the iterables with a close()
ERRORS = []                 # what reading a body raised


def text(start_response, body, status="200 OK", headers=()):
    """Answers with a short text whose length is given."""
    body = body if isinstance(body, bytes) else body.encode("latin-1")
    start_response(status, [("Content-Type", "text/plain"),
                            ("Content-Length", str(len(body))), *headers])
    return [body]


def query(environ):
    """The query's parameters, the last of each name."""
    parsed = parse_qs(environ.get("QUERY_STRING", ""))
    return {name: values[-1] for name, values in parsed.items()}


def wait(seconds):
    """Sleeps as the server wants it: the core is parked, if it can be."""
    if wsgimaster is not None and hasattr(wsgimaster, "sleep"):
        wsgimaster.sleep(seconds)
    else:
        time.sleep(seconds)


def hello(environ, start_response):
    return text(start_response, "Hello World")


def number(environ, start_response):
    """Gives the query back, so that answers can be told apart."""
    ORDER.append(environ["QUERY_STRING"])
    return text(start_response, environ["QUERY_STRING"])


def seen(environ, start_response):
    """What has come to this process so far, without this request."""
    return text(start_response, json.dumps(SEEN[:-1]))


def order(environ, start_response):
    return text(start_response, json.dumps(ORDER))


def closed(environ, start_response):
    return text(start_response, json.dumps(CLOSED))


def errors(environ, start_response):
    return text(start_response, json.dumps(ERRORS))


def show(environ, start_response):
    """The environ's plain values as JSON."""
    plain = {key: value for key, value in environ.items()
             if isinstance(value, (str, int, bool))}
    return text(start_response, json.dumps(plain))


def echo(environ, start_response):
    """The body, whole."""
    return text(start_response, environ["wsgi.input"].read())


def digest(environ, start_response):
    """Length and SHA-256 of the body, read in pieces."""
    total, state = 0, hashlib.sha256()
    while True:
        try:
            piece = environ["wsgi.input"].read(PIECE)
        except OSError as error:
            ERRORS.append(f"{type(error).__name__}: {error}")
            raise
        if not piece:
            break
        total += len(piece)
        state.update(piece)
    return text(start_response, f"{total} {state.hexdigest()}")


def one_piece(environ, start_response):
    """Reads only the first bytes of the body."""
    wanted = int(query(environ).get("n", "1"))
    return text(start_response, environ["wsgi.input"].read(wanted))


def unread(environ, start_response):
    """Does not look at the body."""
    return text(start_response, "not read")


def nolen(environ, start_response):
    """Two pieces, no Content-Length."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter([b"first,", b"second"])


def whole(environ, start_response):
    """A list of one piece, no Content-Length."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"whole"]


class Pieces:
    """n pieces of a given size; notes how its end came."""

    def __init__(self, name, count, size):
        self.name, self.count, self.size = name, count, size

    def __iter__(self):
        for index in range(self.count):
            yield b"%04d" % (index % 10000) + b"." * (self.size - 4)

    def close(self):
        CLOSED.append(self.name)


def pieces(environ, start_response):
    asked = query(environ)
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return Pieces(asked.get("name", ""), int(asked.get("n", "1000")),
                  int(asked.get("size", "100")))


def blob(size):
    """Bytes that repeat late, so that a shifted copy is not the same."""
    unit = b"".join(b"%07d\n" % n for n in range(131072))     # 1 MiB
    return (unit * (size // len(unit) + 1))[:size]


BLOBS = {}


def big(environ, start_response):
    """One bytes object of the size asked for."""
    size = int(query(environ).get("size", "1048576"))
    if size not in BLOBS:
        BLOBS[size] = blob(size)
    start_response("200 OK", [("Content-Type", "application/octet-stream"),
                              ("Content-Length", str(size))])
    return [BLOBS[size]]


def send_file(environ, start_response):
    """The file that TEST_FILE names, by wsgi.file_wrapper."""
    path = os.environ["TEST_FILE"]
    headers = [("Content-Type", "application/octet-stream")]
    if "nolen" not in environ["QUERY_STRING"]:
        headers.append(("Content-Length", str(os.path.getsize(path))))
    start_response("200 OK", headers)
    opened = open(path, "rb")
    opened.seek(int(query(environ).get("from", "0")))
    return environ["wsgi.file_wrapper"](opened, PIECE)


def short(environ, start_response):
    """Announces more than it sends."""
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "100")])
    return [b"x" * 10]


def long(environ, start_response):
    """Sends more than it has announced."""
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "10")])
    return [b"0123456", b"789and more", b"and more"]


def raising(environ, start_response):
    raise ValueError("raised on purpose")


def raising_late(environ, start_response):
    """Raises when a part of the body is out."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    raise ValueError("raised late on purpose")


def status(environ, start_response):
    """Answers with the status asked for, without a body."""
    start_response(query(environ)["line"], [])
    return []


def sleep(environ, start_response):
    wait(float(query(environ).get("s", "1")))
    return text(start_response, "slept")


def gate(environ, start_response):
    """Waits until the file that TEST_GATE names is there."""
    while not os.path.exists(os.environ["TEST_GATE"]):
        wait(0.2)
    return text(start_response, environ["QUERY_STRING"])


def worker(environ, start_response):
    """Which worker process and thread it is."""
    return text(start_response,
                f"{os.getpid()} {threading.get_native_id()}")


VIEWS = {
    "/": hello, "/hello": hello, "/number": number, "/seen": seen,
    "/order": order, "/closed": closed, "/errors": errors,
    "/environ": show, "/echo": echo, "/digest": digest,
    "/one-piece": one_piece, "/unread": unread, "/nolen": nolen,
    "/whole": whole, "/pieces": pieces, "/big": big, "/file": send_file,
    "/short": short, "/long": long, "/raise": raising,
    "/raise-late": raising_late, "/status": status, "/sleep": sleep,
    "/gate": gate, "/worker": worker,
}


def application(environ, start_response):
    path = environ["PATH_INFO"]
    SEEN.append(f"{environ['REQUEST_METHOD']} {path}")
    if path == "" and environ["REQUEST_METHOD"] == "OPTIONS":
        return show(environ, start_response)
    view = VIEWS.get(path)
    if view is None:
        return text(start_response, "not found", "404 Not Found")
    return view(environ, start_response)
