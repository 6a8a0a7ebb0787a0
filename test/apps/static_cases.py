"""The app behind static files: says that it was asked, or waits."""
import time

try:
    import wsgimaster
except ImportError:         # for running it under another server
    wsgimaster = None


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/sleep":
        seconds = float(environ["QUERY_STRING"])
        (wsgimaster.sleep if wsgimaster else time.sleep)(seconds)
    body = f"app {environ['REQUEST_METHOD']} {path}".encode("latin-1")
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
