"""Checks of the stats socket: who sends nothing, and who speaks HTTP.

stats_checks.py CHECK ADDRESS...: a port, or the path of a unix socket.
"""
import json
import resource
import socket
import time

from wire import Ended, Wire, run, stats, until

LINE = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
KEYS = {"version", "pid", "workers", "sockets", "listen_queue"}


def ask(address, path, host=b"127.0.0.1", method=b"GET", extra=b""):
    with Wire(address) as wire:
        wire.send(method + b" " + path + b" HTTP/1.1\r\nHost: " + host
                  + b"\r\n" + extra + b"\r\n")
        return wire.response(method)


def is_stats(data):
    return KEYS <= set(json.loads(data))


def silent(address):
    """Nothing sent: the document, and the end."""
    with Wire(address) as wire:
        begin = time.monotonic()
        data = wire.rest()
        assert is_stats(data)
        assert time.monotonic() - begin < 10
    with Wire(address) as wire:
        wire.sock.shutdown(socket.SHUT_WR)
        assert is_stats(wire.rest())


def gibberish(address):
    """What is not HTTP gets the document as well."""
    for said in (b"\n", b"\r\n", b"\x16\x03\x01", b"get / http"):
        with Wire(address) as wire:
            wire.send(said)
            assert is_stats(wire.rest()), said


def paths(address):
    for path in (b"/", b"/stats"):
        answer = ask(address, path)
        assert answer.status == 200
        assert answer.get("content-type") == "application/json"
        assert is_stats(answer.body)
    for path in (b"/livez", b"/readyz", b"/livez?x=1"):
        answer = ask(address, path)
        assert (answer.status, answer.body) == (200, b"ok\n"), path
        assert answer.get("content-type") == "text/plain; charset=utf-8"
    for path in (b"/nix", b"//", b"/stats/", b"/Livez", b"*"):
        answer = ask(address, path, method=b"GET")
        if path == b"*":
            assert answer.status in (400, 404)
            continue
        assert answer.status == 404, (path, answer.status)
        assert b"\n/readyz\n" in answer.body, answer.body


def methods(address):
    for method in (b"POST", b"PUT", b"DELETE", b"OPTIONS", b"get"):
        with Wire(address) as wire:
            wire.send(b"%s /livez HTTP/1.1\r\nHost: a\r\n" % method
                      + b"Content-Length: 3\r\n\r\nabc")
            if method == b"get":        # not a method: not HTTP
                assert is_stats(wire.rest())
                continue
            answer = wire.response()
            assert answer.status == 405
            assert answer.get("allow") == "GET, HEAD"
            assert answer.closes
            wire.expect_end()
    for path in (b"/stats", b"/livez"):
        with Wire(address) as wire:
            for _ in range(2):
                wire.send(b"HEAD %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
                          % path)
                answer = wire.response(b"HEAD")
                assert answer.status == 200 and answer.body == b""
            wire.send(LINE % b"/livez")
            assert wire.response().body == b"ok\n"


def versions(address):
    with Wire(address) as wire:
        wire.send(b"GET /livez HTTP/1.0\r\n\r\n")
        answer = wire.response()
        assert answer.status == 200 and answer.closes
        wire.expect_end()
    with Wire(address) as wire:
        wire.send(b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                  + LINE % b"/livez")
        assert not wire.response().closes
        assert wire.response().body == b"ok\n"
    with Wire(address) as wire:
        wire.send(b"GET /livez HTTP/1.1\r\nHost: a\r\n"
                  b"Connection: close\r\n\r\n")
        assert wire.response().closes
        wire.expect_end()
    with Wire(address) as wire:
        wire.send(b"GET /livez HTTP/2.0\r\nHost: a\r\n\r\n")
        assert wire.response().status == 505


def reused(address):
    """One connection for many requests, also all at once and in pieces."""
    with Wire(address) as wire:
        for _ in range(20):
            wire.send(LINE % b"/readyz")
            assert wire.response().body == b"ok\n"
        wire.send((LINE % b"/livez") * 20 + LINE % b"/stats")
        for _ in range(20):
            assert wire.response().body == b"ok\n"
        assert is_stats(wire.response().body)
        wire.drip(LINE % b"/livez", 0.001)
        assert wire.response().body == b"ok\n"
        wire.send((LINE % b"/livez") * 3)
        wire.sock.shutdown(socket.SHUT_WR)
        for _ in range(3):
            assert wire.response().body == b"ok\n"
        wire.expect_end()


def bounds(address):
    """A head has an end."""
    for start, status in ((b"GET /" + b"a" * 5000, 414),
                          (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 2000, 431),
                          (b"GET / HTTP/1.1\r\nA: " + b"b" * 9000, 431),
                          (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
                          (b"GET /\r\n\r\n", 400)):
        with Wire(address) as wire:
            wire.send(start)
            answer = wire.response()
            assert answer.status == status, (start[:40], answer.status)
            assert answer.closes


def slow_head(address):
    """Half a head is not waited for for ever."""
    with Wire(address) as wire:
        wire.send(b"GET /stats HTTP/1.1\r\nHo")
        begin = time.monotonic()
        wire.expect_end()
        assert 2 < time.monotonic() - begin < 50


def chunks(address):
    """A long document comes in chunks, and the connection goes on."""
    with Wire(address) as wire:
        for _ in range(3):
            wire.send((LINE % b"/stats") + LINE % b"/livez")
            answer = wire.response()
            assert len(answer.chunks) > 3, answer.chunks
            assert is_stats(answer.body)
            assert wire.response().body == b"ok\n"
        wire.send(b"HEAD /stats HTTP/1.1\r\nHost: localhost\r\n\r\n"
                  + LINE % b"/livez")
        answer = wire.response(b"HEAD")
        assert answer.get("transfer-encoding") == "chunked"
        assert wire.response().body == b"ok\n"


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def lazy_readers(address):
    """Forty that take little of a long document: it does not pile up."""
    size = len(ask(address, b"/stats").body)
    pid = stats(address)["pid"]
    before, lazy = resident(pid), []
    try:
        for _ in range(40):
            wire = Wire(address, receive_buffer=4096)
            lazy.append(wire)
            wire.send(LINE % b"/stats")
            wire.take(100)
        assert ask(address, b"/livez").body == b"ok\n"
        grown = resident(pid) - before
        assert grown < 40 * size / 4, (grown, size)
    finally:
        for wire in lazy:
            wire.sock.close()


def hosts(address, *also):
    """Only names of this server, or a page elsewhere could read it."""
    for host in (b"127.0.0.1", b"127.0.0.1:99", b"[::1]:99", b"[::1]",
                 b"localhost", b"LOCALHOST:9", b"x.localhost",
                 socket.gethostname().encode(), *map(str.encode, also)):
        assert ask(address, b"/stats", host).status == 200, host
    for host in (b"evil.example", b"evil.example:80", b"127.0.0.1.evil",
                 b"localhost.evil", b"evillocalhost"):
        for path in (b"/", b"/stats"):
            answer = ask(address, path, host)
            assert answer.status == 421, host
            assert b"stats-host" in answer.body
        for path in (b"/livez", b"/readyz"):
            assert ask(address, path, host).status == 200, host


def unguarded(address):
    """A unix socket: no browser comes there."""
    assert ask(address, b"/stats", b"whatever").status == 200


def only_http(address):
    """stats-http: who says nothing is waited for."""
    with Wire(address) as wire:
        time.sleep(1)
        wire.send(LINE % b"/stats")
        assert is_stats(wire.response().body)
    with Wire(address) as wire:
        wire.sock.shutdown(socket.SHUT_WR)
        wire.expect_end()
    with Wire(address) as wire:
        wire.send(b"\x16\x03\x01\r\n\r\n")
        assert wire.response().status == 400


def crowd(address):
    """As many idle connections as there is room for keep nobody out."""
    idle = []
    try:
        for _ in range(200):
            wire = Wire(address)
            idle.append(wire)
            wire.send(LINE % b"/livez")
            assert wire.response().body == b"ok\n"
        assert ask(address, b"/livez").body == b"ok\n"
        assert stats(address)["pid"] > 0
    finally:
        for wire in idle:
            wire.sock.close()


def silent_crowd(address):
    """Nor do those that connect and say half a word."""
    half = []
    try:
        for _ in range(100):
            wire = Wire(address)
            half.append(wire)
            wire.send(b"GET")
        assert ask(address, b"/livez").body == b"ok\n"
    finally:
        for wire in half:
            wire.sock.close()


def leavers(address):
    """Clients that leave at any point do no harm."""
    for said in (b"", b"G", LINE % b"/stats", LINE % b"/livez" * 30):
        for _ in range(20):
            with Wire(address) as wire:
                wire.send(said)
    assert ask(address, b"/livez").body == b"ok\n"


def readyz(address, status, text):
    """Polls until it says so."""
    def says():
        try:
            answer = ask(address, b"/readyz")
        except (Ended, OSError):
            return False
        return (answer.status == int(status)
                and answer.body.decode().strip() == text)
    until(f"/readyz: {status} {text}", says)


def ready_until(address, generation):
    """Ready all the time, until that generation serves alone."""
    def done():
        answer = ask(address, b"/readyz")
        assert (answer.status, answer.body) == (200, b"ok\n"), answer.body
        state = stats(address)
        return (state["generation"] == int(generation)
                and not state["reload"]["running"]
                and not state["other_workers"])
    until(f"generation {generation}", done)


def live(address):
    """/livez answers soon, whatever else goes on."""
    begin = time.monotonic()
    assert ask(address, b"/livez").body == b"ok\n"
    assert time.monotonic() - begin < 10


run(globals())
