"""Handlers of mules and spoolers that fork: the child must end with them."""
import os
import time

import uwsgi

NOTES = os.open("notes", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def note(what):
    os.write(NOTES, ("%d %s\n" % (os.getpid(), what)).encode())


def fork(what):
    pid = os.fork()
    if pid == 0:
        note("child " + what)
        return
    os.waitpid(pid, 0)          # for ever, if it goes on as a server
    note("over " + what)


def spooler(task):
    if task[b"do"] == b"fork":
        fork("task")
    elif task[b"do"] == b"raise":
        fork("raised")
        raise LookupError("as told")
    note("task " + task[b"do"].decode())
    return uwsgi.SPOOL_OK


def on_signal(number):
    fork("signal")


uwsgi.spooler = spooler
uwsgi.mule_msg_hook = lambda message: note("message")
uwsgi.register_signal(1, "mule1", on_signal)
uwsgi.register_signal(2, "spooler", on_signal)
uwsgi.register_signal(3, "worker1", on_signal)


def application(environ, start_response):
    what, _, which = environ["PATH_INFO"].strip("/").partition("/")
    if what == "spool":
        uwsgi.spool(do=which)
    elif what == "signal":
        uwsgi.signal(int(which))
    elif what == "wait":
        uwsgi.signal(3)
        uwsgi.signal_wait(3)
    start_response("200 OK", [])
    return [b"ok\n"]
