"""Runs CPython's own tests of asyncio on the server's selector.

Loaded by wsgimaster --asyncio; the first worker runs them before it serves,
on the thread of its loop, writes the counts to $RESULT and is then ready.
"""
import json
import os
import selectors
import signal
import subprocess       # noqa: F401, takes its selector at import
import sys
import unittest

import _wsgimaster_asyncio
import uwsgi

MODULES = os.environ["TESTS"].split()


class Selector(_wsgimaster_asyncio.Selector):
    """Ours on the loop's thread, and a base of its own on others."""


def run():
    import asyncio
    for name in ("Default", "Epoll", "Poll", "Select"):
        setattr(selectors, name + "Selector", Selector)
    asyncio.set_event_loop_policy(None)
    # The server's handlers are C's: tests cannot set them again afterwards.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM,
                   signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    results = {}
    for module in MODULES:
        suite = unittest.defaultTestLoader.loadTestsFromName(
            "test.test_asyncio." + module)
        result = unittest.TextTestRunner(sys.stdout, verbosity=int(
            os.environ.get("VERBOSE", "1"))).run(suite)
        results[module] = {
            "run": result.testsRun,
            "failed": [str(case) for case, _ in
                       result.failures + result.errors],
            "skipped": len(result.skipped),
        }
    with open(os.environ["RESULT"] + ".part", "w") as file:
        json.dump(results, file)
    os.rename(os.environ["RESULT"] + ".part", os.environ["RESULT"])
    os._exit(0)


uwsgi.post_fork_hook = run


def application(environ, start_response):
    start_response("200 OK", [])
    return [b""]
