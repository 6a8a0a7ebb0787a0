"""Checks of metrics, the queue and shared areas; app: shared_cases.py."""
import time
from urllib.parse import quote

import wire as plain
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
from wire import Ended, get, killing, run, stats, until

MOST = 2 ** 63 - 1
# What each call gives, one after the other: uWSGI 2.0.21's own answers, but for
# those marked.
METRICS = """
    metric_get('a') -> 0
    metric_inc('a') -> True
    metric_inc('a', 5) -> True
    metric_dec('a', 2) -> True
    metric_mul('a', 3) -> True
    metric_div('a', 2) -> True
    metric_div('a', 0) -> None
    metric_get('a') -> 6
    metric_set('a', -7) -> True
    metric_div('a', 2) -> True
    metric_get('a') -> -3
    metric_set('a') -> True
    metric_mul('a') -> True
    metric_div('a') -> True
    metric_get('a') -> 1
    metric_set_max('a', 10) -> True
    metric_get('a') -> 10
    metric_set_max('a', 3) -> True
    metric_get('a') -> 10
    metric_set_min('a', 4) -> True
    metric_get('a') -> 4
    metric_set_min('a', 40) -> True
    metric_set_min('a', -4) -> True
    metric_get('a') -> 4
    metric_get('nope') -> 0
    metric_inc('nope') -> None
    metric_inc('worker.1.requests') -> None
    metric_set('a', 9223372036854775807) -> True
    metric_inc('a') -> True
    metric_get('a') -> -9223372036854775808
    metric_div('a', -1) -> True
    metric_get('a') -> -9223372036854775808
    metric_set('a', 9223372036854775808) -> OverflowError
    metric_set('a', 'x') -> TypeError
    metric_set('a', 1.5) -> TypeError
    metric_get() -> TypeError
    metric_get('b') -> 50
    metric_set_min('b', 3) -> True
    metric_get('b') -> 50
    metric_set(b'b', 60) -> True
    metric_get(b'b') -> 60
    metric_get('b\\0') -> ValueError
    metric_get('core.busy_workers') -> 1
    metric_get('worker.9.requests') -> 0
    metric_get('c.d-e_f') -> 0
"""
QUEUE = """
    queue_slot() -> 0
    queue_pull_slot() -> 0
    queue_last() -> None
    queue_last(2) -> [None, None]
    queue_pull() -> None
    queue_pop() -> None
    queue_slot() -> 0
    queue_push(b'one') -> True
    queue_push('two') -> True
    queue_push(b'') -> None
    queue_push(b'x' * 2032) -> True
    queue_push(b'x' * 2033) -> None
    queue_get(0) -> b'one'
    queue_get(1) -> b'two'
    queue_get(3) -> None
    queue_get(99) -> None
    queue_get(-1) -> None
    queue_set(2, b'set') -> True
    queue_set(99, b'set') -> None
    queue_set(-1, b'x') -> None
    queue_set(2, b'') -> None
    queue_last() -> b'set'
    queue_last(3) -> [b'set', b'two', b'one']
    queue_last(100) -> [b'set', b'two', b'one', None, None, None, None, None]
    queue_last(-1) -> ValueError
    queue_pull() -> b'one'
    queue_pull_slot() -> 1
    queue_pop() -> b'set'
    queue_slot() -> 2
    queue_pop() -> b'two'
    queue_pop() -> None
    queue_pull() -> None
    queue_push() -> TypeError
    queue_set('a', b'x') -> TypeError
    queue_get('a') -> TypeError
"""
AREAS = """
    sharedarea_read(0, 0, 5) -> b'\\x00\\x00\\x00\\x00\\x00'
    sharedarea_write(0, 0, b'hello') -> None
    sharedarea_write(0, 0, 'str') -> None
    sharedarea_read(0, 0, 5) -> b'strlo'
    sharedarea_read(0, 4090) -> b'\\x00\\x00\\x00\\x00\\x00\\x00'
    sharedarea_read(0, 4096) -> ValueError
    sharedarea_read(0, 4095, 2) -> ValueError
    sharedarea_read(0, 0, -1) -> ValueError
    sharedarea_write(0, 4095, b'ab') -> ValueError
    sharedarea_write(0, -1, b'ab') -> ValueError
    sharedarea_read(9, 0) -> ValueError
    sharedarea_read(-1, 0, 1) -> ValueError
    sharedarea_write8(0, 0, 255) -> None
    sharedarea_write8(0, 0, 256) -> OverflowError
    sharedarea_read8(0, 0) -> -1
    sharedarea_readbyte(0, 0) -> -1
    sharedarea_write16(0, 0, 65535) -> None
    sharedarea_read16(0, 0) -> -1
    sharedarea_write16(0, 0, 70000) -> OverflowError
    sharedarea_write32(0, 0, 4294967295) -> None
    sharedarea_read32(0, 0) -> -1
    sharedarea_write64(0, 0, 9223372036854775807) -> None
    sharedarea_read64(0, 0) -> 9223372036854775807
    sharedarea_write64(0, 0, 9223372036854775808) -> OverflowError
    sharedarea_writelong(0, 0, -5) -> None
    sharedarea_readlong(0, 0) -> -5
    sharedarea_inc64(0, 0) -> None
    sharedarea_read64(0, 0) -> -4
    sharedarea_inc64(0, 0, 10) -> None
    sharedarea_dec64(0, 0, 3) -> None
    sharedarea_inclong(0, 0, 3) -> None
    sharedarea_read64(0, 0) -> 6
    sharedarea_inc32(0, 8) -> None
    sharedarea_inc32(0, 8, 4) -> None
    sharedarea_dec32(0, 8) -> None
    sharedarea_read32(0, 8) -> 4
    sharedarea_inc8(0, 16, 127) -> None
    sharedarea_inc8(0, 16) -> None
    sharedarea_read8(0, 16) -> -128
    sharedarea_dec16(0, 18) -> None
    sharedarea_read16(0, 18) -> -1
    sharedarea_read64(0, 4089) -> ValueError
    sharedarea_write64(0, 4089, 1) -> ValueError
    sharedarea_inc64(0, 4092) -> ValueError
    sharedarea_rlock(0) -> None
    sharedarea_read8(0, 16) -> -128
    sharedarea_unlock(0) -> None
    sharedarea_unlock(0) -> None
    sharedarea_wlock(7) -> ValueError
    sharedarea_memoryview(7) -> ValueError
    sharedarea_object(7) -> ValueError
    sharedarea_read('x', 0) -> TypeError
    sharedarea_write(2, 0, b'file') -> None
"""


def text(port, path):
    return plain.text(port, quote(path))


def ask(port, path):
    return plain.ask(port, quote(path))


def answer(wire):
    body = wire.response().body.decode()
    wire.sock.close()
    return body


def same(port, table):
    """Each call gives what the table says."""
    for line in globals()[table].split("\n"):
        if not line.strip():
            continue
        call, want = line.strip().split(" -> ")
        name, args = call[:-1].split("(", 1)
        if " * " in args:
            args = repr(eval(args))
        args = "(" + args + (",)" if args else ")")
        if args == "('core.busy_workers',)":    # the last one ends, still
            until(call, lambda: text(port, "/" + name + "/" + args) == want)
            continue
        got = text(port, "/" + name + "/" + args)
        assert got == want or got.startswith(want + ":"), (call, want, got)


def counts(port, clients="4"):
    """No increment is lost between processes, cores and threads."""
    text(port, "/metric_set/('a', 0)")
    text(port, "/sharedarea_write64/(0, 64, 0)")
    wires = [ask(port, "/increase/(300,)") for _ in range(int(clients))]
    assert [answer(wire) for wire in wires] == ["done"] * int(clients)
    want = int(clients) * 3 * 300
    assert int(text(port, "/metric_get/('a',)")) == 100 * want
    assert int(text(port, "/sharedarea_read64/(0, 64)")) == want


def locks(port):
    """An area's lock parks; readers share it; nobody waits for himself."""
    text(port, "/sharedarea_write64/(0, 128, 0)")
    wires = [ask(port, "/guarded/(10,)") for _ in range(4)]
    assert [answer(wire) for wire in wires] == ["done"] * 4
    assert text(port, "/sharedarea_read64/(0, 128)") == "40"
    assert "would wait for himself" in text(port, "/nested/()")
    told = eval(text(port, "/view/()"))
    assert told == (b"abc", b"abc", False, 4096, "B"), told


def shares(port, address):
    """Two read at a time; a writer waits for both, then others for him."""
    def owner():
        return {name: pid for lock in stats(address)["locks"]
                for name, pid in lock.items()}["sharedarea1"]

    begun = time.monotonic()
    reading = [ask(port, "/readers/(1.5,)") for _ in range(2)]
    until("both are there", lambda: sum(
        worker["busy_cores"] for worker in stats(address)["workers"]) == 2)
    time.sleep(0.2)
    writing = ask(port, "/writer/(0.5,)")
    until("it is next", lambda: owner() != 0)
    assert text(port, "/sharedarea_read8/(1, 0)") == "0"   # after him
    assert time.monotonic() - begun >= 1.9
    assert [answer(wire) for wire in reading] == ["read"] * 2
    assert answer(writing) == "written"
    assert time.monotonic() - begun < 20
    until("it is free", lambda: owner() == 0)


def names(port, want):
    got = text(port, "/names/()")
    assert got.split() == sorted(want.split()), got


def killed(port, seconds):
    """kill -9 wherever it hits: no message is torn, the queue works on."""
    torn, whole = [], []

    def client(over, seed):
        while not over.is_set():
            try:
                got = text(port, "/churn/(%d,)" % seed)
                (whole if got == "whole" else torn).append(got)
            except (Ended, OSError, AssertionError):
                pass

    killing(lambda: text(port, "/worker/()"), client, float(seconds),
            lambda: whole or torn)
    assert not torn, (torn[:3], len(whole))
    assert text(port, "/drain/()") == "True [b'1', b'2', b'3', None]"


def shown(port, address):
    """In the statistics, and in /metrics of both formats."""
    for call in ("metric_set/('a', 5)", "metric_set/('b', -3)",
                 "metric_inc/('c.d-e_f', 2)"):
        assert text(port, "/" + call) == "True"
    # A request is counted when its answer is out already.
    until("three requests", lambda: stats(address)["metrics"][
        "worker.0.requests"]["value"] >= 3)
    told = stats(address)["metrics"]
    assert told["a"] == {"type": 0, "oid": "", "value": 5}, told["a"]
    assert told["b"] == {"type": 1, "oid": "100.1", "value": -3}
    assert told["c.d-e_f"] == {"type": 2, "oid": "", "value": 2}
    for name in ("core.idle_workers", "worker.1.requests", "worker.0.requests",
                 "worker.2.rss_size", "worker.1.core.0.requests",
                 "socket.0.listen_queue", "rss_size"):
        assert set(told[name]) == {"type", "oid", "value"}, name
    assert told["worker.1.requests"]["oid"] == "3.1.1"
    assert told["rss_size"]["value"] > 1 << 20
    assert (told["worker.0.requests"]["value"] ==
            told["worker.1.requests"]["value"] +
            told["worker.2.requests"]["value"] == 3)
    assert int(text(port, "/metric_get/('worker.0.requests',)")) >= 3
    assert int(text(port, "/metric_get/('worker.1.rss_size',)")) > 1 << 20


def scraped(port, address):
    """Prometheus' own parsers read them."""
    for call in ("metric_set/('a', 5)", "metric_set/('b', -3)",
                 "metric_inc/('c.d-e_f', 2)"):
        assert text(port, "/" + call) == "True"

    def samples(parse, accept):
        body = get(address, "/metrics", extra=b"Accept: " + accept + b"\r\n")
        return {(s.name, s.labels.get("name")): s.value
                for family in parse(body.body.decode())
                for s in family.samples}
    for parse, accept in (
            (parser.text_string_to_metric_families, b"text/plain"),
            (openmetrics.text_string_to_metric_families,
             b"application/openmetrics-text")):
        got = samples(parse, accept)
        assert got["wsgimaster_app_counter_total", "a"] == 5, got
        assert got["wsgimaster_app_gauge", "b"] == -3
        assert got["wsgimaster_app_gauge", "c.d-e_f"] == 2
        assert got["wsgimaster_queue_slots", None] == 8
        assert ("wsgimaster_lock_deaths_total", None) in got


if __name__ == "__main__":
    run(globals())
