"""Runs one file of gevent's own tests on the server's loop, in a worker.

Loaded by wsgimaster --gevent; the worker runs the file $TEST before it serves,
as a program, and writes its exit status to $RESULT.
"""
import gc
import os
import runpy
import signal
import sys

import uwsgi


def status_of(code):
    if code is None or isinstance(code, int):
        return int(code or 0)
    print(code)
    return 1


def quiet_hub(test):
    """The hub is there already when a test names the class of its own."""
    with open(test) as file:
        if "ignoring_expected_test_error" not in file.read():
            return
    import gevent
    from gevent.testing.hub import QuietHub
    gevent.get_hub().__class__ = QuietHub


def run():
    # The server's handlers are C's: tests cannot set them again afterwards.
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1,
                   signal.SIGUSR2, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    # gevent looks for hubs among what the collector knows.
    gc.unfreeze()
    me = os.getpid()
    test = os.environ["TEST"]
    sys.argv = [test]
    sys.path.insert(0, os.path.dirname(test))
    # What python itself would have: subprocesses are no servers.
    sys.executable = os.environ["PYTHON"]
    try:
        quiet_hub(test)
        runpy.run_module("gevent.tests." + os.path.basename(test)[:-3],
                         run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as error:
        status = status_of(error.code)
    except BaseException:
        import traceback
        traceback.print_exc()
        status = 1
    if os.getpid() != me:       # a test's child that came back to here
        os._exit(status)
    sys.stdout.flush()
    with open(os.environ["RESULT"] + ".part", "w") as file:
        file.write(str(status))
    os.rename(os.environ["RESULT"] + ".part", os.environ["RESULT"])
    os._exit(status)


uwsgi.post_fork_hook = run


def application(environ, start_response):
    start_response("200 OK", [])
    return [b""]
