"""Where is everybody? On SIGUSR2 a worker logs the Python stack of each request
that waits. /stacks shows the same as a page, its own one last."""
import gc
import os
import signal
import sys
import traceback

import greenlet
from uwsgidecorators import postfork


def stacks():
    """The stacks of all greenlets that are parked in Python code."""
    for each in gc.get_objects():
        if isinstance(each, greenlet.greenlet) and each.gr_frame is not None:
            yield "".join(traceback.format_stack(each.gr_frame))


def show(number, frame):
    for stack in stacks():
        print("parked:\n" + stack, file=sys.stderr)


@postfork
def install():
    signal.signal(signal.SIGUSR2, show)


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    here = "".join(traceback.format_stack())
    return ["\n".join([*stacks(), f"worker {os.getpid()}", here]).encode()]
