"""The same with time.sleep, which knows nothing of cores: everybody waits."""
import time


def application(environ, start_response):
    time.sleep(2)                   # the whole worker waits
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"two seconds later, and so is everybody else\n"]
