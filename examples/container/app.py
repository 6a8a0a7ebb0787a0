"""The smallest app that shows where it runs."""
import os
import socket


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello from process %d on %s\n" % (
        os.getpid(), socket.gethostname().encode())]
