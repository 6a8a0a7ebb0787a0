"""Caches, from an app: each path does something to them."""
import json
import os
import signal
import sys
import threading
import time
import zlib

import uwsgi

# At import, too; the master's own items are there already.
AT_IMPORT = [uwsgi.cache_get("begun", "c"), uwsgi.cache_inc("imports", 1, 0,
                                                            "c")]


def get(query):
    value = uwsgi.cache_get(query["key"], query.get("cache", "c"))
    return None if value is None else value.decode("latin-1")


def put(query):
    return uwsgi.cache_update(query["key"], query["value"],
                              float(query.get("expires", 0)),
                              query.get("cache", "c"))


def num(query):
    return uwsgi.cache_num(query["key"], query.get("cache", "c"))


def inc(query):
    return uwsgi.cache_inc(query["key"], int(query.get("by", 1)), 0,
                           query.get("cache", "c"))


def imported(query):
    return [AT_IMPORT[0].decode(), AT_IMPORT[1], os.getpid()]


def pid(query):
    return os.getpid()


def value_of(seed):
    """A value that tells whether it is whole."""
    data = os.urandom(8) * (1 + seed % 100)
    return zlib.crc32(data).to_bytes(4, "big") + data


def churn(query):
    """Writes and reads until the time is over; how many were not whole."""
    end = time.monotonic() + float(query["seconds"])
    n = broken = 0
    while time.monotonic() < end:
        for n in range(n, n + 100):
            key = "k%d" % (n % 40)
            uwsgi.cache_update(key, value_of(n), n % 3 * 0.001, "churn")
            uwsgi.cache_inc("count", 1, 0, "churn")
            if n % 17 == 0:
                uwsgi.cache_del(key, "churn")
            value = uwsgi.cache_get("k%d" % (n * 7 % 40), "churn")
            if value is not None and (
                    zlib.crc32(value[4:]).to_bytes(4, "big") != value[:4]):
                broken += 1
    return [n, broken]


def dies(query):
    """A writer that is killed while it writes."""
    threading.Timer(float(query["after"]),
                    lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    return churn({"seconds": 60})


def remote(query):
    """All functions of a cache in Redis."""
    where, key, n = query["where"], "key", "number"
    u = uwsgi
    return [u.cache_clear(where), u.cache_get(key, where),
            u.cache_set(key, b"\xff\x00", 0, where).__repr__(),
            u.cache_set(key, "x", 0, where),
            list(u.cache_get(key, where)), u.cache_update(key, "y", 5, where),
            u.cache_exists(key, where), u.cache_exists("no", where),
            u.cache_inc(n, 5, 60, where), u.cache_dec(n, 7, 0, where),
            u.cache_mul(n, 6, 0, where), u.cache_div(n, 5, 0, where),
            u.cache_num(n, where), u.cache_inc(key, 1, 0, where),
            sorted(map(bytes.decode, u.cache_keys(where))),
            u.cache_del(key, where), u.cache_del(key, where),
            u.cache_num("no", where)]


class Five:
    def __index__(self):
        return 5

    def __float__(self):
        return 5.5


def remote_numbers(query):
    """Numbers that are none of Python's own; expiries without an end."""
    where, u = query["where"], uwsgi
    return [u.cache_clear(where), u.cache_inc("n", True, 0, where),
            u.cache_inc("n", Five(), Five(), where),
            u.cache_mul("n", Five(), 0, where), u.cache_num("n", where),
            u.cache_set("a", "x", float("inf"), where),
            u.cache_set("b", "x", 1e300, where),
            u.cache_set("c", "x", Five(), where),
            u.cache_exists("c", where)]


def fails(query):
    """The exception that a name raises."""
    try:
        return repr(uwsgi.cache_get("key", query["where"]))
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)


def application(environ, start_response):
    from urllib.parse import parse_qsl
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    name = environ["PATH_INFO"][1:]
    result = getattr(sys.modules[__name__], name)(query)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(result).encode()]
