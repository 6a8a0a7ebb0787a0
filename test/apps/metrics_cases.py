"""An app that answers as its path says: /status/404, /sleep/0.5, /hold/0.5,
/until/FILE (is there), /raise, /big.
"""
import os
import time
from urllib.parse import unquote

REASONS = {"200": "200 OK", "302": "302 Found", "404": "404 Not Found",
           "503": "503 Service Unavailable", "700": "700 Odd"}


def application(environ, start_response):
    name, _, argument = environ["PATH_INFO"].strip("/").partition("/")
    if name == "raise":
        raise ValueError("as asked for")
    try:
        from wsgimaster import sleep
    except ImportError:
        sleep = time.sleep
    if name == "sleep":
        sleep(float(argument))
    if name == "until":
        end = time.monotonic() + 60
        while not os.path.exists(unquote(argument)) and (
                time.monotonic() < end):
            sleep(0.02)
    if name == "hold":
        time.sleep(float(argument))
    body = b"x" * (50_000_000 if name == "big" else 10)
    status = REASONS[argument if name == "status" else "200"]
    start_response(status, [("Content-Type", "text/plain"),
                            ("Content-Length", str(len(body)))])
    return [body]
