"""uWSGI's decorators, as far as this server has what they stand for.

    from uwsgidecorators import *

    @postfork
    def connect():
        ...         # in each worker, before it accepts requests

The names of what it does not have are here too, so that whoever imports them
and uses others runs unchanged; using one raises NotImplementedError.
"""
import pickle as _pickle
import threading as _threading
from functools import wraps as _wraps

import uwsgi

# Names of uWSGI's module that stand for something that is not here.
_missing = {
    "Erlang nodes": ("erlang",),
}

# uWSGI's module gives "uwsgi" to whoever imports * from it.
__all__ = ["uwsgi", "cron", "farm", "farm_loop", "filemon", "get_free_signal",
           "harakiri", "lock", "mstimer", "mule", "mule_brain",
           "mule_brainloop", "mule_functions", "mule_msg_dispatcher",
           "mulefunc", "muleloop", "mulemsg", "mulemsg_loop", "postfork",
           "postfork_chain", "postfork_chain_hook", "rbtimer", "rpc", "signal",
           "spool", "spooler_functions", "spoolforever", "spoolraw", "thread",
           "timer"]


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
        self.worker_id = 0          # each one
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
        if self.worker_id in (0, uwsgi.worker_id()):
            self.function()

    def __call__(self, *args, **keywords):
        if self.function is None:
            self._take(args[0])
            return self
        return self.function(*args, **keywords)


def rpc(name):
    """@rpc("name"): the function can be called by that name, see rpc()."""
    def decorate(function):
        uwsgi.register_rpc(name, function)
        return function
    return decorate


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


# What mulefunc's messages may call, by name.
mule_functions = {}


def mule_msg_dispatcher(message):
    """Runs what a @mulefunc was called with; other messages are left alone.

    To unpickle is to believe: only processes of this server hold an end of
    the mules' queues, so it is their word, and they run the same app.
    """
    try:
        call = _pickle.loads(message)
    except Exception:
        return None
    if not isinstance(call, dict) or call.get("service") != "uwsgi_mulefunc":
        return None
    return mule_functions[call["func"]](*call["args"], **call["kwargs"])


uwsgi.install_mule_msg_hook(mule_msg_dispatcher)


class mulefunc:
    """@mulefunc, @mulefunc(2) or @mulefunc("farm"): calls run in a mule.

    A call gives True, or False if the queue is full; the function's result
    is lost. Arguments are pickled, the function goes by its name.
    """

    def __init__(self, what):
        self.mule = 0
        self.fname = None
        if callable(what):
            self._take(what)
        else:
            self.mule = what

    def _take(self, function):
        self.fname = function.__name__
        self.__name__ = self.fname
        self.__doc__ = function.__doc__
        self.__wrapped__ = function
        mule_functions[self.fname] = function

    def real_call(self, *args, **keywords):
        return uwsgi.mule_msg(_pickle.dumps({
            "service": "uwsgi_mulefunc", "func": self.fname,
            "args": args, "kwargs": keywords}), self.mule)

    def __call__(self, *args, **keywords):
        if self.fname is None:
            self._take(args[0])
            return self
        return self.real_call(*args, **keywords)


class mule_brain:
    """Runs a function in one mule, whose end is the mule's end."""

    def __init__(self, function, number):
        self.function = function
        self.number = number

    def __call__(self):
        if uwsgi.mule_id() == self.number:
            self.work()

    def work(self):
        self.function()


class mule_brainloop(mule_brain):
    """The same again and again."""

    def work(self):
        while True:
            self.function()


class mulemsg_loop(mule_brain):
    """Calls it with each message of the mule."""

    def work(self):
        while True:
            message = uwsgi.mule_get_msg()
            if message:
                self.function(message)


class farm_loop:
    """Calls a function with each message of a farm, in its mules."""

    def __init__(self, function, farm):
        self.function = function
        self.farm = farm

    def __call__(self):
        if uwsgi.mule_id() == 0 or not uwsgi.in_farm(self.farm):
            return
        while True:
            message = uwsgi.farm_get_msg()
            if message:
                self.function(message)


def _chained(make):
    # A decorator with one argument whose functions run after the fork.
    def decorator(argument):
        def decorate(function):
            postfork_chain.append(make(function, argument))
            return function
        return decorate
    decorator.__name__ = decorator.__qualname__ = make.__name__
    decorator.__doc__ = make.__doc__
    return decorator


mule = _chained(mule_brain)
muleloop = _chained(mule_brainloop)
mulemsg = _chained(mulemsg_loop)
farm = _chained(farm_loop)


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


# Functions that tasks name, by their names.
spooler_functions = {}
# What a call of such a function may say to the spooler, not to the function.
_SPOOL_KEYS = ("message_dict", "spooler", "priority", "at", "body")


def _to_bytes(value):
    return value.encode() if isinstance(value, str) else value


def _to_text(value):
    """str, unless it is none."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def manage_spool_request(task):
    """The spooler's handler: calls the function that the task names."""
    task = {_to_text(key): value for key, value in task.items()}
    function = spooler_functions[_to_text(task["ud_spool_func"])]
    if "args" in task:
        args = _pickle.loads(task["args"])
        result = function(*args, **_pickle.loads(task["kwargs"]))
    else:
        result = function({key: _to_text(value)
                           for key, value in task.items()})
    return int(task.get("ud_spool_ret", result))


class _Spooled:
    """A function whose calls become tasks; a spooler calls the function.

    In its place under its name, so calling it, or its .spool(), spools.
    """

    def __init__(self, function, name, pass_arguments, result):
        if not uwsgi.opt.get("spooler") and \
                not uwsgi.opt.get("spooler-external"):
            raise Exception(f"you have to enable the spooler to use @{name}: "
                            "give the option \"spooler\"")
        self.f = function
        self.pass_arguments = pass_arguments
        self.base_dict = {"ud_spool_func": function.__name__}
        if result is not None:
            self.base_dict["ud_spool_ret"] = str(result)
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__wrapped__ = function
        spooler_functions[function.__name__] = function
        function.spool = self.__call__

    def __call__(self, *args, **keywords):
        """Spools a call; the task's path."""
        task = dict(self.base_dict)
        if self.pass_arguments:
            for key in _SPOOL_KEYS:
                if key in keywords:
                    task[key] = keywords.pop(key)
            task["args"] = _pickle.dumps(args)
            task["kwargs"] = _pickle.dumps(keywords)
        else:
            for given in args[:1]:
                task.update(given)
            task.update(keywords)
        return uwsgi.spool({_to_bytes(key): _to_bytes(value)
                            for key, value in task.items()})

    def spool(self, *args, **keywords):
        """As a call."""
        return self(*args, **keywords)


def _spooling(name, result):
    """The decorator of this name, with and without arguments."""
    def decorator(f=None, pass_arguments=False):
        if f is None:
            return lambda function: decorator(function, pass_arguments)
        return _Spooled(f, name, pass_arguments, result)
    decorator.__name__ = decorator.__qualname__ = name
    return decorator


# What the function returns decides (SPOOL_OK, SPOOL_RETRY);
spoolraw = _spooling("spoolraw", None)
# it does not: the task is done when it has returned;
spool = _spooling("spool", uwsgi.SPOOL_OK)
# or is run again, for ever.
spoolforever = _spooling("spoolforever", uwsgi.SPOOL_RETRY)

uwsgi.spooler = manage_spool_request


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
