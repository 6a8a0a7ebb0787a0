"""sleep50 and park for servers on gevent."""
import gevent

import parking


def sleep50(environ, start_response):
    gevent.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]


park = parking.app(gevent.sleep)
