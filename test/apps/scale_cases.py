"""An app whose requests take as long, and give as many bytes, as asked for.

GET /MILLISECONDS/SIZE: half of the bytes, a pause, the other half. Which bytes
they are follows from the path: a client can check each of them.
"""
import wsgimaster


def pattern(size, seed):
    period = bytes((seed + 31 * i) % 251 for i in range(251))
    return (period * (size // 251 + 1))[:size]


def application(environ, start_response):
    if environ["PATH_INFO"] == "/":
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]
    ms, size = map(int, environ["PATH_INFO"][1:].split("/"))
    body = pattern(size, ms)
    start_response("200 OK", [("Content-Type", "application/octet-stream"),
                              ("Content-Length", str(size))])
    return halves(body, ms)


def halves(body, ms):
    yield body[:len(body) // 2]
    wsgimaster.sleep(ms / 1000)
    yield body[len(body) // 2:]
