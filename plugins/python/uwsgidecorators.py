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
    "locks": ("lock",),
    "RPC": ("rpc", "erlang"),
    "spooler": ("spool", "spoolforever", "spoolraw"),
    "mules": ("farm", "mule", "mulefunc", "muleloop", "mulemsg"),
}

# uWSGI's module gives "uwsgi" to whoever imports * from it.
__all__ = ["uwsgi", "cron", "filemon", "get_free_signal", "harakiri",
           "mstimer", "postfork", "postfork_chain", "postfork_chain_hook",
           "rbtimer", "signal", "thread", "timer"]


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


def get_free_signal():
    """The lowest number that has no handler in this process."""
    for number in range(256):
        if not uwsgi.signal_registered(number):
            return number
    raise Exception("No free uwsgi signal available")


def signal(num, target=""):
    """@signal(number, target=""): runs when that signal is raised."""
    def decorate(function):
        uwsgi.register_signal(num, target, function)
        return function
    return decorate


def _source(add, what, signum, target):
    """Runs when what add(number, *what) makes raises a signal of its own."""
    def decorate(function):
        number = get_free_signal() if signum is None else signum
        uwsgi.register_signal(number, target, function)
        add(number, *what)
        return function
    return decorate


def timer(secs, signum=None, target=""):
    """@timer(seconds): runs again and again."""
    return _source(uwsgi.add_timer, (secs,), signum, target)


def mstimer(msecs, signum=None, target=""):
    """@mstimer(milliseconds): runs again and again."""
    return _source(uwsgi.add_ms_timer, (msecs,), signum, target)


def rbtimer(secs, signum=None, target="", iterations=0):
    """@rbtimer(seconds): runs so often; with 0 iterations, for ever."""
    return _source(uwsgi.add_rb_timer, (secs, iterations), signum, target)


def cron(minute, hour, day, month, dayweek, signum=None, target=""):
    """@cron(minute, hour, day, month, weekday): -1 is any, -N each N-th."""
    return _source(uwsgi.add_cron, (minute, hour, day, month, dayweek),
                   signum, target)


def filemon(fsobj, signum=None, target=""):
    """@filemon(path): runs when the file, or one in the folder, changes."""
    return _source(uwsgi.add_file_monitor, (fsobj,), signum, target)


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
