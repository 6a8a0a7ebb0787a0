"""Requests that fork, and children that do what a child should not."""
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time

import wsgimaster

PLAIN = [("Content-Type", "text/plain")]
WAITING = []


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
    while worker.exitcode is None:
        # Another thread's Process.start() looks after all children, has just
        # waited for this one, and will say so.
        time.sleep(0.01)
    thread.join()
    status = os.waitpid(child, 0)[1] >> 8
    start_response("200 OK", PLAIN)
    return [b"%d %d %d" % (status, worker.exitcode, ran.returncode)]


def waits(start_response):
    """Waits for a descriptor, which a child must not spoil."""
    import greenlet
    ours, other = socket.socketpair()
    WAITING[:] = greenlet.getcurrent(), other
    wsgimaster.wait_fd_read(ours, 20)
    wsgimaster.suspend()
    start_response("200 OK", PLAIN)
    return [b"%d" % (wsgimaster.ready_fd() == ours.fileno())]


def throws(start_response):
    """A child ends its parent's waiting request, for itself."""
    while not WAITING:
        wsgimaster.sleep(0.01)
    child = os.fork()
    if child == 0:
        WAITING[0].throw(ValueError)
        os._exit(9)
    status = os.waitpid(child, 0)[1] >> 8
    WAITING[1].send(b"x")
    start_response("200 OK", PLAIN)
    return [b"%d" % status]


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
