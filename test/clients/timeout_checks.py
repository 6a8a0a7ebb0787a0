"""Checks of the timeouts, set to a second; app: test/apps/http_probe.py."""
import time

from wire import HOST, Ended, Wire, get, run, stats, until

AT_LEAST, AT_MOST = 0.8, 45.0       # around a timeout of one second


class Took:
    """How long the block took; it must be as a timeout of one second is."""

    def __enter__(self):
        self.begin = time.monotonic()

    def __exit__(self, kind, *rest):
        took = time.monotonic() - self.begin
        if kind is None:
            assert AT_LEAST <= took <= AT_MOST, f"took {took:.2f} s"


def header(port):
    """Half a head: 408."""
    with Wire(port) as wire:
        with Took():
            wire.send(b"GET /hello HTTP/1.1\r\nHost:")
            response = wire.response()
        assert response.status == 408, response.status
        assert response.closes
        wire.expect_end()


def header_dripping(port):
    """A byte now and then does not make the time longer."""
    with Wire(port) as wire:
        begin = time.monotonic()
        try:
            wire.drip(b"GET /hello HTTP/1.1\r\nX: " + b"a" * 1000, 0.2)
            raise AssertionError("was never cut off")
        except OSError:
            pass
        assert time.monotonic() - begin < AT_MOST
    assert get(port, "/hello").status == 200


def nothing(port):
    """A connection on which nothing comes is closed."""
    with Wire(port) as wire:
        with Took():
            left = wire.rest()
        assert left == b"" or left.startswith(b"HTTP/1.1 408 "), left


def idle(port):
    """keepalive-timeout: closed without a word."""
    with Wire(port) as wire:
        assert wire.get("/hello").status == 200
        with Took():
            wire.expect_end()


def idle_used_again(port):
    """The time begins anew with every response."""
    with Wire(port) as wire:
        for _ in range(5):
            assert wire.get("/hello").status == 200
            time.sleep(0.4)
        assert wire.get("/hello").status == 200


def body(port, status):
    """A pause in the body ends the request, not only the app's patience."""
    before = len(get(port, "/errors").json())
    with Wire(port) as wire:
        with Took():
            wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                      b"Content-Length: 100\r\n\r\n" + b"x" * 50)
            try:
                response = wire.response()
                assert str(response.status) == status, response.status
                assert response.closes
                wire.expect_end()
            except Ended as ended:
                assert ended.data == b"", ended.data
                assert status == "none"
    return len(get(port, "/errors").json()) - before


def body_slow(port):
    """It is the pause that counts, not the whole time."""
    with Wire(port) as wire:
        wire.send(b"POST /echo HTTP/1.1\r\n" + HOST +
                  b"Content-Length: 6\r\n\r\n")
        wire.drip(b"abcdef", 0.4)
        assert wire.response().body == b"abcdef"


def busy(address):
    worker = stats(address)["workers"][0]
    return sum(1 for core in worker["cores"] if core["in_request"])


def write(port, address):
    """A client that takes nothing loses its response, and the core is free."""
    with Wire(port, receive_buffer=4096) as wire:
        wire.send(b"GET /big?size=67108864 HTTP/1.1\r\n" + HOST + b"\r\n")
        until("the request runs", lambda: busy(address) > 0)
        until("its core is free", lambda: busy(address) == 0, AT_MOST)
        assert len(wire.rest()) < 67108864
    assert get(port, "/hello").status == 200


def write_slow(port):
    """Taking something is enough, though all of it takes longer."""
    size = 16 << 20
    with Wire(port, receive_buffer=65536) as wire:
        wire.send(b"GET /big?size=%d HTTP/1.1\r\n" % size + HOST + b"\r\n")
        head = wire.head()
        have = len(wire.data)
        assert int(head.get("content-length")) == size
        for _ in range(10):
            time.sleep(0.5)     # write-timeout is 1
            want = min(100 << 10, size - have)
            while want > 0:
                piece = wire.sock.recv(want)
                assert piece, f"ended after {have}"
                have += len(piece)
                want -= len(piece)
        while have < size:
            piece = wire.sock.recv(size - have)
            assert piece, f"ended after {have}"
            have += len(piece)


def slow_senders_cost_no_core(port, address):
    """Fifty half heads, one core: others are answered at once."""
    wires = [Wire(port) for _ in range(50)]
    try:
        for wire in wires:
            wire.send(b"POST /echo HTTP/1.1\r\nHost: test\r\nX-Half")
        time.sleep(0.2)
        assert busy(address) == 0
        for number in range(5):
            begin = time.monotonic()
            answer = get(port, f"/number?{number}").body
            assert answer == b"%d" % number
            assert time.monotonic() - begin < 10
        for wire in wires:
            wire.send(b": 1\r\nContent-Length: 2\r\n\r\nok")
        for wire in wires:
            assert wire.response().body == b"ok"
    finally:
        for wire in wires:
            wire.sock.close()


run(globals())
