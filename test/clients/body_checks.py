"""Checks of request bodies, large and odd; app: test/apps/http_probe.py."""
import hashlib
import socket
import time

from wire import HOST, Wire, chunked, get, run, stats, until

MIB = 1 << 20


def pattern(size):
    """Bytes of which no two places look the same."""
    unit = b"".join(b"%07x\n" % n for n in range(MIB // 8))
    return (unit * (size // MIB + 1))[:size]


def expected(data):
    return b"%d %s" % (len(data), hashlib.sha256(data).hexdigest().encode())


def upload(port, mib):
    """By length, and the connection goes on."""
    data = pattern(int(mib) * MIB + 17)
    with Wire(port) as wire:
        response = wire.post("/digest", data)
        assert response.body == expected(data), response.body
        assert wire.get("/number?after").body == b"after"


def upload_chunked(port, mib):
    data = pattern(int(mib) * MIB + 17)
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Transfer-Encoding: chunked\r\n\r\n")
        wire.send(chunked(data, 30001))
        response = wire.response()
        assert response.body == expected(data), response.body
        assert wire.get("/number?after").body == b"after"


def upload_tiny_chunks(port):
    data = pattern(20000)
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Transfer-Encoding: chunked\r\n\r\n" + chunked(data, 3))
        assert wire.response().body == expected(data)


def upload_slowly(port):
    """In many packets, with pauses between."""
    data = pattern(10000)
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Content-Length: %d\r\n\r\n" % len(data))
        wire.drip(data, 0.02, 500)
        assert wire.response().body == expected(data)


def busy_cores(address):
    worker = stats(address)["workers"][0]
    return sum(1 for core in worker["cores"] if core["in_request"])


def collected_without_core(port, address):
    """post-buffering: a slow sender costs no core, also not the only one."""
    data = pattern(200000)
    before = len(get(port, "/seen").json())
    with Wire(port) as slow, Wire(port) as slow_chunked:
        slow.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Content-Length: %d\r\n\r\n" % len(data) + data[:100000])
        slow_chunked.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                          b"Transfer-Encoding: chunked\r\n\r\n20000\r\n" +
                          data[:100000])
        time.sleep(0.5)
        assert busy_cores(address) == 0
        begin = time.monotonic()
        assert get(port, "/number?quick").body == b"quick"
        assert time.monotonic() - begin < 10
        assert len(get(port, "/seen").json()) == before + 2
        slow.send(data[100000:])
        assert slow.response().body == expected(data)
        slow_chunked.send(data[100000:0x20000] + b"\r\n0\r\n\r\n")
        assert slow_chunked.response().body == expected(data[:0x20000])


def aborted(port):
    """A client that leaves in the middle is an error of the read."""
    before = get(port, "/errors").json()
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Content-Length: 100000\r\n\r\n" + b"x" * 50000)
        time.sleep(0.2)
    until("the app's read fails", lambda:
          len(get(port, "/errors").json()) == len(before) + 1)
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel")
        wire.sock.shutdown(socket.SHUT_WR)
        wire.rest()
    until("the app's read fails", lambda:
          len(get(port, "/errors").json()) == len(before) + 2)
    assert get(port, "/hello").body == b"Hello World"


def aborted_collected(port):
    """With post-buffering the app never hears of such a request."""
    before = len(get(port, "/seen").json())
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Content-Length: 100000\r\n\r\n" + b"x" * 50000)
        time.sleep(0.2)
    time.sleep(0.3)
    assert len(get(port, "/seen").json()) == before + 1


def unread(port):
    """A body that the app leaves is never taken for the next request."""
    evil = b"GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n"
    for path in ("/unread", "/one-piece?n=5"):
        for repeat in (1, 50):
            body = evil * repeat
            with Wire(port) as wire:
                response = wire.post(path, body)
                assert response.status == 200
                if not response.closes:
                    assert wire.get("/number?after").body == b"after"
            with Wire(port) as wire:
                wire.send(b"POST " + path.encode() + b" HTTP/1.1\r\n" + HOST +
                          b"Transfer-Encoding: chunked\r\n\r\n" +
                          chunked(body, 10))
                response = wire.response()
                assert response.status == 200
                if not response.closes:
                    assert wire.get("/number?after").body == b"after"
    assert "GET /smuggled" not in get(port, "/seen").json()


def unread_small_keeps(port):
    """A small body that came along does not cost the connection."""
    with Wire(port) as wire:
        for number in range(3):
            assert not wire.post("/unread", b"a=b").closes
            assert wire.get(f"/number?{number}").body == b"%d" % number


def unread_large(port):
    """The answer to a large body that nobody reads arrives whole."""
    with Wire(port) as wire:
        wire.send(b"POST /unread HTTP/1.1\r\n" + HOST +
                  b"Content-Length: %d\r\n\r\n" % (8 * MIB))
        try:
            wire.send(b"x" * (8 * MIB))
        except OSError:
            pass
        response = wire.response()
        assert response.body == b"not read", response.body


def ready_made_errors(port):
    """No more is read than was announced."""
    with Wire(port) as wire:
        wire.send(b"POST /echo HTTP/1.1\r\n" + HOST +
                  b"Content-Length: 3\r\n\r\nabcGET /number?2 HTTP/1.1\r\n" +
                  HOST + b"\r\n")
        assert wire.response().body == b"abc"
        assert wire.response().body == b"2"


run(globals())
