"""Calls each of the module's functions again and again, and looks for leaks.

GET /leaks/N calls each row of CALLS N times (rows that have the master, a file
or another thread do something: less often). Nothing may be left: references
to the arguments, Python's blocks, bytes of malloc's. The body says what is.
"""
import ctypes
import sys
import time

import uwsgi

LONG = 2 ** 70
SURROGATE = "\ud800"


def _malloc():
    """How many bytes malloc has given out, under the sanitizer also."""
    whole = ctypes.CDLL(None)
    try:
        count = whole.__sanitizer_get_current_allocated_bytes
        count.restype = ctypes.c_size_t
        return count
    except AttributeError:
        pass

    class Info(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
            "fsmblks", "uordblks", "fordblks", "keepcost")]

    whole.mallinfo2.restype = Info

    def count():
        info = whole.mallinfo2()
        return info.uordblks + info.hblkhd
    return count


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        if self.value is None:
            raise LookupError("no number")
        return self.value

    def __float__(self):
        return self.__index__() + 0.5


def function(*args):
    return b"answer " * 10


def raising(*args):
    raise LookupError("as told")


def wrong(*args):
    return ["none"]


# Done before the others: what they need.
uwsgi.register_rpc("function", function)
uwsgi.register_rpc("empty", lambda *args: None)

# How often, of what was asked for, and a function with its arguments. What is
# slow, or fills the log, is rare.
OFTEN, RARE = 1, 100
CALLS = [
    (OFTEN, "cache_update", "key-%s" % "k" * 9, b"value" * 20),
    (OFTEN, "cache_update", b"number", b"\1" * 8, 100.5, "default"),
    (OFTEN, "cache_update", "long", b"l" * 8000, 0, b"default"),
    (OFTEN, "cache_update", "long", "\xe9" * 40000),
    (OFTEN, "cache_get", "long"),
    (OFTEN, "cache_get", "none" * 9),
    (OFTEN, "cache_get", SURROGATE * 2),
    (OFTEN, "cache_get", 5555),
    (OFTEN, "cache_get", "key", "a" * 50),
    (OFTEN, "cache_get", "key", "a@b:" + "1" * 9),
    (OFTEN, "cache_get", "key", b"nul\0nul"),
    (OFTEN, "cache_get",),
    (OFTEN, "cache_exists", "long"),
    (OFTEN, "cache_num", b"number"),
    (OFTEN, "cache_inc", b"number", 77777, Index(50)),
    (OFTEN, "cache_inc", b"number", Index(None)),
    (OFTEN, "cache_inc", b"number", LONG),
    (OFTEN, "cache_inc", b"number", 1, Index(None)),
    (OFTEN, "cache_div", b"number", 0),
    (OFTEN, "cache_mul", "long", 3),
    (OFTEN, "cache_keys",),
    (OFTEN, "cache_keys", "none" * 10),
    (OFTEN, "cache_del", "none" * 10),
    (RARE, "cache_get", "key", "none://" + "x" * 10),
    (OFTEN, "queue_push", "message" * 5),
    (OFTEN, "queue_push", b"m" * 70000),
    (OFTEN, "queue_push", bytearray(b"message")),
    (OFTEN, "queue_push", SURROGATE * 3),
    (OFTEN, "queue_get", 1),
    (OFTEN, "queue_get", 77777),
    (OFTEN, "queue_set", 2, b"message" * 5),
    (OFTEN, "queue_set", Index(None), b"message" * 5),
    (OFTEN, "queue_last", 4),
    (OFTEN, "queue_last",),
    (OFTEN, "queue_last", -77777),
    (OFTEN, "queue_pop",),
    (OFTEN, "queue_pull",),
    (OFTEN, "sharedarea_write", 0, 10, bytearray(b"data" * 9)),
    (OFTEN, "sharedarea_write", 0, 77777, bytearray(b"data" * 9)),
    (OFTEN, "sharedarea_write", 0, 10, memoryview(b"data")[::2]),
    (OFTEN, "sharedarea_write", 9, 10, memoryview(b"data")),
    (OFTEN, "sharedarea_read", 0, 10, 2000),
    (OFTEN, "sharedarea_read", 0, 10, -1),
    (OFTEN, "sharedarea_inc64", 0, 800, 10 ** 15),
    (OFTEN, "sharedarea_write16", 0, 800, 77777),
    (OFTEN, "sharedarea_read32", 0, 800),
    (OFTEN, "sharedarea_object", 0),
    (OFTEN, "sharedarea_memoryview", 7),
    (OFTEN, "metric_inc", "requests" + "-" * 3, 100000),
    (OFTEN, "metric_set", b"a", LONG),
    (OFTEN, "metric_get", "a"),
    (OFTEN, "metric_get", "worker.0.requests"),
    (OFTEN, "metric_get", "nul\0in"),
    (OFTEN, "metric_get", 5555),
    (OFTEN, "lock", 1, 0), (OFTEN, "unlock", 1),
    (OFTEN, "lock", 77777),
    (OFTEN, "lock", 1, float("nan")),
    (OFTEN, "is_locked", 1),
    (OFTEN, "register_rpc", "name" * 5, function),
    (OFTEN, "register_rpc", "name" * 5, 5555),
    (OFTEN, "register_rpc", "n" * 300, function),
    (OFTEN, "call", "function", "argument" * 9),
    (OFTEN, "call", b"empty", b"argument" * 9),
    (OFTEN, "call", "none" * 9, "argument" * 9),
    (OFTEN, "call", "function", "a" * 9, 5555),
    (OFTEN, "rpc", None, "function", "argument" * 9),
    (OFTEN, "rpc", 5555, "function"),
    (OFTEN, "rpc_list",),
    (RARE, "rpc", "127.0.0.1:1", "function", "a" * 9),
    (OFTEN, "signal_registered", 5),
    (OFTEN, "signal_registered", 77777),
    (RARE, "register_signal", 5, "worker1", function),
    (OFTEN, "register_signal", 5, "nothing" * 2, function),
    (OFTEN, "register_signal", 5, "worker1", "no function"),
    (RARE, "unregister_signal", 5),
    (RARE, "add_timer", 5, 1000000.5), (RARE, "remove_timer", 5),
    (OFTEN, "add_timer", 5, float("nan")),
    (OFTEN, "add_cron", 5, 99, 99, 99, 99, 99),
    (RARE, "add_file_monitor", 6, "/none" * 3),
    (RARE, "remove_file_monitor", 6),
    (OFTEN, "add_file_monitor", 5, "nul\0nul"),
    (OFTEN, "add_file_monitor", 5, 5555),
    (OFTEN, "add_file_monitor", 5, "/a" * 3000),
    (OFTEN, "mule_msg", "x" * 50, "nofarm" * 3),
    (OFTEN, "mule_msg", "x" * 50, LONG),
    (OFTEN, "mule_msg", "x" * 50, 5.5),
    (RARE, "mule_msg", "x" * 50, 1),
    (RARE, "farm_msg", "farm", b"x" * 50),
    (OFTEN, "farm_msg", "nofarm" * 3, b"x" * 50),
    (OFTEN, "mule_get_msg",),
    (OFTEN, "in_farm", "farm" * 9),
    (OFTEN, "mule_file", 1),
    (OFTEN, "mule_file", 77777),
    (OFTEN, "install_mule_msg_hook", "no function"),
    (RARE, "spool", {b"key": "value" * 5, "n": 5555, "at": 4e9,
                     "body": b"body" * 5000}),
    (OFTEN, "spool", {b"key": ["value"]}),
    (OFTEN, "spool", {"key" * 3: b"v" * 70000}),
    (OFTEN, "spool", {"priority": "high" * 3}),
    (OFTEN, "spool", {"at": "never" * 3}),
    (OFTEN, "spool", {"spooler": "none" * 3}),
    (OFTEN, "spool", {"key": SURROGATE * 3}),
    (OFTEN, "spool", "no dict"),
    (RARE, "spooler_jobs",),
    (OFTEN, "spooler_pids",),
    (OFTEN, "spooler_pid",),
    (OFTEN, "spooler_get_task", "/none" * 9),
    (OFTEN, "spooler_get_task", "nul\0nul"),
    (OFTEN, "spooler_dir",),
    (OFTEN, "set_spooler_frequency", "often"),
    (RARE, "extract", __file__),
    (OFTEN, "extract", "/none" * 9),
    (OFTEN, "extract", "http://" + "a" * 50),
    (OFTEN, "parsefile", "/none" * 9),
    (RARE, "parsefile", __file__),
    (OFTEN, "alarm", "none" * 5, "message" * 5),
    (OFTEN, "set_logvar", "n" * 5, b"v" * 50),
    (OFTEN, "set_logvar", "n" * 5, b"v" * 70000),
    (OFTEN, "get_logvar", "n" * 5),
    (OFTEN, "add_var", "VAR", "v" * 50),
    (OFTEN, "signal_received",),
    (OFTEN, "signal_wait", 77777),
    (OFTEN, "connect", 5555),
    (OFTEN, "log", 5555),
    (OFTEN, "wait", 1, "x" * 9),
    (OFTEN, "sleep", "long"),
]


def call(function, args, times):
    """So many calls, of which none may be heard of but by what it raises."""
    for _ in range(times):
        try:
            function(*args)
        except Exception:
            pass


def left_by(name, args, times, malloc):
    """What so many calls have left, or None."""
    function = getattr(uwsgi, name)
    call(function, args, min(times, 20))        # what is made once
    references = [sys.getrefcount(arg) for arg in args]
    blocks, size = sys.getallocatedblocks(), malloc()
    call(function, args, times)
    blocks, size = sys.getallocatedblocks() - blocks, malloc() - size
    references = [sys.getrefcount(arg) - before
                  for arg, before in zip(args, references)]
    # Others allocate too: the log, the loop, other threads.
    most = max(times // 4, 8)
    if (any(abs(n) > 4 for n in references) or blocks > most
            or size > 4096 + 4 * times):
        return "%s(%.60r) %d times: references %s, blocks %d, bytes %d" % (
            name, args, times, references, blocks, size)


def application(environ, start_response):
    times = int(environ["PATH_INFO"].rpartition("/")[2])
    malloc = _malloc()
    begin = time.monotonic()
    lines = []
    for every, name, *args in CALLS:
        left = left_by(name, args, max(times // every, 20), malloc)
        if left is not None:        # twice, or it is somebody else's
            left = left_by(name, args, max(times // every, 20), malloc)
        if left is not None:
            lines.append(left)
    print("leaks: %.2f s" % (time.monotonic() - begin), flush=True)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["\n".join(lines or ["ok"]).encode("utf-8", "replace") + b"\n"]
