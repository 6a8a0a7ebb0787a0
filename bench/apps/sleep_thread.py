"""sleep50 and park for servers whose requests run in threads, or one at a time."""
import time

import parking


def sleep50(environ, start_response):
    time.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]


park = parking.app(time.sleep)
