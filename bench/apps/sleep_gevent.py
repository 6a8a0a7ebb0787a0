"""sleep50 for servers on gevent."""
import gevent


def sleep50(environ, start_response):
    gevent.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]
