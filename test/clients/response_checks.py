"""Checks of responses, large and broken; app: test/apps/http_probe.py."""
import time

from wire import HOST, Ended, Wire, get, run, until

UNIT = b"".join(b"%07d\n" % n for n in range(131072))


def blob(size):
    return (UNIT * (size // len(UNIT) + 1))[:size]


def big(port, mib):
    """One bytes object, byte by byte."""
    size = int(mib) << 20
    with Wire(port) as wire:
        response = wire.get(f"/big?size={size}")
        assert response.body == blob(size)
        assert wire.get("/number?after").body == b"after"


def file(port, path):
    """wsgi.file_wrapper, whole, without a length, and from an offset."""
    with open(path, "rb") as opened:
        wanted = opened.read()
    with Wire(port) as wire:
        for _ in range(3):
            assert wire.get("/file").body == wanted
        response = wire.get("/file?nolen")
        assert response.body == wanted
        response = wire.get("/file?nolen&from=4097")
        assert response.body == wanted[4097:]
        response = wire.get(f"/file?nolen&from={len(wanted)}")
        assert response.body == b""
        assert wire.get("/number?after").body == b"after"


def slow_reader(port, what):
    """A client that takes its time gets every byte."""
    with Wire(port, receive_buffer=65536) as wire:
        wire.send(b"GET " + what.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(0.5)
        head = wire.head()
        size, got = int(head.get("content-length")), []
        wire.data, first = b"", wire.data
        got.append(first)
        have = len(first)
        while have < size:
            piece = wire.sock.recv(min(65536, size - have))
            assert piece, f"ended after {have} of {size}"
            got.append(piece)
            have += len(piece)
            if len(got) % 100 == 0:
                time.sleep(0.1)
        assert b"".join(got) == blob(size)
        assert wire.get("/number?after").body == b"after"


def client_leaves(port):
    """The iterable is closed, and the server goes on."""
    for name in ("one", "two", "three"):
        with Wire(port, receive_buffer=4096) as wire:
            wire.send(b"GET /pieces?n=100000&size=10000&name=" +
                      name.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            wire.sock.recv(1000)
        until(f"close() of {name}",
              lambda: name in get(port, "/closed").json())
    assert get(port, "/closed").json().count("one") == 1


def pieces(port):
    """1,000 chunks in order; close() once."""
    with Wire(port) as wire:
        for size in (4, 100, 2000):
            name = f"all{size}"
            response = wire.get(f"/pieces?n=1000&size={size}&name={name}")
            wanted = b"".join(b"%04d" % n + b"." * (size - 4)
                              for n in range(1000))
            assert response.body == wanted
            assert wire.get("/closed").json().count(name) == 1
        assert wire.get("/pieces?n=0").body == b""


def arrives_piece_by_piece(port):
    """What the app has given is with the client before the next is made."""
    with Wire(port) as wire:
        wire.send(b"GET /raise-late HTTP/1.1\r\n" + HOST + b"\r\n")
        wire.head()
        assert wire.line() == "5"
        assert wire.take(7) == b"begun\r\n"


def too_short(port):
    """Fewer bytes than announced: the client can tell."""
    with Wire(port) as wire:
        try:
            wire.get("/short")
            raise AssertionError("taken for a whole response")
        except Ended as ended:
            assert ended.data == b"x" * 10, ended.data
    assert get(port, "/hello").status == 200


def too_long(port):
    """Never a byte more than announced."""
    with Wire(port) as wire:
        response = wire.get("/long")
        assert response.body == b"0123456789"
        if response.closes:
            wire.expect_end()
            return
        try:
            assert wire.get("/number?after").body == b"after"
        except Ended as ended:      # closed instead: right as well
            assert ended.data == b"", ended.data


def exception(port):
    """500 without the traceback, which is for the log."""
    with Wire(port) as wire:
        response = wire.get("/raise")
        assert response.status == 500
        assert b"raised on purpose" not in response.body
        if not response.closes:
            assert wire.get("/number?after").body == b"after"


def exception_caught(port):
    """catch-exceptions: the client sees the traceback."""
    response = get(port, "/raise")
    assert response.status == 500
    assert b"ValueError: raised on purpose" in response.body


def exception_late(port):
    """Cut off, so that it cannot be taken for a whole response."""
    with Wire(port) as wire:
        try:
            wire.get("/raise-late")
            raise AssertionError("taken for a whole response")
        except Ended as ended:
            assert b"0\r\n\r\n" not in ended.data
    assert get(port, "/hello").status == 200


run(globals())
