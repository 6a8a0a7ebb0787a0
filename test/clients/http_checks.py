"""Checks of HTTP/1.1 as the server speaks it; app: test/apps/http_probe.py."""
import http.client
import socket

from wire import HOST, Ended, Wire, chunked, get, run

NEXT = b"GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n"


def seen(port):
    """What has come to the app so far."""
    return get(port, "/seen").json()


def keep_alive(port):
    with Wire(port) as wire:
        for number in range(10):
            response = wire.get(f"/number?{number}")
            assert response.body == b"%d" % number, response.body
            assert not response.closes


def connection_close(port):
    with Wire(port) as wire:
        response = wire.get("/hello", b"Connection: close\r\n")
        assert response.status == 200 and response.closes
        wire.expect_end()


def close_ends_pipeline(port):
    """What was sent behind a request with Connection: close is ignored."""
    with Wire(port) as wire:
        wire.send(b"GET /hello HTTP/1.1\r\n" + HOST +
                  b"Connection: close\r\n\r\n" + NEXT)
        assert wire.response().closes
        wire.expect_end()
    assert "GET /smuggled" not in seen(port)


def half_close(port):
    """A client may say that it sends no more and still gets its answers."""
    with Wire(port) as wire:
        wire.send(b"GET /sleep?s=0.2 HTTP/1.1\r\n" + HOST + b"\r\n"
                  b"POST /echo HTTP/1.1\r\n" + HOST +
                  b"Content-Length: 3\r\n\r\nabc")
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.response().body == b"slept"
        assert wire.response().body == b"abc"
        wire.expect_end()


def http_client(port):
    """The standard library's client, which looks at every byte of a head."""
    client = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    first = None
    for body in (b"", b"abc", b"x" * 100000):
        client.request("POST", "/echo", body=body, headers={"X-A": "b"})
        first = first or client.sock
        response = client.getresponse()
        assert response.status == 200 and response.read() == body
        assert client.sock is first, "another connection was made"
    client.request("POST", "/echo", body=iter([b"in ", b"chunks"]),
                   encode_chunked=True,
                   headers={"Transfer-Encoding": "chunked"})
    response = client.getresponse()
    assert response.read() == b"in chunks"
    client.close()


def pipelining(port):
    """Many requests in one packet, of every kind of framing."""
    with Wire(port) as wire:
        sent = b""
        for number in range(50):
            sent += (b"GET /number?%d HTTP/1.1\r\n" % number + HOST + b"\r\n"
                     b"POST /echo HTTP/1.1\r\n" + HOST +
                     b"Content-Length: 4\r\n\r\nb%03d" % number +
                     b"POST /echo HTTP/1.1\r\n" + HOST +
                     b"Transfer-Encoding: chunked\r\n\r\n" +
                     chunked(b"c%03d" % number, 3))
        wire.send(sent)
        for number in range(50):
            assert wire.response().body == b"%d" % number
            assert wire.response().body == b"b%03d" % number
            assert wire.response().body == b"c%03d" % number
        assert wire.is_open()


def pipelining_slow_first(port):
    """The second request is quick, and still answered second."""
    with Wire(port) as wire:
        wire.send(b"GET /sleep?s=0.5 HTTP/1.1\r\n" + HOST + b"\r\n"
                  b"GET /number?2 HTTP/1.1\r\n" + HOST + b"\r\n")
        assert wire.response().body == b"slept"
        assert wire.response().body == b"2"


def byte_by_byte(port):
    """How the bytes were cut into packets changes nothing."""
    with Wire(port) as wire:
        wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            wire.drip(b"POST /echo?a=b HTTP/1.1\r\n" + HOST +
                      b"Transfer-Encoding: chunked\r\n\r\n" +
                      chunked(b"hello, world", 5, b"X-T: 1\r\n"), 0.002)
            assert wire.response().body == b"hello, world"


def chunked_request_trailers(port):
    with Wire(port) as wire:
        wire.send(b"POST /environ HTTP/1.1\r\n" + HOST +
                  b"Transfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n" +
                  chunked(b"y" * 5000, 700,
                          b"X-Late: yes\r\nX-Other: 1\r\n"))
        environ = wire.response().json()
        assert "HTTP_X_LATE" not in environ and "HTTP_X_OTHER" not in environ
        assert "CONTENT_LENGTH" not in environ or \
            environ["CONTENT_LENGTH"] == ""
        wire.send(b"POST /echo HTTP/1.1\r\n" + HOST +
                  b"Transfer-Encoding: chunked\r\n\r\n"
                  b"3;name=value;other=\"quoted\"\r\nabc\r\n"
                  b"00002\r\nde\r\n000\r\n\r\n")
        assert wire.response().body == b"abcde"
        assert wire.get("/number?after").body == b"after"


def chunked_response(port):
    with Wire(port) as wire:
        response = wire.get("/nolen")
        assert response.chunks is not None and not response.closes
        assert response.body == b"first,second"
        assert wire.get("/number?after").body == b"after"


def length_is_added(port):
    """A list of one piece has a known length; so has an empty one."""
    with Wire(port) as wire:
        response = wire.get("/whole")
        assert response.get("content-length") == "5", response.fields
        response = wire.get("/status?line=200%20OK")
        assert response.get("content-length") == "0", response.fields


def expect_answered(port):
    """100 Continue comes when the app begins to read, then the answer."""
    with Wire(port) as wire:
        for path, status in (("/echo", 200), ("/echo", 200)):
            wire.send(b"POST " + path.encode() + b" HTTP/1.1\r\n" + HOST +
                      b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            interim = wire.head()
            assert interim.status == 100, interim.status
            assert wire.is_open()
            wire.send(b"hello")
            response = wire.response()
            assert response.status == status and response.body == b"hello"


def expect_never_read(port):
    """No 100 for a body that nobody reads; it is not taken for a request."""
    before = seen(port).count("GET /smuggled")
    with Wire(port) as wire:
        wire.send(b"POST /unread HTTP/1.1\r\n" + HOST +
                  b"Content-Length: %d\r\n" % len(NEXT) +
                  b"Expect: 100-continue\r\n\r\n")
        response = wire.head()
        assert response.status == 200, response.status
        assert wire.take(int(response.get("content-length"))) == b"not read"
        try:
            wire.send(NEXT)
        except OSError:
            pass
        left = wire.rest()
        assert response.closes, response.fields
        assert left == b"", left
    assert seen(port).count("GET /smuggled") == before


def expect_with_body(port):
    """A client that sends the body at once needs no 100 Continue."""
    with Wire(port) as wire:
        wire.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n"
                  b"Expect: 100-continue\r\n\r\nhello")
        assert wire.response().body == b"hello"
        assert wire.get("/number?after").body == b"after"


def expect_unknown(port):
    response = get(port, "/hello", b"Expect: miracles\r\n")
    assert response.status == 417, response.status


def head(port):
    """As GET, but without body, whatever the framing."""
    with Wire(port) as wire:
        for path in ("/hello", "/nolen", "/big?size=100000", "/pieces?n=5",
                     "/file", "/missing"):
            got = wire.get(path)
            response = wire.get(path, method=b"HEAD")
            assert response.status == got.status
            assert (response.get("content-length")
                    in (None, got.get("content-length"))), path
            if path == "/hello":
                assert response.get("content-length") == "11"
        assert wire.get("/number?after").body == b"after"


def no_body_statuses(port):
    with Wire(port) as wire:
        for line in ("204 No Content", "304 Not Modified"):
            response = wire.get("/status?line=" + line.replace(" ", "%20"))
            assert response.status == int(line[:3])
            assert response.get("transfer-encoding") is None
            assert response.get("content-length") in (None, "0")
        assert wire.get("/number?after").body == b"after"


def http10(port):
    """Closed after the answer, never chunked, no Host needed."""
    with Wire(port) as wire:
        wire.send(b"GET /hello HTTP/1.0\r\n\r\n")
        response = wire.response()
        assert response.body == b"Hello World"
        wire.expect_end()
    with Wire(port) as wire:
        wire.send(b"GET /nolen HTTP/1.0\r\n\r\n")
        response = wire.response()
        assert response.chunks is None
        assert response.body == b"first,second"


def http10_keep_alive(port):
    with Wire(port) as wire:
        for _ in range(3):
            wire.send(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            response = wire.response()
            assert response.body == b"Hello World"
            assert response.get("connection").lower() == "keep-alive"
        wire.send(b"GET /nolen HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        response = wire.response()
        assert response.chunks is None and response.body == b"first,second"
        wire.expect_end()


def absolute_form(port):
    """The target's authority counts, not Host."""
    with Wire(port) as wire:
        wire.send(b"GET http://right.example:81/environ?a=b HTTP/1.1\r\n"
                  b"Host: wrong.example\r\n\r\n")
        environ = wire.response().json()
        assert environ["PATH_INFO"] == "/environ"
        assert environ["QUERY_STRING"] == "a=b"
        assert environ["HTTP_HOST"] == "right.example:81", environ
        wire.send(b"GET http://right.example HTTP/1.1\r\nHost: right.example"
                  b"\r\n\r\n")
        assert wire.response().body == b"Hello World"


def options_asterisk(port):
    with Wire(port) as wire:
        wire.send(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n")
        response = wire.response()
        assert response.status == 200, response.status
        environ = response.json()
        assert environ["PATH_INFO"] == ""
        assert environ["REQUEST_METHOD"] == "OPTIONS"
        wire.send(b"GET * HTTP/1.1\r\n" + HOST + b"\r\n")
        assert wire.response().status == 400


def leading_empty_lines(port):
    """Some empty lines before a request are forgiven (RFC 9112, 2.2)."""
    with Wire(port) as wire:
        assert wire.get("/number?1").body == b"1"
        wire.send(b"\r\n")
        assert wire.get("/number?2").body == b"2"


def environ(port):
    """The CGI variables and WSGI's, with their right values."""
    with Wire(port) as wire:
        got = wire.get("/%65nviron?x=%20y&z", b"X-One: 1\r\nX-One: 2\r\n"
                       b"Content-Type: text/x\r\nX-Latin: caf\xe9\r\n"
                       b"X-Empty:\r\nCookie: a=b\r\nCookie: c=d\r\n").json()
    wanted = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/environ", "SCRIPT_NAME": "",
        "QUERY_STRING": "x=%20y&z", "REQUEST_URI": "/%65nviron?x=%20y&z",
        "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_TYPE": "text/x",
        "HTTP_HOST": "test", "HTTP_X_LATIN": "caf\xe9", "HTTP_X_EMPTY": "",
        "REMOTE_ADDR": "127.0.0.1", "SERVER_PORT": str(port),
        "wsgi.url_scheme": "http", "wsgi.run_once": False,
    }
    for key, value in wanted.items():
        assert got.get(key) == value, f"{key}: {got.get(key)!r}"
    assert got["HTTP_X_ONE"].replace(" ", "") == "1,2", got["HTTP_X_ONE"]
    assert got["HTTP_COOKIE"] == "a=b; c=d", got["HTTP_COOKIE"]
    assert "HTTP_CONTENT_TYPE" not in got


def dropped_fields(port):
    """What could be taken for another header never comes to the app."""
    got = get(port, "/environ", b"X_Forwarded_For: evil\r\n"
              b"Content_Length: 5\r\nProxy: evil\r\nX-Real: good\r\n").json()
    assert got["HTTP_X_REAL"] == "good"
    for name, value in got.items():
        assert value != "evil", name
    assert "HTTP_PROXY" not in got
    assert "HTTP_CONTENT_LENGTH" not in got
    assert got.get("CONTENT_LENGTH", "") == "", got.get("CONTENT_LENGTH")


# Heads that must be refused whole: name, bytes, statuses that are right.
BAD_HEADS = {
    "content-length-and-chunked":
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunked-and-content-length":
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "two-content-lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n",
    "content-length-list": b"Content-Length: 0, 5\r\n",
    "content-length-plus": b"Content-Length: +5\r\n",
    "content-length-minus": b"Content-Length: -5\r\n",
    "content-length-hexadecimal": b"Content-Length: 0x5\r\n",
    "content-length-empty": b"Content-Length:\r\n",
    "content-length-blank-inside": b"Content-Length: 1 0\r\n",
    "content-length-too-large": b"Content-Length: 99999999999999999999\r\n",
    "transfer-encoding-unknown": b"Transfer-Encoding: xchunked\r\n",
    "transfer-encoding-identity": b"Transfer-Encoding: identity\r\n",
    "transfer-encoding-not-last": b"Transfer-Encoding: chunked, gzip\r\n",
    "transfer-encoding-twice":
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "transfer-encoding-two-chunked":
        b"Transfer-Encoding: chunked, chunked\r\n",
    "transfer-encoding-vertical-tab": b"Transfer-Encoding: \x0bchunked\r\n",
    "transfer-encoding-empty": b"Transfer-Encoding:\r\n",
    "space-before-colon": b"Transfer-Encoding : chunked\r\n",
    "tab-before-colon": b"Content-Length\t: 5\r\n",
    "folded-line": b"X-A: b\r\n Transfer-Encoding: chunked\r\n",
    "folded-first-line": b" X-A: b\r\n",
    "bare-line-feed": b"X-A: b\nTransfer-Encoding: chunked\r\n",
    "bare-carriage-return": b"X-A: b\rTransfer-Encoding: chunked\r\n",
    "nul-in-value": b"X-A: b\0c\r\n",
    "control-byte-in-value": b"X-A: b\x01c\r\n",
    "line-without-colon": b"X-A\r\n",
    "empty-name": b": b\r\n",
    "bad-byte-in-name": b"X(A): b\r\n",
    "byte-over-127-in-name": b"X-\xe9: b\r\n",
    "second-host": b"Host: other\r\n",
}
BAD_LINES = {
    "no-host": b"GET / HTTP/1.1\r\n\r\n",
    "bad-host": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host-with-user": b"GET / HTTP/1.1\r\nHost: user@test\r\n\r\n",
    "two-spaces": b"GET  / HTTP/1.1\r\nHost: test\r\n\r\n",
    "space-in-target": b"GET /a b HTTP/1.1\r\nHost: test\r\n\r\n",
    "space-at-end": b"GET / HTTP/1.1 \r\nHost: test\r\n\r\n",
    "tab": b"GET\t/ HTTP/1.1\r\nHost: test\r\n\r\n",
    "control-byte-in-target": b"GET /\x01 HTTP/1.1\r\nHost: test\r\n\r\n",
    "byte-over-127-in-target": b"GET /\xe9 HTTP/1.1\r\nHost: test\r\n\r\n",
    "fragment": b"GET /#a HTTP/1.1\r\nHost: test\r\n\r\n",
    "target-without-slash": b"GET hello HTTP/1.1\r\nHost: test\r\n\r\n",
    "bad-method": b"G(T / HTTP/1.1\r\nHost: test\r\n\r\n",
    "lower-case-version": b"GET / http/1.1\r\nHost: test\r\n\r\n",
    "version-1.10": b"GET / HTTP/1.10\r\nHost: test\r\n\r\n",
    "version-2.0": b"GET / HTTP/2.0\r\nHost: test\r\n\r\n",
    "http-0.9": b"GET /\r\n\r\n",
    "line-feed-only": b"GET / HTTP/1.1\nHost: test\n\n",
    "chunked-in-http-1.0":
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two-hosts-chunked":
        b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
}
REFUSED = (400, 417, 501, 505)


def refused(port, raw, name):
    """A request is refused, the connection closed, the next one not read."""
    before = seen(port)
    with Wire(port) as wire:
        wire.send(raw + NEXT)
        response = wire.response()
        assert response.status in REFUSED, f"{name}: {response.status}"
        assert response.status == 400 or name in (
            "version-2.0", "version-1.10", "transfer-encoding-unknown",
            "transfer-encoding-not-last", "transfer-encoding-identity",
            ), f"{name}: {response.status}"
        assert response.closes, f"{name}: {response.fields}"
        wire.expect_end()
    after = seen(port)
    new = [item for item in after[len(before):] if item != "GET /seen"]
    assert not new, f"{name}: the app saw {new}"


def bad_head(port, name):
    body = b"0\r\n\r\n"
    refused(port, b"POST /victim HTTP/1.1\r\n" + HOST + BAD_HEADS[name] +
            b"\r\n" + body, name)


def bad_line(port, name):
    refused(port, BAD_LINES[name], name)


def names(port, which):
    """The names of the bad heads, lines or chunks."""
    return "\n".join({"heads": BAD_HEADS, "lines": BAD_LINES,
                      "chunks": BAD_CHUNKS}[which])


def bad_heads(port):
    for name in BAD_HEADS:
        bad_head(port, name)


def bad_lines(port):
    for name in BAD_LINES:
        bad_line(port, name)


# Chunked bodies with a mistake; the app reads them.
BAD_CHUNKS = {
    "size-0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "size-plus": b"+3\r\nabc\r\n0\r\n\r\n",
    "size-minus": b"-3\r\nabc\r\n0\r\n\r\n",
    "size-empty": b"\r\nabc\r\n0\r\n\r\n",
    "size-blank-before": b" 3\r\nabc\r\n0\r\n\r\n",
    "size-not-hexadecimal": b"g\r\nabc\r\n0\r\n\r\n",
    "size-overflow": b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "size-line-feed": b"3\nabc\r\n0\r\n\r\n",
    "size-carriage-return": b"3\rabc\r\n0\r\n\r\n",
    "data-too-long": b"3\r\nabcd\r\n0\r\n\r\n",
    "data-line-feed": b"3\r\nabc\n0\r\n\r\n",
    "extension-bare-line-feed": b"3;a=b\nc\r\nabc\r\n0\r\n\r\n",
    "trailer-space-before-colon": b"3\r\nabc\r\n0\r\nX : b\r\n\r\n",
    "trailer-folded": b"3\r\nabc\r\n0\r\nX: b\r\n c\r\n\r\n",
    "trailer-line-feed": b"3\r\nabc\r\n0\r\nX: b\n\r\n\r\n",
    "last-line-feed": b"3\r\nabc\r\n0\r\n\n",
    "size-line-endless": b"3;" + b"a" * 5000,
}


def bad_chunk(port, name):
    before = seen(port)
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Transfer-Encoding: chunked\r\n\r\n" + BAD_CHUNKS[name])
        try:
            wire.send(NEXT)
        except OSError:
            pass
        try:
            response = wire.response()
        except Ended as ended:
            assert ended.data == b"", f"{name}: {ended.data}"
        else:
            assert response.status in (400, 413, 431), \
                f"{name}: {response.status}"
            assert response.closes, f"{name}: {response.fields}"
            wire.expect_end()
    new = [item for item in seen(port)[len(before):]
           if item not in ("GET /seen", "POST /digest")]
    assert not new, f"{name}: the app saw {new}"


def bad_chunks(port):
    for name in BAD_CHUNKS:
        bad_chunk(port, name)


def nul_in_path(port):
    """%00 is 400 before the app sees it."""
    before = len(seen(port))
    for path in ("/%00", "/hello%00", "/a%00b?c"):
        assert get(port, path).status == 400
    assert len(seen(port)) == before + 1


def same_length_twice(port):
    """Two Content-Lengths that agree are still two."""
    refused(port, b"POST /victim HTTP/1.1\r\n" + HOST +
            b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", "same twice")


def line_limit(port, limit):
    """414 above limit-request-line, which counts the line and its CRLF."""
    limit = int(limit)
    rest = len(b"GET / HTTP/1.1\r\n")
    with Wire(port) as wire:
        response = wire.get("/" + "a" * (limit - rest))
        assert response.status == 404, response.status
        response = wire.get("/" + "a" * (limit - rest + 1))
        assert response.status == 414, response.status
        assert response.closes
        wire.expect_end()
    with Wire(port) as wire:        # without waiting for its end
        wire.send(b"GET /" + b"a" * (limit + 100))
        assert wire.response().status == 414


def field_limit(port, limit):
    """431 for more fields than limit-request-fields; Host is one."""
    limit = int(limit)
    assert get(port, "/hello", b"A: b\r\n" * (limit - 1)).status == 200
    response = get(port, "/hello", b"A: b\r\n" * limit)
    assert response.status == 431 and response.closes, response.status


def head_limit(port, limit):
    """431 for a head of more bytes than buffer-size."""
    limit = int(limit)
    rest = len(b"GET /hello HTTP/1.1\r\n" + HOST + b"A: \r\n\r\n")
    fits = b"A: " + b"b" * (limit - rest) + b"\r\n"
    assert get(port, "/hello", fits).status == 200
    response = get(port, "/hello", b"b" + fits)
    assert response.status == 431 and response.closes, response.status
    with Wire(port) as wire:        # endless, in many packets
        wire.send(b"GET /hello HTTP/1.1\r\n" + HOST + b"A: ")
        try:
            for _ in range(100):
                wire.send(b"b" * (limit // 10))
        except OSError:
            pass
        assert wire.response().status == 431


def body_limit(port, limit):
    """413 above limit-post, by length before the app and chunked in it."""
    limit = int(limit)
    with Wire(port) as wire:
        assert len(wire.post("/echo", b"x" * limit).body) == limit
    before = len(seen(port))
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Content-Length: %d\r\n\r\n" % (limit + 1))
        response = wire.response()
        assert response.status == 413 and response.closes, response.status
    assert len(seen(port)) == before + 1
    with Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Transfer-Encoding: chunked\r\n\r\n" +
                  chunked(b"x" * (limit + 1)))
        response = wire.response()
        assert response.status == 413 and response.closes, response.status
        wire.expect_end()


def requests_limit(port, limit):
    """keepalive-requests: the last response says that it is the last."""
    with Wire(port) as wire:
        for number in range(1, int(limit) + 1):
            response = wire.get("/hello")
            assert response.closes == (number == int(limit)), number
        wire.expect_end()


def no_keep_alive(port):
    with Wire(port) as wire:
        assert wire.get("/hello").closes
        wire.expect_end()


run(globals())
