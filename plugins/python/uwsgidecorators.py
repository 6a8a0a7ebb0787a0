"""uWSGI's decorators, as far as this server has what they stand for.

    from uwsgidecorators import *

    @postfork
    def connect():
        ...         # in each worker, before it accepts requests

The names of what it does not have are here too, so that whoever imports them
and uses others runs unchanged; using one raises NotImplementedError.
"""
import threading as _threading
from functools import wraps as _wraps

import uwsgi

# Names of uWSGI's module that stand for something that is not here.
_missing = {
    "timers": ("timer", "mstimer", "rbtimer"),
    "cron": ("cron",),
    "file monitors": ("filemon",),
    "signals between processes": ("signal", "get_free_signal"),
    "RPC": ("rpc", "erlang"),
    "spooler": ("spool", "spoolforever", "spoolraw"),
    "mules": ("farm", "mule", "mulefunc", "muleloop", "mulemsg"),
}

# uWSGI's module gives "uwsgi" to whoever imports * from it.
__all__ = ["uwsgi", "harakiri", "lock", "postfork", "postfork_chain",
           "postfork_chain_hook", "thread"]


def _not_here(name, what):
    def use(*args, **keywords):
        raise NotImplementedError(
            f"uwsgidecorators.{name}: this server has no {what}")
    use.__name__ = use.__qualname__ = name
    use.__doc__ = f"Raises NotImplementedError: there are no {what}."
    return use


for _what, _names in _missing.items():
    for _name in _names:
        globals()[_name] = _not_here(_name, _what)
        __all__.append(_name)

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


def harakiri(seconds):
    """@harakiri(seconds): a call may take so long; see set_user_harakiri().

    The request that calls gets wsgimaster.Harakiri then. After the call it
    has no deadline of its own, whatever it had before.
    """
    def decorate(function):
        @_wraps(function)
        def limited(*args, **keywords):
            uwsgi.set_user_harakiri(seconds)
            try:
                return function(*args, **keywords)
            finally:
                uwsgi.set_user_harakiri(0)
        return limited
    return decorate


def lock(function):
    """Of all processes, one call of such functions runs at a time: lock 0."""
    @_wraps(function)
    def locked(*args, **keywords):
        uwsgi.lock()
        try:
            return function(*args, **keywords)
        finally:
            uwsgi.unlock()
    return locked
