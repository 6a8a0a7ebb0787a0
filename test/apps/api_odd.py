"""What odd arguments come to: an expression, and what it gives or raises."""
import time

import uwsgi
from uwsgidecorators import mulefunc, postfork

FORKED = []
NAN = float("nan")
CASES = [
    ('uwsgi.cache_set("key", "value", NAN)', ValueError),
    ('uwsgi.cache_set("key", "value", 0, "default\\0x")', ValueError),
    ('uwsgi.cache_set("key", "value", 0, b"default\\0x")', ValueError),
    ('uwsgi.cache_get("key")', None),
    ('uwsgi.cache_set("nul\\0key", "value")', True),
    ('uwsgi.cache_get("nul\\0")', None),
    ('uwsgi.cache_set("key", "value", float("inf"), b"default")', True),
    ('uwsgi.cache_update("number", "8 bytes!")', True),
    ('uwsgi.cache_inc("number", 2 ** 63)', OverflowError),
    ('uwsgi.cache_inc("other", -2 ** 63)', True),
    ('uwsgi.cache_div("other", -1)', True),     # SIGFPE in uWSGI
    ('uwsgi.cache_num("other")', -2 ** 63),
    ('uwsgi.cache_dec("third", -2 ** 63)', True),
    ('uwsgi.metric_set("a", -2 ** 63)', True),
    ('uwsgi.metric_div("a", -1)', True),
    ('uwsgi.metric_get("a")', -2 ** 63),
    ('uwsgi.lock(0, NAN)', ValueError),
    ('uwsgi.queue_last(10 ** 9)', [None] * 10),
    ('uwsgi.sharedarea_read(0, 0, 2 ** 63 - 1)', ValueError),
    ('uwsgi.sharedarea_read(0, 2 ** 63 - 1)', ValueError),
    ('uwsgi.sharedarea_write(0, 0, memoryview(b"abcd")[::2])', BufferError),
    ('both_bodies()', b"second"),
    ('in_the_mule()', "ValueError"),
    ('FORKED', ["each", "each"]),
]


@postfork
def each():
    FORKED.append("each")


@postfork(0)
def each_too():
    FORKED.append("each")


@postfork(2)
def another():
    FORKED.append("another")


@mulefunc
def get_message():
    try:
        uwsgi.mule_get_msg(timeout=NAN)
        result = "nothing"
    except ValueError:
        result = "ValueError"
    uwsgi.cache_set("mule", result)


def in_the_mule():
    get_message()
    end = time.monotonic() + 20
    while not uwsgi.cache_get("mule") and time.monotonic() < end:
        uwsgi.sleep(0.02)
    return (uwsgi.cache_get("mule") or b"").decode()


def both_bodies():
    task = uwsgi.spool({"at": 4e9, "body": "first"}, body="second")
    return uwsgi.spooler_get_task(task)["body"]


def application(environ, start_response):
    lines = []
    for text, expected in CASES:
        try:
            result = eval(text)
        except Exception as error:
            result = type(error)
        if result != expected or type(result) is not type(expected):
            lines.append("%s: %r" % (text, result))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["\n".join(lines or ["ok"]).encode() + b"\n"]
