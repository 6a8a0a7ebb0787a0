"""An app whose mules write down what they are told.

POST /msg[/TO] sends the body to a mule (a number), a farm or any mule, and
answers what mule_msg() says. What mules do goes to the file "notes", a line
"MULE PID TEXT" each.
"""
import os
import signal
import time

import uwsgi

NOTES = os.path.abspath("notes")
GO = os.path.abspath("go")


def note(text):
    fd = os.open(NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.write(fd, f"{uwsgi.mule_id()} {os.getpid()} {text}\n".encode())
    os.close(fd)


def hook(message):
    text = message.decode()
    note("begins " + text)
    word, _, rest = text.partition(" ")
    if word == "raise":
        raise LookupError("as told")
    if word == "sleep":
        time.sleep(float(rest))
    if word == "hold":          # until there is a file "go"
        end = time.monotonic() + 60
        while not os.path.exists(GO) and time.monotonic() < end:
            time.sleep(0.01)
    if word == "hang":
        while True:
            try:
                time.sleep(1000)
            except BaseException:
                pass
    if word == "reload":
        uwsgi.reload()
    if word == "stop":
        uwsgi.stop()
    if word == "exit":
        raise SystemExit(int(rest))
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "fork":
        if os.fork() == 0:
            return
        os.wait()
    note("ends " + text)


uwsgi.mule_msg_hook = hook
uwsgi.atexit = lambda: uwsgi.mule_id() and note("atexit")


def forked():
    if uwsgi.mule_id():
        note(f"forked {uwsgi.worker_id()} {uwsgi.in_farm()} "
             f"{uwsgi.in_farm('odd')}")


uwsgi.post_fork_hook = forked


def application(environ, start_response):
    body = environ["wsgi.input"].read()
    path = environ["PATH_INFO"].split("/")
    to = [name for name in path[2:3] if name]
    if to and to[0].isdigit():
        to = [int(to[0])]
    try:
        answer = repr([uwsgi.mule_msg(line, *to)
                       for line in body.split(b"\n")])
    except ValueError as error:
        answer = f"ValueError: {error}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
