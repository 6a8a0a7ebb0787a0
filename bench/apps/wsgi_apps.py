"""The plain WSGI workloads; they run on any WSGI server."""

HELLO = b"Hello World"
BIG = bytes(range(256)) * 4096          # 1 MiB
PIECE = b"x" * 1023 + b"\n"             # 1 KiB
PIECES = 100


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "11")])
    return [HELLO]


def hello_nolen(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [HELLO]


def echo(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    start_response("200 OK", [("Content-Type", "application/octet-stream"),
                              ("Content-Length", str(len(body)))])
    return [body]


def big(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream"),
                              ("Content-Length", str(len(BIG)))])
    return [BIG]


def stream(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(PIECES):
        yield PIECE
