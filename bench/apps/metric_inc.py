"""GET /N: N times metric_inc("m"); the answer is pid, start and end."""
import os
import time

import uwsgi


def application(environ, start_response):
    n = int(environ["PATH_INFO"][1:])
    inc = uwsgi.metric_inc
    begun = time.monotonic()
    for _ in range(n):
        inc("m")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {begun} {time.monotonic()}".encode()]
