"""The app of the parked requests, made from a server's way to sleep.

"/MS/NUMBER" sleeps for MS milliseconds and answers "NUMBER BEGIN END", the
times around the sleep in nanoseconds of CLOCK_MONOTONIC (park/park.c).
"""
from time import monotonic_ns


def app(sleep):
    """The WSGI app that calls sleep(seconds)."""
    def park(environ, start_response):
        _, ms, number = environ["PATH_INFO"].split("/")
        seconds = int(ms) / 1000
        begin = monotonic_ns()
        sleep(seconds)
        body = b"%d %d %d" % (int(number), begin, monotonic_ns())
        start_response("200 OK", [("Content-Type", "text/plain"),
                                  ("Content-Length", str(len(body)))])
        return [body]
    return park
