"""Remote procedure calls; the app is test/apps/rpc_cases.py.

PORT is its HTTP port; NODE is an address of a uwsgi socket.
"""
import contextlib
import socket
import struct
import threading
import time
import urllib.parse

import wire
from wire import Ended, Wire, get

LONG = 1000000


def call(port, *words):
    return get(port, "/call?" + urllib.parse.quote(" ".join(words))).body


def packet(*texts, modifier2=0):
    data = b"".join(struct.pack("<H", len(text)) + text for text in texts)
    return b"\xad" + struct.pack("<H", len(data)) + bytes([modifier2]) + data


def ask(node, data):
    """What comes back, to the end."""
    with Wire(node) as client:
        client.send(data)
        return client.rest()


def agrees(port, *nodes):
    """Every node gives the same."""
    for node in ("-", "+") + nodes:
        for words, want in (
                (["echo"], b"b'0:'"),
                (["echo", "a", "", "\n+"], b"b'3:a,,\\n+'"),
                (["s:echo", "s:a", "b"], b"b'2:a,b'"),
                (["echo"] + ["a"] * 254,
                 repr(b"254:" + b",".join([b"a"] * 254))),
                (["nothing"], b"None"), (["text"], b"None"),
                (["fails"], b"None"), (["unknown"], b"None")):
            want = want if isinstance(want, bytes) else want.encode()
            got = call(port, node, *words)
            assert got == want, (node, words[:4], got[:99], want[:99])
        for size in (1, 16384, 16385, 65535, 65536, LONG):
            got = call(port, node, "big", str(size))
            assert got == b"b'" + b"x" * size + b"'", (node, size, len(got))


def signal(port, *words):
    return get(port, "/signal?" + urllib.parse.quote(" ".join(words))).body


def signals(port, notes, *nodes):
    """Others take those that they shall, and run their handlers."""
    def seen():
        with open(notes, encoding="ascii") as file:
            return len(file.readlines())
    for node in nodes:
        before, end = seen(), time.monotonic() + 30
        assert signal(port, node, "17") == b"None", node
        while seen() == before:
            assert time.monotonic() < end, "the handler has not run"
            time.sleep(0.01)
        assert seen() == before + 1
        assert signal(port, node, "255") == b"None", node


def refused(port, node):
    """Those that are not allowed, and where nobody is."""
    for number in ("16", "18", "20", "254", "0"):
        got = signal(port, node, number)
        assert got == f"ValueError: node '{node}' rejected signal " \
            f"{number}".encode(), got
    for nowhere in ("127.0.0.1:1", "/no/such/socket"):
        got = signal(port, nowhere, "17")
        assert got.startswith(b"OSError: unable to deliver signal 17 to "
                              b"node '"), got
    assert signal(port, node, "256").startswith(b"ValueError: ")


def signals_bad(port):
    """Whatever comes back, the caller gets an error in time."""
    for answer, want in (
            (says(b""), b"it has ended the connection"),
            (says(b"\xff\0\0"), b"it has ended the connection"),
            (says(b"\xff\0\0", closes=False), b"no answer within"),
            (says(b"HTTP/1.1 501 no"), b"what came is no answer"),
            (lambda peer: peer.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER,
                struct.pack("ii", 1, 0)) or peer.close(), b"reset")):
        with serving(answer) as node:
            got = signal(port, node, "17")
            assert got.startswith(b"OSError: ") and want in got, got
    with serving(says(b"\xff\0\0\1", closes=False)) as node:
        assert signal(port, node, "17") == b"None"


def with_uwsgi(port, node):
    """One of both is uWSGI."""
    for words, want in (
            (["echo"], b"b'0:'"), (["echo", "a", "b"], b"b'2:a,b'"),
            (["nothing"], b"None"), (["text"], b"None"),
            (["fails"], b"None"), (["unknown"], b"None")):
        got = call(port, node, *words)
        assert got == want, (words, got)
    for size in (1, 65535, 65536, LONG):
        got = call(port, node, "big", str(size))
        assert got == b"b'" + b"x" * size + b"'", (size, len(got))
    got = call(port, node, "echo", "n:60000")
    assert got == b"b'1:" + b"y" * 60000 + b"'", len(got)


def refuses(port, node):
    """What cannot be a call is a ValueError, and nothing is sent."""
    for words in (["-"], ["+"], [node]):
        assert call(port, *words).startswith(
            b"ValueError: unable to call rpc function"), words
    for words in (["-"], [node]):
        got = call(port, *words, "echo", *(["a"] * 255))
        assert got.startswith(b"ValueError: "), got
    got = call(port, node, "echo", "n:65530")
    assert got.startswith(b"ValueError: "), got
    assert call(port, node, "echo", "n:65527").endswith(b"y'")


def registers(port):
    assert get(port, "/list").body.startswith(b"(b'echo', b'big', b'where'")
    for query, want in (("two", b"True"), ("two", b"True"),
                        ("s:three", b"True"), ("n:254", b"True"),
                        ("n:255", b"ValueError: unable to register"),
                        ("s:", b"ValueError: unable to register"),
                        ("four", b"ValueError: unable to register rpc "
                                 b"function: there are 14 already")):
        got = get(port, "/register?" + query).body
        assert got.startswith(want), (query, got)
    assert call(port, "-", "three", "a") == b"b'1:a'"


def itself(port, node):
    """The caller's own worker answers, while the caller waits."""
    mine, there = call(port, "-", "where"), call(port, node, "where")
    assert mine == there, (mine, there)
    got = call(port, node, "nested", node, "nested", node, "where")
    assert got == mine, got


def beside(port, node):
    """A call that waits holds up nobody."""
    result = []
    thread = threading.Thread(target=lambda: result.append(
        call(port, node, "held")))
    thread.start()
    wire.until("it waits", lambda: get(port, "/held").body == b"1")
    for _ in range(20):
        assert get(port, "/").body == b"here"
    assert not result, result
    assert get(port, "/release").body == b"1"
    thread.join()
    assert result == [b"b'released'"], result


def raw(node):
    """What a packet may look like, and what comes back."""
    assert ask(node, b"\x6e\0\0\x11") == b"\xff\0\0\1"
    assert ask(node, b"\x6e\0\0\xff") == b"\xff\0\0\1"
    assert ask(node, b"\x6e\0\0\x12") == b"\xff\0\0\0"
    assert ask(node, b"\x6e\1\0\x11\0").startswith(b"HTTP/1.1 400")
    assert ask(node, packet(b"echo", b"a")) == b"\xad\x03\0\0" + b"1:a"
    assert ask(node, packet(b"echo", b"a", modifier2=1)) == b"1:a"
    assert ask(node, packet(b"unknown")) == b"\xad\0\0\0"
    assert ask(node, packet(b"fails")) == b"\xad\0\0\0"
    assert ask(node, packet(b"text")) == b"\xad\0\0\0"
    assert ask(node, packet(b"nothing", modifier2=1)) == b""
    assert ask(node, packet(b"a\n\0\xffb")) == b"\xad\0\0\0"
    got = ask(node, packet(b"big", b"70000"))
    assert got == b"\xad\x17\0\x05\x0e\0CONTENT_LENGTH\x05\x0070000" + \
        b"x" * 70000, got[:40]
    got = ask(node, packet(b"forks"))
    assert got == b"\xad\x0c\0\0the parent's", got
    for data in (b"\xad\0\0\0", packet(b""), packet(b"", b"a"),
                 packet(b"echo", b"a", modifier2=2),
                 packet(b"echo", b"a", modifier2=3),
                 packet(*[b"a"] * 256), b"\xad\x04\0\0\x09\0ab",
                 b"\xad\x01\0\0\x01"):
        got = ask(node, data)
        assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501")), got


def imported(node):
    """Of the module that an option imports."""
    for _ in range(4):
        assert ask(node, packet(b"imported")) == b"\xad\x0a\0\0it is here"


def cut(node):
    """A client that leaves at any byte does no harm; slow ones are served."""
    data = packet(b"echo", b"abc", b"def")
    for at in range(4):
        with Wire(node) as client:
            client.send(b"\x6e\0\0"[:at])
    for at in range(len(data)):
        with Wire(node) as client:
            client.send(data[:at])
            if at % 2:
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
    with Wire(node) as client:
        client.drip(data, 0.001)
        assert client.rest() == b"\xad\x09\0\0" + b"2:abc,def"
    with Wire(node) as client:          # leaves while it is answered
        client.send(packet(b"big", b"20000000"))
        client.sock.recv(1000)
    assert ask(node, data) == b"\xad\x09\0\0" + b"2:abc,def"


def elsewhere(port, fastcgi):
    """No other protocol reaches a function."""
    for node in (port, fastcgi):
        for data in (packet(b"echo", b"a"), b"\x6e\0\0\x11"):
            with Wire(node) as client:
                client.send(data)
                client.sock.shutdown(socket.SHUT_WR)
                try:
                    got = client.rest()
                except Ended as error:
                    got = error.data
            assert b"1:a" not in got and b"\xff" not in got, got


@contextlib.contextmanager
def serving(answer):
    """Somebody who says this to whoever calls; gives the address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.settimeout(30)
    kept = []

    def serve():
        peer, _ = listener.accept()
        kept.append(peer)
        data = b""
        while len(data) < 4 or len(data) < 4 + data[1] + 256 * data[2]:
            data += peer.recv(65536)
        answer(peer)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield "127.0.0.1:%d" % listener.getsockname()[1]
    finally:
        thread.join(30)
        for peer in kept:
            peer.close()
        listener.close()


def says(data, closes=True):
    def answer(peer):
        peer.sendall(data)
        if closes:
            peer.close()
    return answer


def bad(port):
    """Whatever comes back, the caller gets None in time."""
    header = b"\x0e\0CONTENT_LENGTH"
    for answer in (
            says(b""), says(b"", closes=False), says(b"\xad"),
            says(b"\xad\5\0\0abc"), says(b"\xad\5\0\0abc", closes=False),
            says(b"\xad\0\0\0", closes=False), says(b"HTTP/1.1 200 OK\r\n"),
            says(b"\xad\0\0\5"), says(b"\xad\x13\0\5" + header + b"\1\x009"),
            says(b"\xad\x13\0\5" + header + b"\1\0a"),
            says(b"\xad\x1b\0\5" + header + b"\x09\x00999999999"),
            says(b"\xad\x13\0\5" + header + b"\x09\x009"),
            lambda peer: peer.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER,
                struct.pack("ii", 1, 0)) or peer.close()):
        with serving(answer) as node:
            got = call(port, node, "name", "a")
            assert got == b"None", got
    with serving(says(b"\xad\x13\0\5" + header + b"\1\x003abc and more")) as \
            node:
        assert call(port, node, "name") == b"b'abc'"
    with serving(says(b"\xad\3\0\0abc and more")) as node:
        assert call(port, node, "name") == b"b'abc'"
    assert call(port, "127.0.0.1:1", "name") == b"None"
    assert call(port, "/no/such/socket", "name") == b"None"
    assert call(port, "s:what is this", "name").startswith(b"ValueError: ")


def late(port, node):
    """A function that takes longer than rpc-timeout."""
    assert call(port, node, "slow", "1.5") == b"None"


def harakiri(port, node):
    """A function whose time is over ends alone."""
    assert call(port, node, "harakiri") == b"None"
    assert call(port, node, "echo") == b"b'0:'"


if __name__ == "__main__":
    wire.run(globals())
