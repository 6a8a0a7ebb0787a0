"""Checks of websockets; the app is test/apps/websocket_cases.py."""
import json
import os
import random
import socket
import struct
import subprocess
import threading
import time

from websocket_wire import (BINARY, CLOSE, PING, PONG, TEXT, Closed,
                            Websocket, frame)
from wire import Ended, Wire, notes, run, until

RECV = "unable to receive websocket message"


def noted(line, seen=0):
    until(f"the note {line!r}", lambda: line in notes()[seen:])


def echoes(port, tls=False):
    """Messages of all lengths come back whole."""
    with Websocket(port, tls=tls) as ws:
        for size in (0, 1, 125, 126, 127, 65535, 65536, 300000, 1024 * 1024):
            text = "\u00e4" * (size // 2) + "x" * (size % 2)
            ws.put(TEXT, text)
            assert ws.text() == text, size
        ws.put(TEXT, "a", fin=False)
        ws.put(PING, b"between")
        ws.put(0, "", fin=False)
        ws.put(0, "b")
        assert ws.get_message() == (PONG, b"between")
        assert ws.text() == "ab"
        ws.send(b"".join(frame(TEXT, str(i)) for i in range(500)))
        assert [ws.text() for i in range(500)] == [str(i) for i in range(500)]
        ws.put(CLOSE)
        assert ws.closed().code is None
    with Websocket(port, "/echo_binary", tls=tls) as ws:
        data = os.urandom(100000)
        for byte in frame(BINARY, data[:40]):
            ws.send(bytes([byte]))
        assert ws.get_message() == (BINARY, data[:40])
        ws.put(BINARY, data)
        assert ws.get_message() == (BINARY, data)
        ws.put(CLOSE, struct.pack(">H", 1000))
        assert ws.closed().code == 1000


def closes(port):
    """Codes and reasons, both ways, and on the exception."""
    for payload, code, line in (
            (b"", None, "/echo 1005 "),
            (struct.pack(">H", 1000), 1000, "/echo 1000 "),
            (struct.pack(">H", 3001) + "fort\u00fc".encode(), 3001,
             "/echo 3001 fort\u00fc")):
        seen = len(notes())
        with Websocket(port) as ws:
            ws.put(TEXT, "last")
            ws.put(CLOSE, payload)
            assert ws.text() == "last"
            assert ws.closed().code == code
            assert ws.ends()
        noted(line + " " + RECV, seen)
    seen = len(notes())
    with Websocket(port) as ws:
        ws.put(TEXT, "last")
        assert ws.text() == "last"
    noted("/echo 1006 the client has closed the connection " + RECV, seen)
    seen = len(notes())
    with Websocket(port, "/close?code=4000&reason=enough") as ws:
        closed = ws.closed()
        assert (closed.code, closed.reason) == (4000, "enough"), closed
        ws.put(TEXT, "dropped")
        ws.put(CLOSE, struct.pack(">H", 4000))
        assert ws.ends()
    noted("/close 4000 enough " + RECV, seen)
    assert "/close unable to send websocket message" in notes()[seen:]


def api(port):
    """The functions, one after the other."""
    with Websocket(port, "/nb") as ws:
        ws.send(b"".join(frame(TEXT, str(i)) for i in range(5)))
        assert [ws.text() for i in range(5)] == list("01234")
        time.sleep(0.1)
        ws.put(TEXT, "x")
        assert ws.text() == "x"
        ws.put(CLOSE)
        assert ws.closed().code is None
    with Websocket(port, "/drain_nb") as ws:
        ws.send(b"".join(frame(TEXT, str(i)) for i in range(20)))
        assert ws.text() == ",".join(map(str, range(20)))
    with Websocket(port, "/timeout") as ws:
        assert ws.text() == "timed out"
        ws.put(TEXT, "in time")
        assert ws.text() == "in time"
        assert ws.closed().code == 1000
    for what in ("str", "none", "bytes", "list", "strs"):
        with Websocket(port, "/returns?what=" + what) as ws:
            assert ws.text() == "bye"
            assert ws.closed().code == 1000
            assert ws.ends()
    with Websocket(port, "/generator") as ws:
        ws.put(TEXT, "first")
        assert [ws.text(), ws.text()] == ["first", "second"]
        assert ws.closed().code == 1000
    with Websocket(port, "/fails") as ws:
        assert ws.closed().code == 1011
    with Websocket(port, "/text") as ws:
        assert [ws.get_message() for i in range(6)] == [
            (TEXT, "h\u00e4".encode()), (TEXT, "h\u00e4".encode()),
            (TEXT, b"array"), (BINARY, b"view"), (TEXT, b"ValueError"),
            (TEXT, b"UnicodeEncodeError")]
    with Websocket(port, "/area") as ws:
        name = "websocket_send_binary_from_sharedarea"
        assert [ws.get_message() for i in range(6)] == [
            (TEXT, "h\u00e4".encode()), (BINARY, b"h\xc3\xa4\xff"),
            (BINARY, bytes(6)),
            (TEXT, b"error calling uwsgi_" + name.encode() + b"()"),
            (TEXT, b"error calling uwsgi_" + name.encode() + b"()"),
            (TEXT, b"websocket_send_from_sharedarea: the text is not UTF-8: "
             b"send it as binary")]
    seen = len(notes())
    with Websocket(port, "/thread") as ws:
        assert [ws.text() for i in range(20)] == [
            f"from a thread {i}" for i in range(20)]
        ws.put(TEXT, "all")
        ws.put(CLOSE)
        assert ws.closed().code is None
    noted("/thread unable to send websocket message", seen)
    with Websocket(port, "/sleeps?for=0.5") as ws:
        ws.put(PING, b"there?")
        first = ws.get_message()
        if first == (PONG, b"there?"):
            assert ws.text() == "awake"
        else:                   # without an engine nobody turns the loop
            assert first == (TEXT, b"awake"), first
            assert ws.get_message() == (PONG, b"there?")


def in_order(port):
    """What threads send keeps its place, also before the end."""
    with Websocket(port, "/in_turn") as ws:
        for i in range(50):
            assert [ws.text(), ws.text()] == [f"thread {i}", f"request {i}"]
        assert ws.text() == "thread last"
        assert ws.closed().code == 1000
    with Websocket(port, "/last_words", receive_buffer=4096) as ws:
        time.sleep(0.2)
        for i in range(100):
            assert ws.text()[:3] == f"{i:02}x"
        closed = ws.closed()
        assert (closed.code, closed.reason) == (4002, "all said"), closed
        ws.put(CLOSE, struct.pack(">H", 4002))
        assert ws.ends()


def answers_ping_asleep(port):
    with Websocket(port, "/sleeps?for=2") as ws:
        ws.put(PING, b"there?")
        assert ws.get_message() == (PONG, b"there?")


REFUSED = [
    # what is changed, the status
    ({"Upgrade": None}, 400),
    ({"Upgrade": "h2c"}, 400),
    ({"Connection": "keep-alive"}, 400),
    ({"Sec-WebSocket-Version": "8"}, 426),
    ({"Sec-WebSocket-Version": None}, 426),
    ({"Sec-WebSocket-Key": None}, 400),
    ({"Sec-WebSocket-Key": "short"}, 400),
    ({"Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcy4uLg=="[:-2] + "AA"}, 400),
    ({"Content-Length": "3"}, 400),
]


def handshakes(port):
    """What RFC 6455 4.2 asks of a request, and what is answered."""
    for headers, status in REFUSED:
        with Websocket(port, shake=False) as ws:
            ws.ask(headers=headers)
            answer = ws.response()
            assert answer.status == status, (headers, answer.status)
            if status == 426:
                assert answer.get("sec-websocket-version") == "13"
    with Websocket(port, shake=False) as ws:
        ws.ask(method="POST")
        assert ws.response().status == 400
    with Wire(port) as client:
        assert client.get("/answers").body == \
            b"400 it is no request for a websocket\n"
        assert client.get("/plain").status == 200    # it goes on
    for wanted, query, chosen in (
            ("chat, superchat", "", "chat"),
            ("chat, superchat", "?proto=superchat", "superchat"),
            ("chat, superchat", "?proto=other,superchat,chat", "superchat"),
            ("chat", "?proto=Chat", None),
            (None, "?proto=chat", None),
            (None, "", None)):
        with Websocket(port, "/echo" + query,
                       {"Sec-WebSocket-Protocol": wanted}) as ws:
            got = ws.answer.get("sec-websocket-protocol")
            assert got == chosen, (wanted, query, got)
    for origin, status in (("http://here", 101), (None, 101),
                           ("http://there", 403)):
        with Websocket(port, shake=False) as ws:
            ws.ask("/origin?origin=http://here", {"Origin": origin})
            assert ws.head().status == status, origin
    # Frames right behind the request are not lost.
    with Websocket(port, shake=False) as ws:
        fields = b"".join(b"%s: %s\r\n" % pair for pair in (
            (b"Host", b"x"), (b"Upgrade", b"WebSocket"),
            (b"Connection", b"upgrade"), (b"Sec-WebSocket-Version", b"13"),
            (b"Sec-WebSocket-Key", b"c2l4dGVlbiBieXRlcy4uLg==")))
        ws.send(b"GET /echo HTTP/1.1\r\n" + fields + b"\r\n"
                + frame(TEXT, "early") + frame(TEXT, "bird"))
        assert ws.head().status == 101
        assert [ws.text(), ws.text()] == ["early", "bird"]


def early(port):
    """Frames in the request's own TLS record: no socket tells of them."""
    with Websocket(port, shake=False, tls=True) as ws:
        sent, send = [], ws.send
        ws.send = sent.append
        ws.ask("/nb")
        send(b"".join(sent) + frame(TEXT, "a" * 12000) + frame(TEXT, "b"))
        assert ws.head().status == 101
        assert [ws.text(), ws.text()] == ["a" * 12000, "b"]


def unsent(port):
    """What waits to be sent goes out while the app waits for its bell."""
    with Websocket(port, "/nb", receive_buffer=4096) as ws:
        for i in range(6):
            ws.put(TEXT, "x" * 1000000)
        for i in range(6):
            assert len(ws.text()) == 1000000


def code(number, reason=b""):
    return frame(CLOSE, struct.pack(">H", number) + reason)


BAD, EVIL = 1002, 1007
# What a client sends, and what comes back: messages, then the close code.
# Ordered as RFC 6455's sections; the names are what is tested.
CONFORMANCE = [
    # 5.2 reserved bits and opcodes
    ("RSV1", frame(TEXT, "x", rsv=4), [], BAD),
    ("RSV2", frame(TEXT, "x", rsv=2), [], BAD),
    ("RSV3", frame(TEXT, "x", rsv=1), [], BAD),
    ("RSV after a message", frame(TEXT, "a") + frame(TEXT, "b", rsv=7),
     ["a"], BAD),
    ("RSV on a ping", frame(PING, rsv=4), [], BAD),
    ("RSV on a close", frame(CLOSE, rsv=1), [], BAD),
    *[(f"opcode {n}", frame(TEXT, "a") + frame(n), ["a"], BAD)
      for n in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
    ("opcode 3 in parts", frame(3, "x", fin=False), [], BAD),
    # 5.1 masks
    ("not masked", frame(TEXT, "x", mask=False), [], BAD),
    ("a ping that is not masked", frame(PING, mask=False), [], BAD),
    # 5.2 lengths
    ("length 16 for 1", frame(TEXT, "x", size=16), [], BAD),
    ("length 64 for 1", frame(TEXT, "x", size=64), [], BAD),
    ("length 64 for 65535", frame(TEXT, "x" * 65535, size=64), [], BAD),
    ("length with its highest bit", b"\x81\xff\x80" + b"\0" * 11, [], BAD),
    # 5.4 fragments
    ("two fragments", frame(TEXT, "a", fin=False) + frame(0, "b"), ["ab"],
     None),
    ("empty fragments", frame(TEXT, "", fin=False) +
     frame(0, "", fin=False) * 50 + frame(0, ""), [""], None),
    ("200 fragments", frame(TEXT, "0", fin=False) +
     b"".join(frame(0, str(i % 10), fin=False) for i in range(1, 200)) +
     frame(0, "!"), ["0123456789" * 20 + "!"], None),
    ("continued without a beginning", frame(0, "x"), [], BAD),
    ("the same, not the last", frame(0, "x", fin=False), [], BAD),
    ("continued after a whole one", frame(TEXT, "a") + frame(0, "b"), ["a"],
     BAD),
    ("text within a text", frame(TEXT, "a", fin=False) + frame(TEXT, "b"),
     [], BAD),
    ("binary within a text", frame(TEXT, "a", fin=False) +
     frame(BINARY, "b", fin=False), [], BAD),
    # 5.5 control frames
    ("pings between fragments", frame(TEXT, "a", fin=False) +
     frame(PING, "1") + frame(PING, "2") + frame(0, "b"),
     [b"1", b"2", "ab"], None),
    ("a ping of 125", frame(PING, "p" * 125), [b"p" * 125], None),
    ("a ping of 126", frame(PING, "p" * 126), [], BAD),
    ("a ping in parts", frame(PING, "p", fin=False), [], BAD),
    ("a pong of 126", frame(PONG, "p" * 126), [], BAD),
    ("pongs that nobody asked for", frame(PONG, "x") * 3 + frame(TEXT, "a"),
     ["a"], None),
    ("a close in parts", frame(CLOSE, fin=False), [], BAD),
    ("a close between fragments", frame(TEXT, "a", fin=False) + code(1000),
     [], 1000),
    ("many pings", b"".join(frame(PING, str(i)) for i in range(300)),
     [str(i).encode() for i in range(300)], None),
    # 5.5.1, 7.4 close codes
    ("a close of 1 byte", frame(CLOSE, b"\x03"), [], BAD),
    ("a close of 125", code(1000, b"r" * 123), [], 1000),
    ("a close of 126", frame(CLOSE, b"\x03\xe8" + b"r" * 124), [], BAD),
    ("a reason that is not UTF-8", code(1000, b"\xff"), [], EVIL),
    ("a reason cut in a character", code(1000, b"\xe2\x82"), [], EVIL),
    *[(f"close {n}", code(n), [], n) for n in (
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013,
        1014, 3000, 3999, 4000, 4999)],
    *[(f"close {n}", code(n), [], BAD) for n in (
        0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000,
        65535)],
    ("messages after a close", code(1000) + frame(TEXT, "x") + code(1001),
     [], 1000),
    # 8.1 text is UTF-8
    ("not UTF-8", frame(TEXT, b"\xff"), [], EVIL),
    ("overlong", frame(TEXT, b"\xc0\xaf"), [], EVIL),
    ("a surrogate", frame(TEXT, b"\xed\xa0\x80"), [], EVIL),
    ("beyond Unicode", frame(TEXT, b"\xf4\x90\x80\x80"), [], EVIL),
    ("ends in a character", frame(TEXT, b"\xe2\x82"), [], EVIL),
    ("bad in the second fragment", frame(TEXT, "ok", fin=False) +
     frame(0, b"\xf8"), [], EVIL),
    ("bad at once, though more is to come", frame(TEXT, b"\xff", fin=False),
     [], EVIL),
    ("NUL and noncharacters", frame(TEXT, "\0\ufffe\uffff\U0010ffff"),
     ["\0\ufffe\uffff\U0010ffff"], None),
    *[(f"UTF-8 cut behind byte {n}",
       frame(TEXT, "a\u00e4\u20ac\U0001d11e"[:].encode()[:n], fin=False) +
       frame(0, "a\u00e4\u20ac\U0001d11e".encode()[n:]),
       ["a\u00e4\u20ac\U0001d11e"], None) for n in range(11)],
    # 10.4 limits (websockets-max-size is 1024 KiB)
    ("too long", frame(TEXT, "x" * (1024 * 1024 + 1))[:5000], [], 1009),
    ("too long in parts", frame(TEXT, "x" * 700000, fin=False) +
     frame(0, "x" * 700000)[:5000], [], 1009),
    ("longer than there is memory", b"\x82\xff\x7f" + b"\xff" * 7 + b"mask"
     + b"x", [], 1009),
]


def one(port, name, data, want, closed, step, tls):
    """Sends it in pieces; then a close, unless the server has closed."""
    with Websocket(port, tls=tls) as ws:
        got = []
        if closed is None:
            data += code(1000)
        for at in range(0, len(data), step):
            try:
                ws.send(data[at:at + step])
            except (BrokenPipeError, ConnectionResetError):
                break
        try:
            while True:
                opcode, payload = ws.get_message()
                got.append(payload if opcode == PONG else payload.decode())
        except Closed as end:
            assert end.code == (closed or 1000), f"{name}: {end}"
        except Ended as end:
            raise AssertionError(f"{name}: {got} {end}") from end
        assert got == want, f"{name}: {got}"
        assert ws.ends(), name


def conforms(port, tls=False):
    """RFC 6455, case by case, at once and in pieces."""
    for name, data, want, closed in CONFORMANCE:
        one(port, name, data, want, closed, len(data) + 16, bool(tls))
        if len(data) < 100:
            one(port, name, data, want, closed, 1, bool(tls))
        elif len(data) < 10000:
            one(port, name, data, want, closed, 97, bool(tls))
    print(len(CONFORMANCE), "cases")


def interleaved(port, seed, steps, clients=8):
    """Many clients' frames mixed at random; each gets what is its own."""
    rng = random.Random(int(seed))
    sockets, wanted, pending = [], [], []
    for i in range(int(clients)):
        sockets.append(Websocket(port, "/echo" if i % 2 else "/nb"))
        wanted.append([])
        pending.append(b"")
    for step in range(int(steps)):
        i = rng.randrange(len(sockets))
        if not pending[i]:
            text = f"<{i}:{step}>" * rng.choice((1, 1, 3, 30, 3000))
            cuts = sorted(rng.randrange(len(text) + 1)
                          for _ in range(rng.randrange(4)))
            parts = [text[a:b] for a, b in zip([0] + cuts, cuts + [None])]
            for n, part in enumerate(parts):
                pending[i] += frame(0 if n else TEXT, part,
                                    fin=n == len(parts) - 1)
                if rng.random() < 0.2:
                    pending[i] += frame(PING, f"{i}:{step}:{n}")
                    wanted[i].append((PONG, f"{i}:{step}:{n}".encode()))
            wanted[i].append((TEXT, text.encode()))
        n = rng.choice((1, 2, 7, 100, 100000))
        sockets[i].send(pending[i][:n])
        pending[i] = pending[i][n:]
        if rng.random() < 0.3:      # one of them reads something
            j = rng.randrange(len(sockets))
            if wanted[j] and not pending[j]:
                check_next(sockets[j], wanted[j], seed)
    for i, ws in enumerate(sockets):
        ws.send(pending[i])
        while wanted[i]:
            check_next(ws, wanted[i], seed)
        ws.put(CLOSE)
        assert ws.closed().code is None
        ws.sock.close()


def check_next(ws, wanted, seed):
    """Pongs overtake messages that the app has not echoed yet."""
    got = ws.get_message()
    first = next((m for m in wanted if m[0] == got[0]), None)
    assert got == first, f"seed {seed}: {got} instead of {first}"
    wanted.remove(got)


def rss(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1])


def slow(port):
    """Who reads slowly is waited for, and gets everything."""
    with Websocket(port, "/flood?pieces=500", receive_buffer=4096) as ws:
        time.sleep(0.3)
        assert "/flood sent" not in notes()
        ws.put(PING, b"x")      # what it says is read meanwhile, or later
        for i in range(500):
            opcode, payload = ws.get_message()
            if opcode == PONG:
                opcode, payload = ws.get_message()
            assert len(payload) == 10000
        noted("/flood sent")
    with Websocket(port, "/impatient", receive_buffer=4096) as ws:
        noted("/impatient websocket_send_binary: the client is slow")
    with Websocket(port, "/beside", receive_buffer=4096) as a:
        with Websocket(port, "/fill") as b:
            said = b.text()
            assert "queue full" in said, said
            b.put(CLOSE)
            b.closed()
        with Websocket(port) as b:      # others are served
            b.put(TEXT, "x")
            assert b.text() == "x"
        a.sock.close()
    until("it is over", lambda: any("/beside 1006" in line
                                    for line in notes()))
    with Wire(port) as client:
        assert client.get("/context").body.startswith(b"WebsocketError")
    with Websocket(port, "/full", receive_buffer=4096):
        noted("/full full")
        with Websocket(port, "/thread") as ws:      # what threads send to it
            assert [ws.text() for i in range(20)] == [
                f"from a thread {i}" for i in range(20)]


def stuck(port):
    """Who takes nothing for write-timeout is given up."""
    with Websocket(port, "/flood?pieces=2000", receive_buffer=4096) as ws:
        until("it is given up", lambda: any(
            line.startswith("/flood 1006 the client takes nothing")
            for line in notes()))
        ws.rest()


def pings(port):
    """A client that is silent is asked, and if it says nothing is gone."""
    with Websocket(port) as ws:
        for i in range(3):
            assert ws.frame() == (1, 0, PING, b"")
            ws.put(PONG)
        ws.put(TEXT, "here")
        assert ws.text() == "here"
        seen = len(notes())
        assert ws.frame()[2] == PING
        ws.rest()
    noted("/echo 1006 no pong has come " + RECV, seen)


def slow_pongs(port):
    """Who still takes what came before the ping is given time."""
    with Websocket(port, "/flood?pieces=80", receive_buffer=4096) as ws:
        got = pinged = 0
        while got < 80:
            opcode, payload = ws.get_message()
            if opcode == PING:
                pinged += 1
                ws.put(PONG)
            else:
                got += 1
                time.sleep(0.02)
        if not pinged:
            assert ws.frame()[2] == PING
            ws.put(PONG)
        ws.put(CLOSE)
        assert ws.closed().code is None


def left_behind(port, engine):
    """Who receives beside the request is told when that is over."""
    by = "?by=gevent" if engine == "gevent" else ""
    with Websocket(port, "/left_behind" + by) as ws:
        assert ws.closed().code == 1000
    noted("/left_behind " + RECV)


def ping_flood(port):
    """Each ping is answered, in its order."""
    with Websocket(port) as ws:
        def flood():
            ws.send(b"".join(frame(PING, str(i)) for i in range(30000)))
        sender = threading.Thread(target=flood)
        sender.start()
        for i in range(30000):
            assert ws.get_message() == (PONG, str(i).encode())
        sender.join()
        ws.put(TEXT, "x")
        assert ws.text() == "x"


def opened(port, path, count):
    """Opens so many, tells when they are, and what closes them."""
    sockets = [Websocket(port, path) for i in range(int(count))]
    print("open", flush=True)
    codes = set()
    for ws in sockets:
        codes.add(ws.closed().code)
        ws.put(CLOSE, struct.pack(">H", 1000))
    print(*sorted(codes), flush=True)
    for ws in sockets:
        assert ws.ends()


def spared(port, seconds, code_wanted):
    """An open websocket and harakiri."""
    with Websocket(port) as ws:
        begin = time.monotonic()
        try:
            while time.monotonic() - begin < float(seconds):
                ws.put(TEXT, "x")
                assert ws.text() == "x"
                time.sleep(0.1)
        except Closed as closed:
            assert str(closed.code) == code_wanted, closed
            return
        assert code_wanted == "none", "it was not closed"


def own_harakiri(port):
    with Websocket(port, "/harakiri?after=0.3") as ws:
        assert ws.closed().code == 1011


def told(port):
    """client-gone ends any wait of a websocket that is over."""
    with Websocket(port, "/parked") as ws:
        ws.put(TEXT, "x")
    noted("/parked told")
    seen = len(notes())
    with Websocket(port, "/parked") as ws:
        ws.put(CLOSE)
        assert ws.closed().code is None
        noted("/parked told", seen)
    with Websocket(port, "/holds") as holder:
        assert holder.text() == "held"
        with Websocket(port, "/locked") as ws:
            assert ws.text() == "locks"
        noted("/locked told")


def of_stats(port, path):
    with Wire(port) as client:
        client.send(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                    % path.encode())
        return client.response().body


def shown(port, stats):
    """The scoreboard's state, and how many there are."""
    def cores():
        page = json.loads(of_stats(stats, "/stats"))
        return [core for worker in page["workers"]
                for core in worker["cores"] if core["state"] != "idle"]

    with Websocket(port) as ws:
        until("the state", lambda: [core["state"] for core in cores()] ==
              ["websocket"])
        ws.put(TEXT, "x")
        assert ws.text() == "x"
        for line in ("wsgimaster_websockets 1\n",
                     "wsgimaster_websockets_opened_total 1\n",
                     "wsgimaster_websocket_messages_received_total 1\n",
                     "wsgimaster_websocket_messages_sent_total 1\n"):
            until(line, lambda: line in of_stats(stats, "/metrics").decode())
        text = of_stats(stats, "/metrics").decode()
        assert "request_duration_seconds_count" not in text or \
            'count{mount="/"} 0' in text, text
    until("the end", lambda: not cores())


def resets(port, rounds):
    """Clients that leave at any byte do no harm."""
    whole = frame(TEXT, "a" * 200, fin=False) + frame(PING, "p") + \
        frame(0, "b" * 200) + code(1000)
    for i in range(int(rounds)):
        with Websocket(port, "/echo" if i % 2 else "/nb") as ws:
            ws.send(whole[:i * len(whole) // int(rounds)])
            if i % 3 == 0:
                ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
    with Websocket(port) as ws:
        ws.put(TEXT, "x")
        assert ws.text() == "x"


def http2(port):
    """RFC 8441 is not spoken: it is said clearly."""
    result = subprocess.run(
        ["curl", "-sk", "--http2", "-w", "%{http_version} %{http_code}",
         f"https://127.0.0.1:{port}/answers"], capture_output=True,
        text=True, check=True)
    assert result.stdout == "400 HTTP/2 carries no websockets here " \
        "(RFC 8441)\n2 200", result.stdout


if __name__ == "__main__":
    run(globals())
