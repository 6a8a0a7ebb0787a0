"""Requests that fork, and children that do what a child should not."""
import multiprocessing
import os
import subprocess
import sys
import threading

import wsgimaster

PLAIN = [("Content-Type", "text/plain")]


def returns(start_response):
    if os.fork() == 0:
        start_response("200 OK", PLAIN)
        return [b"child"]
    return None


def raises(start_response):
    if os.fork() == 0:
        raise ValueError("of a child")


def generates(start_response):
    start_response("200 OK", PLAIN)

    def pieces():
        yield b"begun "
        os.fork()
        yield b"%d" % os.getpid()
    return pieces()


def exits(start_response):
    """A child that tries everything, and its exit status."""
    child = os.fork()
    if child == 0:
        wsgimaster.sleep(0.01)
        wsgimaster.stop()
        write = start_response("200 OK", PLAIN)
        try:
            write(b"child")
        except OSError:
            sys.exit(7)
    status = os.waitpid(child, 0)[1] >> 8
    start_response("200 OK", PLAIN)
    return [b"%d" % status]


def of_every_kind(start_response):
    """Children by os.fork, multiprocessing and subprocess, from one request."""
    child = os.fork()
    if child == 0:
        os._exit(3)
    worker = multiprocessing.get_context("fork").Process(
        target=sys.exit, args=(4,))
    worker.start()
    ran = subprocess.run([sys.executable, "-S", "-c", "raise SystemExit(5)"],
                         preexec_fn=os.getpid)
    thread = threading.Thread(target=os.fork)
    thread.start()
    worker.join()
    thread.join()
    status = os.waitpid(child, 0)[1] >> 8
    start_response("200 OK", PLAIN)
    return [b"%d %d %d" % (status, worker.exitcode, ran.returncode)]


def in_thread(start_response):
    thread = threading.Thread(target=os.fork)
    thread.start()
    thread.join()


def application(environ, start_response):
    view = globals().get(environ["PATH_INFO"][1:])
    body = view(start_response) if view else None
    if body is None:
        start_response("200 OK", PLAIN)
        body = [b"%d" % os.getpid()]
    return body
