"""Tells the request's id as it is at many places; and its log records do."""
import asyncio
import json
import logging
import sys
import threading
from urllib.parse import parse_qs

import wsgimaster


class RequestId(logging.Filter):
    def filter(self, record):
        record.request_id = wsgimaster.current_request_id() or "-"
        return True


handler = logging.StreamHandler(sys.stderr)
handler.addFilter(RequestId())
handler.setFormatter(logging.Formatter("%(request_id)s says %(message)s"))
log = logging.getLogger("app")
log.addHandler(handler)
log.setLevel(logging.INFO)
log.info("imported")


def deep(n):
    """The id as somebody far from the environ sees it."""
    return deep(n - 1) if n else wsgimaster.current_request_id()


async def in_task():
    """The ids of a coroutine and of a task that it starts."""
    async def inner():
        await asyncio.sleep(0.01)
        log.info("task")
        return wsgimaster.current_request_id()
    return [wsgimaster.current_request_id(),
            await asyncio.create_task(inner())]


def park(environ, seconds):
    before = deep(3)
    wsgimaster.sleep(seconds)
    log.info("after the switch")
    return [environ["wsgimaster.request_id"], before, deep(3)]


def other_thread():
    """Whose request a thread of the app's is in: nobody's."""
    seen = []
    thread = threading.Thread(
        target=lambda: seen.append(wsgimaster.current_request_id()))
    thread.start()
    thread.join()
    return seen


def application(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    seconds = float(query.get("s", ["0"])[0])
    path = environ["PATH_INFO"]
    if path == "/raise":
        wsgimaster.sleep(seconds)
        raise ValueError("raised on purpose")
    if path == "/task":
        told = wsgimaster.await_(in_task())
    elif path == "/thread":
        told = other_thread()
    elif path == "/environ":
        told = {key: environ[key] for key in environ
                if "REQUEST_ID" in key or key == "wsgimaster.request_id"}
    else:
        told = park(environ, seconds)
    if path == "/body":
        def body():
            yield json.dumps(told).encode()
            wsgimaster.sleep(seconds)
            yield b"\n" + wsgimaster.current_request_id().encode()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body()
    environ["wsgi.errors"].write("wsgi.errors of %s\n" % path)
    headers = [("Content-Type", "application/json")]
    if path == "/own":
        headers.append(("x-request-id", "the-apps"))
    start_response("200 OK", headers)
    return [json.dumps(told).encode()]
