"""fetch.py in one line: await_ takes Tornado's futures as well."""
import os

from tornado.httpclient import AsyncHTTPClient
from wsgimaster import await_

URL = os.environ.get("URL", "http://localhost:9191/services")


def application(environ, start_response):
    response = await_(AsyncHTTPClient().fetch(URL), timeout=10)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [response.body]
