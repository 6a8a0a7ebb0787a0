"""Checks of static files; app: test/apps/static_cases.py, files: make."""
import gzip
import hashlib
import json
import os
import socket
import struct
import sys
import threading
import time
from email.utils import parsedate_to_datetime

from wire import HOST, Ended, Wire, get, run, stats, until

BIG = 100 << 20
PATTERN = b"".join(b"%07d\n" % n for n in range(131072))    # 1 MiB


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    os.utime(path, (1700000000, 1700000000))


def make(folder):
    """The files: www/ is served at /s, www-secret and safe lie beside it."""
    www = os.path.join(folder, "www")
    write(f"{www}/a.txt", b"0123456789" * 10)
    write(f"{www}/style.css", b"body { color: black }\n" * 100)
    write(f"{www}/style.css.gz", gzip.compress(b"gz" * 100, mtime=0))
    write(f"{www}/style.css.br", b"not really brotli")
    write(f"{www}/empty.html", b"")
    write(f"{www}/app.php", b"<?php ?>")
    write(f"{www}/none", b"no ending")
    write(f"{www}/sub/index.html", b"the index")
    write(f"{www}/sub/page.html", b"a page")
    write(f"{www}/bare/x", b"no index here")
    write(f"{www}/a\nb/index.html", b"a newline")
    write(f"{www}/back\\slash", b"a backslash")
    write(f"{www}/dots...", b"dots")
    write(f"{www}/sp ace%.txt", b"a space")
    write(f"{www}/big.bin", b"")
    with open(f"{www}/big.bin", "wb") as file:
        for _ in range(BIG // len(PATTERN)):
            file.write(PATTERN)
    write(f"{folder}/www-secret/x.txt", b"secret")
    write(f"{folder}/safe/s.txt", b"safe")
    write(f"{folder}/one.ico", b"one file")
    os.symlink("a.txt", f"{www}/link.txt")
    os.symlink("../www-secret/x.txt", f"{www}/escape.txt")
    os.symlink("../www-secret", f"{www}/escape")
    os.symlink("../safe/s.txt", f"{www}/safe.txt")
    os.symlink("loop", f"{www}/loop")
    os.symlink("/proc/self/cwd", f"{www}/magic")
    os.mkfifo(f"{www}/fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.getcwd()
        os.chdir(www)           # the path may be too long for a socket
        sock.bind("socket")
        os.chdir(here)


def is_app(response, path):
    return response.status == 200 and response.body == b"app GET " + path


def plain(port, folder):
    """A file with all its headers; the connection is kept."""
    with Wire(port) as wire:
        for _ in range(2):
            r = wire.get("/s/a.txt")
            assert r.status == 200 and r.body == b"0123456789" * 10
            assert r.get("content-type") == "text/plain"
            assert r.get("content-length") == "100"
            assert r.get("accept-ranges") == "bytes"
            assert r.get("last-modified") == "Tue, 14 Nov 2023 22:13:20 GMT"
            assert r.get("etag") == '"6553f100-0-64"', r.get("etag")
            assert parsedate_to_datetime(r.get("date"))
            assert r.get("connection") is None
        assert wire.get("/s/none").get("content-type") == \
            "application/octet-stream"
        assert wire.get("/s/empty.html").body == b""
        assert wire.get("/s/sp%20ace%25.txt").body == b"a space"
        assert wire.get("/s/back%5cslash").body == b"a backslash"
        assert wire.get("/s/dots...").body == b"dots"
        assert wire.get("/s/link.txt").body == b"0123456789" * 10
        assert wire.get("/one.ico").body == b"one file"
        assert wire.get("/s/a.txt?query").status == 200
        wire.send(b"GET http://x/s/none HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.response().body == b"no ending"
        wire.send(b"GET /s/none HTTP/1.0\r\n\r\n")
        r = wire.response()
        assert r.body == b"no ending" and r.closes
        wire.expect_end()


def head(port, folder):
    """HEAD has what GET has, without the body, range or not."""
    with Wire(port) as wire:
        for path in "/s/a.txt", "/s/big.bin", "/s/sub/", "/s/empty.html":
            want = [f for f in get(port, path).fields if f[0] != "date"] \
                if path != "/s/big.bin" else None
            r = wire.get(path, method=b"HEAD")
            assert r.status == 200
            got = [f for f in r.fields if f[0] != "date"]
            assert want is None or got == want, (got, want)
        r = wire.get("/s/a.txt", b"Range: bytes=0-1\r\n", b"HEAD")
        assert r.status == 200 and r.get("content-length") == "100"
        r = wire.get("/s/a.txt", b"If-Match: \"x\"\r\n", b"HEAD")
        assert r.status == 412
        assert wire.get("/s/none").body == b"no ending"


def others(port, folder):
    """What is no GET of a file that is there is the app's."""
    with Wire(port) as wire:
        for method in b"POST", b"PUT", b"DELETE", b"OPTIONS", b"get", b"GETX":
            r = wire.get("/s/a.txt", b"Content-Length: 0\r\n", method)
            assert r.body == b"app " + method + b" /s/a.txt", r.body
        for path in ("/s/missing", "/s/a.txt/", "/s/a.txt/x", "/s/sub/x",
                     "/s/bare", "/s/bare/", "/sa.txt", "/sx", "/", "/S/a.txt",
                     "/s/app.php", "/one.ico/", "/one.icon", "/s",
                     "/s/" + "x" * 300, "/s" + "/y" * 1500):
            r = wire.get(path)
            assert is_app(r, path.encode()), (path, r.status, r.body)


def escapes(port, folder):
    """Nothing outside the folder is ever sent, however it is asked for."""
    paths = (
        "/s/%2e%2e/www-secret/x.txt", "/s/../www-secret/x.txt",
        "/s/%2e./www-secret/x.txt", "/s/.%2e/www-secret/x.txt",
        "/s/%2E%2E%2fwww-secret%2fx.txt", "/s%2f..%2fwww-secret/x.txt",
        "/s/sub/../../www-secret/x.txt", "/s/sub/%2e%2e/%2e%2e/www-secret/x.txt",
        "/s-secret/x.txt", "/s%2dsecret/x.txt", "/s/..%2fwww-secret/x.txt",
        "/s/..", "/s/../", "/s/%2e%2e", "/s/.", "/s/./a.txt",
        "/s/..%5cwww-secret%5cx.txt", "/s/..\\www-secret\\x.txt",
        "/s/%252e%252e/www-secret/x.txt", "/s/%c0%ae%c0%ae/www-secret/x.txt",
        "/s//../www-secret/x.txt", "/s/..;/www-secret/x.txt",
        "/s/escape.txt", "/s/escape/x.txt", "/s/escape/", "/s/loop",
        "/s/magic/", f"/s/{folder}/www-secret/x.txt",
        f"/s/{folder}/www/../www-secret/x.txt", "/s//etc/passwd",
        "/s/%2fetc/passwd", "//s/../www-secret/x.txt",
        "/s/fifo", "/s/socket", "/s/fifo/", "/s/bare/../../www-secret/x.txt")
    with Wire(port) as wire:
        for path in paths:
            r = wire.get(path)
            assert r.body.startswith(b"app GET /"), (path, r.status, r.body)
        for path in ("/s/a.txt%00", "/s/%00", "/s/a.txt%00.php",
                     "/s/..%00/www-secret/x.txt"):
            r = get(port, path)
            assert r.status == 400 and b"secret" not in r.body, path
        # These name files that are inside.
        assert wire.get("/s/%61.txt").body == b"0123456789" * 10
        assert wire.get("/s//a.txt").body == b"0123456789" * 10
        assert wire.get("/s/sub%2fpage.html").body == b"a page"


def safe(port, folder):
    """A link may lead into a static-safe folder, and into no other."""
    assert get(port, "/s/safe.txt").body == b"safe"
    assert get(port, "/s/escape.txt").body.startswith(b"app ")


def not_safe(port, folder):
    assert get(port, "/s/safe.txt").body.startswith(b"app ")


def conditions(port, folder):
    """304, 412 or the file; by tag and by date."""
    tag = get(port, "/s/a.txt").get("etag").encode()
    date = b"Tue, 14 Nov 2023 22:13:20 GMT"
    before = b"Tue, 14 Nov 2023 22:13:19 GMT"
    table = (
        (304, b"If-None-Match: " + tag), (304, b"If-None-Match: *"),
        (304, b"If-None-Match: W/" + tag), (200, b'If-None-Match: "x"'),
        (304, b"If-Modified-Since: " + date),
        (304, b"If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT"),
        (304, b"If-Modified-Since: Tue Nov 14 22:13:20 2023"),
        (200, b"If-Modified-Since: " + before),
        (200, b"If-Modified-Since: never"),
        (200, b'If-None-Match: "x"\r\nIf-Modified-Since: ' + date),
        (200, b"If-Match: " + tag), (412, b'If-Match: "x"'),
        (412, b"If-Match: W/" + tag), (200, b"If-Match: *"),
        (200, b"If-Unmodified-Since: " + date),
        (412, b"If-Unmodified-Since: " + before),
        (412, b'If-Match: "x"\r\nIf-None-Match: ' + tag),
        (304, b"If-Match: " + tag + b"\r\nIf-None-Match: " + tag),
    )
    with Wire(port) as wire:
        for status, fields in table:
            r = wire.get("/s/a.txt", fields + b"\r\n")
            assert r.status == status, (fields, r.status)
            if status == 304:
                assert r.get("etag").encode() == tag
                assert r.get("content-length") is None
                assert r.get("content-type") is None


def parts(response):
    """The parts of multipart/byteranges: (Content-Range, bytes)."""
    kind, boundary = response.get("content-type").split("; boundary=")
    assert kind == "multipart/byteranges"
    pieces = response.body.split(b"\r\n--" + boundary.encode())
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    out = []
    for piece in pieces[1:-1]:
        head, data = piece.split(b"\r\n\r\n", 1)
        fields = dict(line.split(b": ") for line in head[2:].split(b"\r\n"))
        assert set(fields) == {b"Content-Type", b"Content-Range"}
        out.append((fields[b"Content-Range"].decode(), data))
    return out


def ranges(port, folder):
    """One, many, suffixes, none; If-Range by tag and date."""
    data = b"0123456789" * 10
    r = get(port, "/s/a.txt")
    tag, date = r.get("etag").encode(), r.get("last-modified").encode()
    one = (
        (b"bytes=0-9", 0, 9), (b"bytes=5-", 5, 99), (b"bytes=-7", 93, 99),
        (b"bytes=99-1000", 99, 99), (b"bytes=-1000", 0, 99),
        (b"bytes=1-2,3-4", 1, 4),
        (b"bytes=1-2\r\nIf-Range: " + tag, 1, 2),
        (b"bytes=1-2\r\nIf-Range: " + date, 1, 2),
    )
    with Wire(port) as wire:
        for field, first, last in one:
            r = wire.get("/s/a.txt", b"Range: " + field + b"\r\n")
            assert r.status == 206, (field, r.status)
            assert r.get("content-range") == f"bytes {first}-{last}/100"
            assert r.body == data[first:last + 1], field
        for field in (b"bytes=5-4", b"bytes=x", b"lines=1-2",
                      b"bytes=0-50,60-99,0-50",
                      b'bytes=1-2\r\nIf-Range: "x"',
                      b"bytes=1-2\r\nIf-Range: W/" + tag,
                      b"bytes=1-2\r\nIf-Range: Tue, 14 Nov 2023 22:13:21 GMT",
                      b"bytes=" + b",".join(b"%d-%d" % (i * 2, i * 2)
                                            for i in range(40))):
            r = wire.get("/s/a.txt", b"Range: " + field + b"\r\n")
            assert r.status == 200 and r.body == data, (field, r.status)
        for field in b"bytes=100-", b"bytes=-0", b"bytes=200-300,100-":
            r = wire.get("/s/a.txt", b"Range: " + field + b"\r\n")
            assert r.status == 416, field
            assert r.get("content-range") == "bytes */100"
        r = wire.get("/s/a.txt", b"Range: bytes=90-91,0-1, 50-50\r\n")
        assert r.status == 206 and r.get("content-range") is None
        assert parts(r) == [("bytes 90-91/100", b"01"),
                            ("bytes 0-1/100", b"01"),
                            ("bytes 50-50/100", b"0")]
        # Of a large file, beyond what is read into memory.
        r = wire.get("/s/big.bin", b"Range: bytes=%d-%d,8-15,-8\r\n" %
                     (BIG // 2, BIG // 2 + 99999))
        got = parts(r)
        assert [len(data) for _, data in got] == [100000, 8, 8]
        assert got[0][1] == (PATTERN * 2)[:100000]
        assert got[1][1] == b"0000001\n" and got[2][1] == PATTERN[-8:]
        assert wire.get("/s/empty.html", b"Range: bytes=0-\r\n").status == 200


def codings(port, folder):
    """.br and .gz by weight; Vary on each; the tags differ."""
    plain_css = b"body { color: black }\n" * 100
    table = (
        (b"gzip", "gzip"), (b"br", "br"), (b"gzip, br", "br"),
        (b"gzip, br;q=0.5", "gzip"), (b"br;q=0, *", "gzip"), (b"*", "br"),
        (b"deflate", None), (b"identity", None), (b"gzip;q=0", None),
        (b"gzip;q=0.5, identity", None),
    )
    tags = {}
    with Wire(port) as wire:
        assert wire.get("/s/style.css").get("vary") == "Accept-Encoding"
        for accept, coding in table:
            r = wire.get("/s/style.css", b"Accept-Encoding: " + accept +
                         b"\r\n")
            assert r.status == 200
            assert r.get("content-encoding") == coding, (accept, r.fields)
            assert r.get("content-type") == "text/css"
            assert r.get("vary") == "Accept-Encoding"
            assert (r.body == plain_css) == (coding is None)
            assert tags.setdefault(coding, r.get("etag")) == r.get("etag")
        assert len(set(tags.values())) == 3, tags
        r = wire.get("/s/style.css", b"Accept-Encoding: gzip\r\n"
                     b"If-None-Match: " + tags["gzip"].encode() + b"\r\n")
        assert r.status == 304 and r.get("vary") == "Accept-Encoding"
        r = wire.get("/s/style.css", b"Accept-Encoding: gzip\r\n"
                     b"If-None-Match: " + tags["br"].encode() + b"\r\n")
        assert r.status == 200
        # There is none beside this one.
        r = wire.get("/s/a.txt", b"Accept-Encoding: gzip\r\n")
        assert r.get("content-encoding") is None
        assert r.get("vary") == "Accept-Encoding"


def no_codings(port, folder):
    """Where no option asks for it the files beside are left alone."""
    r = get(port, "/s/style.css", b"Accept-Encoding: gzip, br\r\n")
    assert r.get("content-encoding") is None and r.get("vary") is None


def indexes(port, folder):
    """A folder's index; a redirect adds the slash and nothing else."""
    with Wire(port) as wire:
        assert wire.get("/s/sub/").body == b"the index"
        assert wire.get("/s/sub/").get("content-type") == "text/html"
        assert wire.get("/s/a%0ab/").body == b"a newline"
        for path, to in (("/s/sub", "/s/sub/"),
                         ("/s/sub?a=b&c", "/s/sub/?a=b&c"),
                         ("/s/sub?", "/s/sub/?"),
                         ("/s//sub", "/s//sub/"),
                         ("/s/%73ub", "/s/sub/"),
                         ("/s/a%0ab", "/s/a%0Ab/")):
            r = wire.get(path)
            assert r.status == 301 and r.get("location") == to, \
                (path, r.fields)
        wire.send(b"GET /s/sub HTTP/1.1\r\nHost: evil\r\n\r\n")
        assert wire.response().get("location") == "/s/sub/"


def check_static(port, folder):
    """check-static: the whole path; never to another host."""
    with Wire(port) as wire:
        assert wire.get("/a.txt").body == b"0123456789" * 10
        for path in "//sub", "///sub", "/%2fsub", "//%73ub":
            r = wire.get(path)
            assert r.status == 301, (path, r.status)
            assert r.get("location") == "/sub/", (path, r.get("location"))
        assert is_app(wire.get("/"), b"/")


def map2(port, folder):
    """static-map2 adds the prefix to the folder."""
    assert get(port, "/sub/page.html").body == b"a page"
    assert is_app(get(port, "/a.txt"), b"/a.txt")


def pipelined(port, folder):
    """A thousand requests in one go, an app's among them, in order."""
    count = 1000
    request = b"GET /s/a.txt HTTP/1.1\r\n" + HOST + b"\r\n"
    other = b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n"
    with Wire(port) as wire:
        sender = threading.Thread(
            target=wire.send, args=((request * 99 + other) * (count // 100),))
        sender.start()
        for i in range(count):
            r = wire.response()
            assert r.status == 200
            if i % 100 == 99:
                assert r.body == b"app GET /x", (i, r.body)
            else:
                assert len(r.body) == 100 and r.body[0] == 48
        sender.join()
        assert wire.is_open()


def slow(port, folder):
    """100 MB to a client that reads slowly; others are served meanwhile."""
    want = hashlib.sha256(PATTERN * (BIG // len(PATTERN))).hexdigest()
    got = hashlib.sha256()
    with Wire(port, receive_buffer=8192) as wire:
        wire.send(b"GET /s/big.bin HTTP/1.1\r\n" + HOST + b"\r\n")
        r = wire.head()
        left = int(r.get("content-length"))
        assert left == BIG
        for i in range(20):
            data = wire.take(1000 + i)
            got.update(data)
            left -= len(data)
            assert get(port, "/s/a.txt").status == 200
            assert get(port, "/x").status == 200
            time.sleep(0.02)
        while left > 0:
            if not wire.data:
                wire._more()
            data, wire.data = wire.data[:left], wire.data[left:]
            got.update(data)
            left -= len(data)
        assert got.hexdigest() == want
        assert wire.get("/s/none").body == b"no ending"


def fast(port, folder):
    """Who reads as fast as it can does not hold the loop."""
    done = threading.Event()

    def drink():
        with Wire(port) as wire:
            while not done.is_set():
                wire.send(b"GET /s/big.bin HTTP/1.1\r\n" + HOST + b"\r\n")
                left = int(wire.head().get("content-length"))
                while left > 0 and not done.is_set():
                    if not wire.data:
                        wire._more()
                    left -= len(wire.data)
                    wire.data = b""

    thread = threading.Thread(target=drink)
    thread.start()
    try:
        for _ in range(50):
            assert get(port, "/s/a.txt").status == 200
    finally:
        done.set()
        thread.join()


def leaves(port, folder, pid):
    """Clients that leave or reset at any byte leave nothing behind."""
    def descriptors():
        return len(os.listdir(f"/proc/{pid}/fd"))

    get(port, "/s/a.txt")
    before = descriptors()
    for i in range(120):
        with Wire(port, receive_buffer=4096) as wire:
            wire.send(b"GET /s/big.bin HTTP/1.1\r\n" + HOST + b"\r\n")
            if i % 3:
                wire.take(i * 37 + 1)
            if i % 2:
                wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
    until("descriptors are closed", lambda: descriptors() <= before)
    assert get(port, "/s/a.txt").status == 200


def shrinks(port, folder):
    """A file that is cut while it is sent: never taken for whole."""
    path = os.path.join(folder, "www", "shrink.bin")
    write(path, PATTERN * 16)
    with Wire(port, receive_buffer=4096) as wire:
        wire.send(b"GET /s/shrink.bin HTTP/1.1\r\n" + HOST + b"\r\n")
        length = int(wire.head().get("content-length"))
        assert length == 16 << 20
        os.truncate(path, 1000)
        got = len(wire.rest())
        assert got < length, got
    r = get(port, "/s/shrink.bin")
    assert r.status == 200 and len(r.body) == 1000


def changes(port, folder):
    """A file that changes has another tag, also at once: whoever has one of
    its tags never hears that nothing has changed."""
    path = os.path.join(folder, "www", "change.txt")
    seen, tag = {}, b'"none"'
    with Wire(port) as wire:
        for i in range(300):
            data = b"%08d" % i
            with open(path, "wb") as file:
                file.write(data)
            r = wire.get("/s/change.txt", b"If-None-Match: " + tag + b"\r\n")
            assert r.status == 200 and r.body == data, (i, r.status, r.body)
            tag = r.get("etag").encode()
            assert seen.setdefault(tag, data) == data
    until("a strong tag", lambda: get(port, "/s/change.txt").get("etag")
          .startswith('"'))


def bodies(port, folder):
    """A GET with a body: skipped when it is there, else the end."""
    with Wire(port) as wire:
        wire.send((b"GET /s/none HTTP/1.1\r\n" + HOST +
                   b"Content-Length: 20\r\n\r\nGET /x HTTP/1.1\r\n\r\n!") * 3)
        for _ in range(3):
            assert wire.response().body == b"no ending"
        assert wire.get("/s/none").body == b"no ending"
    for field in (b"Content-Length: 1000000\r\n",
                  b"Transfer-Encoding: chunked\r\n",
                  b"Content-Length: 5\r\nExpect: 100-continue\r\n"):
        with Wire(port) as wire:
            wire.send(b"GET /s/none HTTP/1.1\r\n" + HOST + field + b"\r\n")
            r = wire.response()
            assert r.body == b"no ending" and r.closes
            wire.expect_end()


def expires(port, folder):
    """Expires and Cache-Control by type, path, target and path info."""
    def age(path):
        r = get(port, path)
        if r.get("expires") is None:
            assert r.get("cache-control") is None
            return None
        when = parsedate_to_datetime(r.get("expires")).timestamp()
        now = parsedate_to_datetime(r.get("date")).timestamp()
        field = int(r.get("cache-control").removeprefix("max-age="))
        assert abs(max(when - now, 0) - field) <= 2, r.fields
        return field

    assert 3590 <= age("/s/style.css") <= 3600
    assert 90 <= age("/s/sub/page.html") <= 100
    assert 190 <= age("/s/none?v=1") <= 200
    assert age("/s/none") is None
    assert age("/s/a.txt") == 0
    assert 290 <= age("/s/dots...") <= 300


def parked(port, folder, cores):
    """Files are sent while all cores wait."""
    wires = [Wire(port) for _ in range(int(cores))]
    for wire in wires:
        wire.send(b"GET /sleep?30 HTTP/1.1\r\n" + HOST + b"\r\n")
    with Wire(port) as wire:
        for _ in range(20):
            assert wire.get("/s/a.txt").status == 200
            assert wire.get("/s/sub").status == 301
        # It would be 503 by queue-timeout.
        assert wire.get("/x").status == 503
    for wire in wires:
        wire.sock.close()


def counted(port, folder, address):
    """static_requests in the statistics, and in no other count."""
    def worker():
        return stats(address)["workers"][0]

    before = worker()
    for path in "/s/a.txt", "/s/none", "/s/sub", "/s/a.txt":
        get(port, path)
    get(port, "/x")
    after = until("the count", lambda: worker()["static_requests"] ==
                  before["static_requests"] + 4 and worker())
    assert after["requests"] == before["requests"] + 1
    assert after["tx"] > before["tx"] + 4 * 100


def load(port, folder, stop):
    """Clients that check each answer, until a file is there; what failed."""
    failed, total, lock = [], [0], threading.Lock()

    def client():
        count = 0
        while not os.path.exists(stop):
            try:
                with Wire(port) as wire:
                    closes = False
                    while not closes and not os.path.exists(stop):
                        r = wire.get("/s/a.txt" if count % 7 else
                                     "/s/style.css")
                        assert r.status == 200
                        assert len(r.body) in (100, 2200)
                        count += 1
                        closes = r.closes
                        if count == 30:
                            open(stop + ".begun", "w").close()
            except (Ended, OSError, AssertionError) as e:
                failed.append(repr(e))
        with lock:
            total[0] += count

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"total": total[0], "failed": failed[:5]}))
    sys.exit(1 if failed or total[0] < 50 else 0)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        run(globals())
