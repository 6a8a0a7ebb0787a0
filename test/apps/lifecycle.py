"""An app that lives and dies as the tests of the processes want it to.

When it is loaded it runs import.py of the current folder, if that is there.
"""
import os
import signal
import socket
import subprocess
import sys
import time

import uwsgi
import wsgimaster

VERSION = "0"
_import = os.path.join(os.getcwd(), "import.py")
if os.path.exists(_import):
    with open(_import) as _file:
        exec(_file.read())


def who(_):
    return "%d %d %s" % (uwsgi.worker_id(), os.getpid(), VERSION)


def sleep(seconds):
    time.sleep(float(seconds))
    return "slept " + who(None)


def park(seconds):
    """Waits on the event loop, if the engine can do that."""
    wsgimaster.sleep(float(seconds))
    return "parked " + who(None)


def wait_port(port):
    """Waits for bytes that never come."""
    with socket.create_connection(("127.0.0.1", int(port)), 10) as other:
        uwsgi.wait_fd_read(other.fileno(), 60)
        uwsgi.suspend()
    return "came"


def stuck(_):
    while True:
        pass


def kill(number):
    os.kill(os.getpid(), int(number))
    time.sleep(10)
    return "still here"


def leave(status):
    os._exit(int(status))


def reload(_):
    uwsgi.reload()
    return "asked"


def stop(_):
    uwsgi.stop()
    return "asked"


def child(seconds):
    """Leaves a process behind."""
    process = subprocess.Popen(["sleep", seconds])
    return str(process.pid)


def fork(seconds):
    """Leaves a process behind that is a copy of this one."""
    pid = os.fork()
    if pid == 0:
        time.sleep(float(seconds))
        os._exit(0)
    return str(pid)


def terminate(_):
    """Whether what a worker starts can be ended as usual."""
    process = subprocess.Popen(["sleep", "60"])
    process.terminate()
    return str(process.wait(timeout=10))


def environment(name):
    return os.environ.get(name, "not set")


def printed(text):
    print("printed " + text)
    sys.stdout.flush()
    return "printed"


def note(text):
    """Into the queue and the cache."""
    uwsgi.queue_push(text)
    uwsgi.cache_inc("notes")
    return "noted"


def note_when(path):
    """The same as soon as a file is there."""
    while not os.path.exists(path):
        time.sleep(0.01)
    return note(path)


def notes(_):
    """All that were noted, in order, and how many the cache knows of."""
    told = list(iter(uwsgi.queue_pull, None))
    return b" ".join(told + [b"%d" % uwsgi.cache_num("notes")]).decode()


def application(environ, start_response):
    name, _, argument = environ["PATH_INFO"][1:].partition("/")
    body = globals()[name or "who"](argument).encode()
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
