"""Which machine answers, and which worker of it."""
import os
import socket

import wsgimaster

HOST = os.environ.get("HOST_NAME", socket.gethostname())


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"host {HOST}, worker {wsgimaster.worker_id()}\n".encode()]
