"""Waits for a descriptor: a command's output, with a limit."""
import os
import subprocess

import wsgimaster


def run(command, timeout):
    """What a command prints; other requests run while it takes its time."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        output = []
        while True:
            if not wsgimaster.wait(process.stdout, "r", timeout):
                process.kill()
                raise TimeoutError(f"{command[0]} says nothing")
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                return b"".join(output)
            output.append(piece)


def application(environ, start_response):
    answer = run(["sh", "-c", "sleep 1; uname -s"], timeout=10)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer]
