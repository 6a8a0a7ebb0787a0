"""A site that has no server in front: HTTPS only, and uploads with a limit."""
import wsgimaster

PAGE = b"""<!DOCTYPE html>
<html lang="en"><head><title>Edge</title>
<link rel="stylesheet" href="/static/style.css"></head>
<body><p>Served without a proxy.</p></body></html>
"""


def answer(start_response, status, body, *headers):
    start_response(status, [("Content-Length", str(len(body))),
                            ("Strict-Transport-Security", "max-age=86400"),
                            *headers])
    return [body]


def to_https(environ, start_response):
    """Who comes by plain HTTP is sent to HTTPS, on the host it asked for."""
    host = environ.get("HTTP_HOST", environ["SERVER_NAME"])
    where = f"https://{host.rsplit(':', 1)[0]}{environ['PATH_INFO']}"
    start_response("308 Permanent Redirect", [
        ("Location", where.encode("ascii", "ignore").decode()),
        ("Content-Length", "0")])
    return []


def application(environ, start_response):
    text = ("Content-Type", "text/plain; charset=utf-8")
    if environ["wsgi.url_scheme"] != "https":
        return to_https(environ, start_response)
    if environ["PATH_INFO"] == "/upload":
        size, read = 0, environ["wsgi.input"].read
        while piece := read(65536):
            size += len(piece)
        return answer(start_response, "200 OK", b"%d bytes\n" % size, text)
    if environ["PATH_INFO"] == "/slow":
        wsgimaster.sleep(2)
        return answer(start_response, "200 OK", b"waited\n", text)
    if environ["PATH_INFO"] != "/":
        return answer(start_response, "404 Not Found", b"no such page\n",
                      text)
    return answer(start_response, "200 OK", PAGE,
                  ("Content-Type", "text/html; charset=utf-8"))
