"""HTTP/2 as it should be used, and as it should not; on test/apps/http2_app."""
import hashlib
import json
import os
import random
import struct
import threading
import time

from h2wire import (
    CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM,
    HEADERS, INTERNAL_ERROR, MAX_STREAMS, NO_ERROR, PING, PREFACE, PRIORITY,
    PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, WINDOW_UPDATE, H2, Ended, block,
    frame, head, number)
from wire import get, until


def u32(n):
    return struct.pack(">I", n)


def notes():
    with open(os.environ["NOTES"]) as lines:
        return lines.read().splitlines()


def pattern(seed, size):
    data = b"".join(b"%s:%08d " % (seed.encode(), n)
                    for n in range(size // 10 + 1))
    return data[:size]


def environ(port):
    """What the app is told of a request."""
    with H2(port) as client:
        got = client.get("/environ?a=b%20c", more=[
            ("cookie", "a=1"), ("x-under_score", "no"), ("proxy", "no"),
            ("cookie", "b=2"), ("x-some", "yes"), ("user-agent", "me")])
        assert got.status == 200, got.heads
        env = json.loads(got.body)
        for key, value in {
                "SERVER_PROTOCOL": "HTTP/2.0", "REQUEST_METHOD": "GET",
                "HTTP_HOST": "test", "PATH_INFO": "/environ",
                "QUERY_STRING": "a=b%20c", "HTTP_COOKIE": "a=1; b=2",
                "REMOTE_ADDR": "127.0.0.1", "HTTP_X_SOME": "yes",
                "HTTP_USER_AGENT": "me", "wsgi.url_scheme": "https" if os.environ.get("H2_TLS") else "http",
                "SERVER_PORT": str(port)}.items():
            assert env.get(key) == value, (key, env.get(key))
        assert not [key for key in env if "SCORE" in key or "PROXY" in key]
        assert "CONTENT_LENGTH" not in env or env["CONTENT_LENGTH"] == ""
        got = client.get("/hello")
        assert got.fields["x-mixed-case"] == "Yes"
        assert got.fields["content-length"] == "5" and "date" in got.fields
        assert not {"connection", "transfer-encoding",
                    "keep-alive"} & set(got.fields), got.fields
        got = client.get("/hello", method="HEAD")
        assert got.status == 200 and got.body == b"" and got.ended
        assert client.get("/nothing").status == 204
        assert client.settings[MAX_STREAMS] == 100, client.settings
    if not os.environ.get("H2_TLS"):
        env = get(port, "/environ").json()
        assert env["SERVER_PROTOCOL"] == "HTTP/1.1"


def bodies(port):
    """Bodies with and without a length, and none, arrive as they were."""
    body = random.randbytes(500000)
    want = b"%d %s" % (len(body), hashlib.sha256(body).hexdigest().encode())
    with H2(port) as client:
        for fields in [], [("content-length", str(len(body)))]:
            stream = client.request("/echo", end=False, method="POST",
                                    more=fields)
            assert client.upload(stream, body) == len(body)
            assert client.response(stream).body == want
        empty = b"0 " + hashlib.sha256(b"").hexdigest().encode()
        assert client.get("/echo", method="POST").body == empty
        assert client.get("/echo", b"", method="POST").body == empty
        stream = client.request("/echo", end=False, method="POST", more=[
            ("expect", "100-continue")])
        got = client.stream(stream)
        client.until(lambda: got.heads)
        assert got.status == 100, got.heads
        client.frame(DATA, END_STREAM, stream, b"abc")
        assert client.response(stream).body.startswith(b"3 ")
        assert got.status == 200


def long_heads(port):
    """A response's head of many frames."""
    with H2(port) as client:
        for size in 60, 70, 1000:
            got = client.get(f"/long_head?{size}")
            assert got.status == 200 and got.body == b"hello", got.reset
            assert len(got.fields) > size, len(got.fields)


def refused_head(port):
    """HEAD has no body, not even where its head is refused."""
    with H2(port) as client:
        for method, body in ("GET", b"URI Too Long\n"), ("HEAD", b""):
            got = client.get("/" + "x" * 9000, method=method)
            assert (got.status, got.body) == (414, body), (method, got.body)


def given_up_file(port):
    """A static file that is on its way when its stream is given up."""
    with H2(port, window=1000) as client:
        client.credit = False
        stream = client.request("/files/a.bin")
        client.until(lambda: len(client.stream(stream).body) == 1000)
        client.frame(RST_STREAM, 0, stream, u32(CANCEL))
        client.ping()


def broken_body(port):
    """What ends the connection ends a read of a body on it, at once."""
    with H2(port) as client:
        client.ping()
        begin = time.monotonic()
        client.send(frame(HEADERS, END_HEADERS, 1, block(head(
            "/echo", "POST"))) + frame(PING, 0, 0, b"short"))
        assert client.ends() is not None
        assert time.monotonic() - begin < 8


def shed(port):
    """Idle connections make room, in order, and those with streams stay."""
    busy = H2(port)
    busy.request("/echo", end=False, method="POST")
    idle = []
    for _ in range(80):
        idle.append(H2(port))
        assert idle[-1].get().body == b"hello"
    assert idle[0].ends() == NO_ERROR, idle[0].goaways
    busy.frame(DATA, END_STREAM, 1, b"abc")
    assert busy.response(1).body.startswith(b"3 ")
    for client in idle:
        client.sock.close()


def unread(port):
    """An answer before the body is there: the rest is not wanted."""
    with H2(port) as client:
        stream = client.request("/unread", b"x" * 1000, end=False,
                                method="POST")
        got = client.response(stream)
        assert got.status == 200 and got.body == b"unread", got.heads
        client.upload(stream, b"x" * 1000000)
        assert got.reset == NO_ERROR, got.reset
        client.frame(DATA, 0, stream, b"x" * 1000)
        assert client.get().body == b"hello"


def parallel(port, most):
    """Requests of one connection wait side by side."""
    with H2(port) as client:
        begin = time.monotonic()
        streams = [client.request("/sleep?0.7") for _ in range(int(most))]
        counts = [int(client.response(stream).body) for stream in streams]
        assert max(counts) == int(most), counts
        assert time.monotonic() - begin < 0.7 * int(most)


def many(port, window):
    """Bytes of many streams both ways, with windows that are small."""
    up = {n: pattern(f"u{n}", 100000 + 997 * n) for n in range(6)}
    with H2(port, window=int(window)) as client:
        down = {}
        for n in range(8):
            size = 120000 + 1003 * n
            down[client.request(f"/big?d{n},{size}")] = pattern(f"d{n}", size)
        for n, body in up.items():
            stream = client.request("/echo", end=False, method="POST")
            client.upload(stream, body)
            want = b"%d %s" % (len(body), hashlib.sha256(
                body).hexdigest().encode())
            down[stream] = want
        for stream, want in down.items():
            got = client.response(stream)
            assert got.reset is None and got.body == want, \
                (stream, got.reset, len(got.body), len(want))


def sent_file(port):
    """A file, byte by byte what it is."""
    with open(os.environ["BIG_FILE"], "rb") as file:
        data = file.read()
    with H2(port, window=100000) as client:
        streams = [client.request("/sent_file") for _ in range(3)]
        for stream in streams:
            assert client.response(stream).body == data


def slow_reader(port):
    """Who reads one stream slowly, or not at all, stops no other."""
    with H2(port) as client:
        client.send(frame(WINDOW_UPDATE, 0, 0, u32(1 << 24)))
        client.credit = False
        slow = client.request("/big?s,400000")
        client.until(lambda: len(client.stream(slow).body) == 65535)
        for _ in range(5):
            assert client.get().body == b"hello"
        assert len(client.stream(slow).body) == 65535
        client.credit = True
        client.frame(WINDOW_UPDATE, 0, slow, u32(65535))
        assert client.response(slow).body == pattern("s", 400000)


def at_once(port):
    """Pieces are sent when they are made, though the app does not wait."""
    with H2(port) as client:
        got = client.stream(client.request("/pieces"))
        client.until(lambda: got.body)
        assert got.body == b"0", got.body
        client.until(lambda: got.ended)
        assert got.body == b"012"


def cut(port):
    """A response that is not whole does not look so."""
    with H2(port) as client:
        for path in "/short", "/raises":
            got = client.get(path)
            assert got.reset == INTERNAL_ERROR and not got.ended, \
                (path, got.reset, got.ended)
        assert client.get().body == b"hello"


def resets(port):
    """A reset ends what waits, whatever it waits for."""
    with H2(port) as client:
        stream = client.request("/sleep?60")
        until("it begins", lambda: "begun" in notes())
        client.frame(RST_STREAM, 0, stream, u32(CANCEL))
        until("it ends", lambda: "gone" in notes())
        assert "slept" not in notes()
        client.request("/sleep?60")
        until("it begins", lambda: notes().count("begun") == 2)
    until("it ends with the connection", lambda: notes().count("gone") == 2)
    with H2(port) as client:
        assert client.get().body == b"hello"


def resets_io(port):
    """And what writes or reads, though nobody asked for ClientGone."""
    with H2(port) as client:
        stream = client.request("/endless")
        client.until(lambda: client.stream(stream).body)
        client.frame(RST_STREAM, 0, stream, u32(CANCEL))
        until("close()", lambda: "closed" in notes())
        stream = client.request("/echo", b"some", end=False, method="POST")
        client.ping()
        client.frame(RST_STREAM, 0, stream, u32(CANCEL))
        until("read() raises", lambda: [
            line for line in notes() if line.startswith("body")])
        assert client.get().body == b"hello"


def queued(port):
    """Streams that wait for a core and are given up never get one."""
    with H2(port) as client:
        first = client.request("/sleep?1")
        until("it begins", lambda: "begun" in notes())
        others = [client.request("/sleep?60") for _ in range(20)]
        for stream in others:
            client.frame(RST_STREAM, 0, stream, u32(CANCEL))
        assert client.response(first).status == 200
        assert client.get().body == b"hello"
        assert notes().count("begun") == 1, notes()


def crossed(port):
    """No connection gets another's bytes."""
    wrong = []

    def one(seed):
        try:
            with H2(port, window=30000) as client:
                for turn in range(3):
                    wanted = {client.request(f"/big?{seed}{n},50000"): n
                              for n in range(5)}
                    if turn == 1:
                        for stream in list(wanted)[::2]:
                            client.frame(RST_STREAM, 0, stream, u32(CANCEL))
                            del wanted[stream]
                    for stream, n in wanted.items():
                        got = client.response(stream)
                        if got.body != pattern(f"{seed}{n}", 50000):
                            wrong.append((seed, n, got.reset))
        except Exception as error:
            wrong.append((seed, repr(error)))
    threads = [threading.Thread(target=one, args=(seed,)) for seed in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong


def too_many_streams(port):
    """
    More streams than allowed are refused, and can be tried again; who knows of
    the limit and does not care is shown out.
    """
    with H2(port) as client:
        streams = [client.request("/sleep?1") for _ in range(8)]
        for stream in streams:
            client.response(stream)
        resets = [client.streams[stream].reset for stream in streams]
        assert resets.count(None) == 4, resets
        assert resets.count(REFUSED_STREAM) == 4, resets
        assert client.get().body == b"hello"
        client.ping()
        for _ in range(8):
            client.request("/sleep?1")
        assert client.ends() == PROTOCOL_ERROR


# Floods: what is sent again and again, in turn for each.
def rapid(client, n):
    """CVE-2023-44487."""
    stream = 2 * n + 1
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, block(
        head("/sleep?60"))) + frame(RST_STREAM, 0, stream, u32(CANCEL))


def ourselves(client, n):
    """Streams that we are made to reset (CVE-2025-8671)."""
    stream = 2 * n + 1
    return frame(HEADERS, END_HEADERS, stream, block(
        head("/echo", "POST"))) + frame(
            WINDOW_UPDATE, 0, stream, u32(0x7fffffff))


def malformed(client, n):
    return frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1,
                 block(head(path="no")))


def continuation(client, n):
    """CVE-2024-28182: a head that never ends."""
    if n == 0:
        return frame(HEADERS, END_STREAM, 1, block(head()))
    return frame(CONTINUATION, 0, 1, block([("x", "y")]))


def empty_continuation(client, n):
    if n == 0:
        return frame(HEADERS, END_STREAM, 1, block(head()))
    return frame(CONTINUATION, 0, 1)


def ping(client, n):
    return frame(PING, 0, 0, b"x" * 8)


def settings(client, n):
    return frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535 + n % 2))


def empty_data(client, n):
    if n == 0:
        return frame(HEADERS, END_HEADERS, 1, block(head("/echo", "POST")))
    return frame(DATA, 0, 1)


def windows(client, n):
    return frame(WINDOW_UPDATE, 0, 0, u32(1))


def priority(client, n):
    return frame(PRIORITY, 0, 2 * n + 1, u32(0) + b"\x10")


def bomb(client, n):
    """A field of 4000 bytes in the table, and a head of one byte for each."""
    if n > 0:
        return b""
    name, value = b"x", b"y" * 4000
    data = block(head()) + (b"\x40" + number(len(name), 7, 0) + name
                            + number(len(value), 7, 0) + value)
    return frame(HEADERS, END_STREAM, 1, data + b"\xbe" * 10000) + frame(
        CONTINUATION, END_HEADERS, 1, b"\xbe" * 10000)


FLOODS = (rapid, ourselves, malformed, continuation, empty_continuation, ping,
          settings, empty_data, windows, priority, bomb)


def flood_of(port, flood):
    """Sends it until the connection ends; how, and after how many."""
    with H2(port) as client:
        client.sock.settimeout(10)
        sent, left = 0, 20000
        client.sock.setblocking(False)
        data = b""
        end = time.monotonic() + 20
        try:
            while left > 0 and time.monotonic() < end:
                if not data:
                    data = b"".join(flood(client, sent + n)
                                    for n in range(50))
                    if not data:
                        break               # it has sent all it has
                    sent, left = sent + 50, left - 50
                    if not data:
                        break           # all is said
                try:
                    data = data[client.sock.send(data):]
                except BlockingIOError:
                    time.sleep(0.001)
                try:
                    while True:
                        more = client.sock.recv(65536)
                        if not more:
                            raise ConnectionResetError
                        client.data += more
                except BlockingIOError:
                    pass
        except ConnectionError:
            pass
        client.sock.settimeout(10)
        try:
            error = client.ends()
        except TimeoutError:
            return "nothing", sent
        return error, sent


def floods(port):
    """Each of them ends its connection, and harms nobody else."""
    with H2(port) as other:
        for flood in FLOODS:
            error, sent = flood_of(port, flood)
            assert error != "nothing", flood.__name__
            assert sent < 20000, (flood.__name__, sent)
            assert error in (None, ENHANCE_YOUR_CALM, 1, 2, 9), \
                (flood.__name__, error)
            assert other.get().body == b"hello", flood.__name__
    assert "slept" not in notes()


def polite(port):
    """What browsers do is no flood."""
    with H2(port) as client:
        for turn in range(20):
            streams = [client.request("/big?p,40000") for _ in range(5)]
            client.frame(PING, 0, 0, b"x" * 8)
            client.frame(PRIORITY, 0, streams[0], u32(0) + b"\x10")
            if turn % 4 == 0:
                client.frame(RST_STREAM, 0, streams.pop(), u32(CANCEL))
            for stream in streams:
                assert len(client.response(stream).body) == 40000
        assert not client.goaways


def timeouts(port):
    """Who says nothing is shown out; with the options of the test."""
    def seconds(data, greet=True):
        begin = time.monotonic()
        with H2(port, greet=greet) as client:
            client.send(data)
            client.ends()
            return time.monotonic() - begin
    assert seconds(PREFACE, greet=False) < 8            # no SETTINGS
    assert seconds(PREFACE[:20], greet=False) < 8
    assert 0.9 < seconds(b"") < 8                       # no request
    assert seconds(frame(HEADERS, 1, 1, block(head())) ) < 8
    with H2(port) as client:                            # a body that stalls
        stream = client.request("/echo", b"some", end=False, method="POST")
        got = client.response(stream)
        assert got.reset is not None or got.status >= 400
    with H2(port, window=10) as client:     # a window that stays at 0
        client.credit = False
        for path in "/endless", "/hello?", "/big?x,30000":
            client.request(path)
        client.ends()
    with H2(port, buffer=4096) as client:   # a socket that nobody reads
        client.frame(WINDOW_UPDATE, 0, 0, u32(1 << 28))
        client.frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 28))
        client.request("/endless")
        until("it is cut off", lambda: notes().count("closed") >= 2)


def goes_on(port, seconds, ready):
    """
    Requests all the time, on connections that are used as long as the server
    lets them be: every one of them is answered, or known to be not looked at.
    """
    end = time.monotonic() + float(seconds)
    count = goaways = 0
    while time.monotonic() < end:
        with H2(port) as client:
            while time.monotonic() < end and not client.goaways:
                streams = [client.request("/sleep?0.02") for _ in range(4)]
                if count == 0:
                    open(ready, "w").close()
                for stream in streams:
                    try:
                        got = client.response(stream)
                    except Ended:
                        assert client.goaways, "no GOAWAY"
                        assert stream > client.goaways[-1][0], (
                            stream, client.goaways)
                        continue
                    assert got.status == 200, (got.reset, client.goaways)
                    count += 1
            goaways += bool(client.goaways)
    assert count > 10
    print(goaways)


def limited(port):
    """keepalive-requests: told twice, and nothing is lost."""
    with H2(port) as client:
        count = 0
        try:
            while count < 1000:
                assert client.get("/sleep?0.05").status == 200
                count += 1
        except Ended:
            pass
        assert client.goaways[0] == (0x7fffffff, NO_ERROR), client.goaways
        assert client.goaways[-1][1] == NO_ERROR, client.goaways
        assert 5 <= count < 1000, count


def memory(port, pid):
    """Streams whose data nobody reads hold no more than their windows."""
    def rss():
        with open(f"/proc/{pid}/statm") as statm:
            return int(statm.read().split()[1]) * 4096
    with H2(port) as client:
        client.ping()
        before = rss()
        streams = [client.request("/sleep?3", end=False, method="POST")
                   for _ in range(50)]
        for stream in streams:
            for _ in range(3):
                client.frame(DATA, 0, stream, b"x" * 16384)
        client.ping()
        grown = rss() - before
        assert grown < 50 * 200000, grown
        for stream in streams:
            client.frame(RST_STREAM, 0, stream, u32(CANCEL))
        client.ping()
        assert client.get().body == b"hello"


if __name__ == "__main__":
    import wire
    wire.run(globals())
