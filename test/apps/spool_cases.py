"""Spools what requests ask for; its spoolers note what they do.

POST /spool with a JSON object spools it and answers with the task's path, or
the exception. Each step of a task is a line of the file $NOTES: pid, step,
"name", and whether its body is what "sha" says. "do" says what the handler
does: ok, retry, ignore, raise, none, die, dir, sleep SECONDS, hold (until
there is the file $NOTES.go).
"""
import hashlib
import json
import os
import signal
import sys
import time

import uwsgi

NOTES = os.environ["NOTES"]
GO = NOTES + ".go"
RETRIED = set()


def note(*words):
    line = " ".join(str(word) for word in words) + "\n"
    fd = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, line.encode())
    os.close(fd)


def whole(task):
    if b"sha" not in task:
        return "-"
    found = hashlib.sha256(task["body"]).hexdigest().encode()
    return "whole" if found == task[b"sha"] else "DAMAGED"


def handler(task):
    name = task.get(b"name", b"?").decode()
    what, _, argument = task.get(b"do", b"ok").decode().partition(" ")
    note(os.getpid(), "begin", name, whole(task))
    assert uwsgi.i_am_the_spooler() is True and uwsgi.worker_id() == 0
    if what == "sleep":
        time.sleep(float(argument))
    elif what == "hold":
        end = time.monotonic() + 60
        while not os.path.exists(GO) and time.monotonic() < end:
            time.sleep(0.01)
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "raise":
        raise RuntimeError("as it was told")
    elif what == "none":
        return None
    elif what == "ignore":
        return uwsgi.SPOOL_IGNORE
    elif what == "dir":
        note(uwsgi.spooler_dir().decode(), os.getcwd(),
             "spool_imported" in sys.modules)
    elif what == "retry" and name not in RETRIED:
        RETRIED.add(name)
        return uwsgi.SPOOL_RETRY
    note(os.getpid(), "end", name, whole(task))
    return uwsgi.SPOOL_OK


uwsgi.spooler = handler


def spool(environ):
    size = int(environ.get("CONTENT_LENGTH") or 0)
    task = json.loads(environ["wsgi.input"].read(size))
    large = task.pop("large", 0)
    if large:
        task["body"] = os.urandom(large)
        task["sha"] = hashlib.sha256(task["body"]).hexdigest()
    return uwsgi.spool(task)


def limited(environ):
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, -1))
    try:
        return spool(environ)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))


def told(environ):
    path = environ["PATH_INFO"]
    if path == "/spool":
        return spool(environ)
    if path == "/limited":
        return limited(environ)
    if path == "/jobs":
        return len(uwsgi.spooler_jobs())
    if path == "/pids":
        return " ".join(map(str, uwsgi.spooler_pids()))
    if path == "/frequency":
        return uwsgi.set_spooler_frequency(
            float(environ["QUERY_STRING"] or 0))
    return os.getpid()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    try:
        answer = told(environ)
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    return [answer if isinstance(answer, bytes) else str(answer).encode()]
