"""Sleeps beside a thread: a thread that is started in each worker (one that
began at import would not be there after the fork) goes on meanwhile."""
import time

from uwsgidecorators import *

beats = []


@postfork
@thread
def beat():
    while True:
        time.sleep(0.05)
        beats.append(time.time())


def application(e, s):
    s('200 OK', [('Content-Type', 'text/html')])
    for i in range(3):
        before = len(beats)
        yield uwsgi.async_sleep(0.3)
        yield b"iter: %d, the thread went on: %s<br/>\n" % (
            i, str(len(beats) > before).encode())
