"""Calls the module's functions with arguments of random types.

	fuzz(seed, calls)

gives what is wrong: a SystemError (an exception that was set and not raised,
or the other way round), or an exception that is none of those that bad
arguments may have. That the process does not crash is for the caller to see.
Each path runs it somewhere else: /here, /thread, /child (a fork), /mule,
/spooler; /imported says what came of it while the app was loaded.
"""
import array
import decimal
import fractions
import json
import os
import random
import sys
import threading
import time

import uwsgi

# Of the other files of tests, or with no end: these wait, answer the request,
# end the server, or take descriptors that are the server's.
LEFT_OUT = """
    reload stop disconnect send recv close is_connected suspend async_sleep
    green_schedule wait_fd_read wait_fd_write ready_fd sendfile offload route
    chunked_read chunked_read_nb connection_fd signal_wait farm_get_msg
    add_file_monitor connect async_connect wait accepting run
    """.split()
NAMES = sorted(
    name for name in dir(uwsgi)
    if callable(getattr(uwsgi, name)) and name not in LEFT_OUT
    and not name.startswith(("_", "websocket_"))
    and not isinstance(getattr(uwsgi, name), type)
    and getattr(getattr(uwsgi, name), "__module__", "") == "wsgimaster")
# What bad arguments may be answered with.
EXPECTED = (TypeError, ValueError, OverflowError, OSError, RuntimeError,
            NotImplementedError, AttributeError, LookupError, MemoryError,
            ZeroDivisionError, ImportError, BufferError)


class Odd:
    """Everything that C code may ask of an object, with surprises."""

    def __init__(self, chance):
        self.chance = chance

    def _surprise(self, *values):
        what = self.chance.randrange(len(values) + 4)
        if what == 0:
            raise ZeroDivisionError("odd")
        if what == 1:
            uwsgi.cache_update("odd", b"x" * self.chance.randrange(9000))
        elif what == 2 and hasattr(uwsgi, "queue_push"):
            uwsgi.queue_push("odd")
        elif what == 3:
            uwsgi.register_rpc("odd", str)
        return self.chance.choice(values)

    def __index__(self):
        return self._surprise(0, 1, -1, 2 ** 70, "none")

    __int__ = __index__

    def __float__(self):
        return self._surprise(0.0, float("nan"), 1e300, -1.0, "none")

    def __str__(self):
        return self._surprise("odd", "\ud800", b"none")

    __fspath__ = __str__

    def __hash__(self):
        return 7

    def __eq__(self, other):
        return self._surprise(True, False)

    def __bool__(self):
        return self._surprise(True, False, 3)

    def __len__(self):
        return self._surprise(0, 2 ** 40, -1)

    def __getitem__(self, key):
        return self._surprise(0, "x")

    def __call__(self, *args):
        return self._surprise(b"answer", None, "text")


class Text(str):
    def encode(self, *args):
        return 5

    def __str__(self):
        return "other"

    def __hash__(self):
        return 3


class Bytes(bytes):
    def __len__(self):
        return 2 ** 40

    def __hash__(self):
        return 3

    def __eq__(self, other):
        return True

    def decode(self, *args):
        return None


class Number(int):
    def __index__(self):
        return "none"

    def __str__(self):
        return "\0"


class Real(float):
    def __float__(self):
        return 2 ** 80


class Dict(dict):
    def items(self):
        return 5

    def keys(self):
        raise ValueError("no keys")


def plain(chance):
    """Something that some function may take."""
    return chance.choice((
        0, 1, 2, 3, -1, 5, 17, 255, 256, 2 ** 31 - 1, 2 ** 31, -2 ** 31,
        2 ** 63 - 1, -2 ** 63, 2 ** 63, 2 ** 64, 10 ** 30, True, 0.0, 0.5,
        float("nan"), float("inf"), -float("inf"), 1e300, -1.5, "", "a", "b",
        "key", "1", "nul\0in", "\ud800", "\xe9", "\U0001f600", "x" * 300,
        "y" * 70000, "default", "c@host:1", "none://x", "worker1", "mule",
        "workers", "active-workers", b"", b"a", b"b", b"\xff", b"nul\0in",
        b"z" * 5000, b"z" * 70000, None, None, (), ("a",), [], [b"x"], {},
        {"a": "b"}, {b"a": 1, "body": b"c" * 9000}, {"at": "nan"},
        {"priority": -1}, {"spooler": "none"}, {"at": 10 ** 11, "n": 2},
        {1: 2}, {"": ""}, {"a": None}, {"at": b"5\0junk"}))


def strange(chance):
    """Something that none should take, or take apart badly."""
    kind = chance.randrange(18)
    if kind == 0:
        return bytearray(b"key" * chance.randrange(50))
    if kind == 1:
        return memoryview(bytearray(range(40)))[::chance.choice((1, 2, -1))]
    if kind == 2:
        return memoryview(b"abc")
    if kind == 3:
        return array.array("d", [1.5, 2.5])
    if kind == 4:
        return Text(plain(chance))
    if kind == 5:
        return Bytes(b"sub")
    if kind == 6:
        return Number(chance.randrange(300))
    if kind == 7:
        return Real(1.5)
    if kind == 8:
        return Dict(a="b", body="c")
    if kind == 9:
        return decimal.Decimal("1.5")
    if kind == 10:
        return fractions.Fraction(3, 2)
    if kind == 11:
        return chance.choice((len, print, object, uwsgi, lambda *a: b"x",
                              type, Odd, 1j, NotImplemented, ...))
    if kind == 12:
        return {Bytes(b"body"): Odd(chance), Text("at"): Number(3)}
    if kind == 13:
        return open(os.devnull)
    return Odd(chance)


def anything(chance):
    return plain(chance) if chance.random() < 0.7 else strange(chance)


# What functions whose names begin so take.
GOOD = {
    "add_cron": (3, -1, -1, -1, -1, -1), "add_": (3, 1e6, 4), "alarm": "ab",
    "cache_clear": ("default",), "cache_keys": ("default",),
    "cache_exists": ("key", "default"), "cache_get": ("key", "default"),
    "cache_del": ("key", "default"), "cache_num": ("key", "default"),
    "cache_set": ("key", b"value", 1, "default"),
    "cache_update": ("key", "value", 0.5, "default"),
    "cache_": ("a", 5, 0, "default"), "call": ("a", "b"), "extract": "a",
    "farm_msg": ("b", b"x"), "in_farm": ("b",), "is_locked": (1,),
    "lock": (1, 0), "log": ("a",), "metric_": ("key", 3), "mule_file": (1,),
    "mule_msg": (b"x", 1), "parsefile": ("a",), "queue_push": ("x",),
    "queue_set": (3, b"x"), "queue_get": (3,), "queue_last": (3,),
    "register_rpc": ("a", repr, 1), "register_signal": (3, "worker1", repr),
    "remove_": (3,), "sharedarea_read": (0, 8, 4), "sharedarea_write":
    (0, 8, 1), "sharedarea_inc": (0, 8, 1), "sharedarea_dec": (0, 8, 1),
    "sharedarea_": (0,), "signal": (3,), "spool": ({"a": "b"},),
    "unlock": (1,), "unregister": (3,), "set_logvar": ("a", b"b"),
    "add_var": ("a", b"b"), "get_logvar": "a", "rpc": (None, "a", b"b"),
}


def likely(chance, name):
    """What it takes, all but one or none of it."""
    for begin in sorted(GOOD, key=len, reverse=True):
        if name.startswith(begin):
            args = list(GOOD[begin])
            break
    else:
        return []
    if chance.random() < 0.8:
        args[chance.randrange(len(args))] = anything(chance)
    return args[:chance.choice((len(args), len(args), 1, 2, 3))]


def arguments(chance, name):
    """What to call it with."""
    if chance.random() < 0.6:
        args = likely(chance, name)
    else:
        args = [anything(chance) for _ in range(chance.choice(
            (0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7)))]
    keywords = {}
    if chance.random() < 0.1:
        word = chance.choice(("n", "timeout", "body", "x", "\ud800", "key",
                              "cache", "at", "spooler"))
        keywords[word] = anything(chance)
    # Those that wait must not.
    if name == "lock" and "timeout" not in keywords:
        args = args[:1] + [chance.choice((0, 0.001, "x", float("nan"), -1))]
    if name == "sleep":
        args = [chance.choice(("x", -1, float("nan"), None, 0, 1e-6, "nan"))]
    if name == "mule_get_msg":
        args, keywords = [], {"timeout": 0, "buffer_size": chance.choice(
            (0, -1, 1, 100, 2 ** 40, "x")), "signals": anything(chance)}
    if name == "rpc":
        args[:1] = [chance.choice((None, "", b"", 5, "none", "127.0.0.1:1",
                                   "/none", "nul\0in"))]
        if args[0] == "none":
            args[0] = "none:x"
    return args, keywords


def undo(name, args):
    """Nothing that was begun may go on, or be in the way."""
    if name == "lock":
        for number in (0, 1, 2, 3):
            uwsgi.unlock(number)
    elif name in ("sharedarea_rlock", "sharedarea_wlock"):
        uwsgi.sharedarea_unlock(0)
    elif name == "set_user_harakiri":
        uwsgi.set_user_harakiri(0)
    elif "_timer" in name and args and isinstance(args[0], int):
        uwsgi.remove_timer(args[0] % 256)
    elif name == "set_spooler_frequency":
        uwsgi.set_spooler_frequency(0)


def one(chance, wrong):
    """A call."""
    name = chance.choice(NAMES)
    args, keywords = arguments(chance, name)
    try:
        getattr(uwsgi, name)(*args, **keywords)
    except EXPECTED:
        pass
    except BaseException as error:
        wrong.append("%s(%.200r): %r" % (
            name, [type(arg).__name__ for arg in args], error))
    try:
        undo(name, args)
    except EXPECTED:
        pass


def fuzz(seed, calls):
    """So many calls."""
    chance = random.Random(seed)
    wrong = []
    end = time.monotonic() + 20
    n = -1
    for n in range(calls):
        if len(wrong) > 5 or time.monotonic() > end:
            break
        one(chance, wrong)
    if n + 1 < calls // 10:
        wrong.append("only %d calls" % (n + 1))
    return wrong


def wait_for(key):
    """What another process has come to."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        value = uwsgi.cache_get(key, "results")
        if value is not None:
            return json.loads(value)
        uwsgi.sleep(0.02)
    return ["%s: nothing has come" % key]


def note(key, wrong):
    uwsgi.cache_set(key, json.dumps(wrong)[:4000], 0, "results")


def here(seed, calls):
    return fuzz(seed, calls)


def thread(seed, calls):
    wrong = []
    threads = [threading.Thread(
        target=lambda n=n: wrong.extend(fuzz(seed + n, calls)))
        for n in range(2)]
    for each in threads:
        each.start()
    while any(each.is_alive() for each in threads):
        uwsgi.sleep(0.02)
    return wrong


def child(seed, calls):
    pid = os.fork()
    if pid == 0:
        wrong = fuzz(seed, calls)
        print("child:", wrong, flush=True)
        os._exit(len(wrong))
    status = os.waitpid(pid, 0)[1]
    return ["the child's status: %d" % status] if status else []


def mule(seed, calls):
    uwsgi.mule_msg(json.dumps([seed, calls]), 1)
    return wait_for("mule:%d" % seed)


def spooler(seed, calls):
    uwsgi.spool(seed=seed, calls=calls)
    return wait_for("spooler:%d" % seed)


def imported(seed, calls):
    return IMPORTED


def on_message(message):
    try:
        seed, calls = json.loads(message)
    except (ValueError, TypeError):
        return          # the fuzzers send messages themselves
    note("mule:%d" % seed, fuzz(seed, calls))


def on_task(task):
    if b"calls" in task:
        seed, calls = int(task[b"seed"]), int(task[b"calls"])
        note("spooler:%d" % seed, fuzz(seed, calls))
    return uwsgi.SPOOL_OK


PLACES = (here, thread, child, mule, spooler, imported)
uwsgi.mule_msg_hook = on_message
uwsgi.spooler = on_task
IMPORTED = fuzz(int(os.environ.get("FUZZ_SEED", "1")),
                int(os.environ.get("FUZZ_CALLS", "0")))


def application(environ, start_response):
    name, seed, calls = environ["PATH_INFO"].strip("/").split("/")
    place = {f.__name__: f for f in PLACES}[name]
    wrong = place(int(seed), int(calls))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("\n".join(wrong) or "ok").encode("utf-8", "replace") + b"\n"]
