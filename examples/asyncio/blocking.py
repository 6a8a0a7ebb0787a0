"""What blocks or computes goes to a thread, so that the others can go on."""
import asyncio
import time

from wsgimaster import await_

loop = asyncio.get_event_loop()     # the server's; also at import


def slow_driver():
    time.sleep(1)                   # it cannot be told to wait otherwise
    return b"at last\n"


def application(environ, start_response):
    answer = await_(loop.run_in_executor(None, slow_driver))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer]
