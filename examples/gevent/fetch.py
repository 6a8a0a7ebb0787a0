"""Fetches a page with the standard library, which is patched: only this
request waits."""
import os
import urllib.request

URL = os.environ.get("URL", "https://www.python.org/")


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    with urllib.request.urlopen(URL, timeout=10) as response:
        return [b"%d bytes\n" % len(response.read())]
