"""uWSGI's decorators, as far as this server has what they stand for.

    from uwsgidecorators import postfork, thread

    @postfork
    def connect():
        ...         # in each worker, before it accepts requests

A name that is not here belongs to something that this server does not have.
"""
import threading as _threading
from functools import wraps as _wraps

import uwsgi

__all__ = ["postfork", "postfork_chain", "postfork_chain_hook", "thread"]

# Functions that run in each worker after the fork, in this order.
postfork_chain = []
_earlier_hook = getattr(uwsgi, "post_fork_hook", None)


def postfork_chain_hook():
    """Runs them all; the first that raises keeps the worker from starting."""
    if _earlier_hook is not None:
        _earlier_hook()
    for function in postfork_chain:
        function()


uwsgi.post_fork_hook = postfork_chain_hook


class postfork:
    """@postfork, or @postfork(worker_id) for one worker only.

    Decorated functions run in the order in which they were decorated. Called
    by name later, @postfork's function is still there.
    """

    def __init__(self, what):
        self.worker_id = None
        self.function = None
        if callable(what):
            self._take(what)
        else:
            self.worker_id = int(what)

    def _take(self, function):
        self.function = function
        self.__doc__ = function.__doc__
        self.__name__ = getattr(function, "__name__", "postfork")
        self.__wrapped__ = function
        postfork_chain.append(self._run)

    def _run(self):
        if self.worker_id in (None, uwsgi.worker_id()):
            self.function()

    def __call__(self, *args, **keywords):
        if self.function is None:
            self._take(args[0])
            return self
        return self.function(*args, **keywords)


def thread(function):
    """A call of the function starts a daemon thread that runs it."""
    @_wraps(function)
    def start(*args, **keywords):
        started = _threading.Thread(target=function, args=args,
                                    kwargs=keywords, daemon=True)
        started.start()
        return started
    return start
