"""What RFC 9113 says about frames that are wrong: one case a row.

Each case is what a client sends behind its preface, and what must come of it:
the connection ends with one of these errors (GOAWAY), or the stream does
(RST_STREAM), or the request is answered with this status. Whatever it was, the
server serves others afterwards.
"""
import struct

from h2wire import (
    ACK, CANCEL, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS,
    END_STREAM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, H2, HEADERS,
    PADDED, PING, PREFACE, PRIORITY, PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM,
    SETTINGS, STREAM_CLOSED, WINDOW_UPDATE, WITH_PRIORITY, Ended, block,
    frame, head)

GOOD = block(head())
POST = block(head("/echo", "POST"))
OPEN = frame(HEADERS, END_HEADERS, 1, POST)
WHOLE = frame(HEADERS, END_HEADERS | END_STREAM, 1, GOOD)


def u32(n):
    return struct.pack(">I", n)


def setting(key, value):
    return frame(SETTINGS, payload=struct.pack(">HI", key, value))


def request(fields, flags=END_STREAM):
    return frame(HEADERS, END_HEADERS | flags, 1, block(fields))


def more(*fields):
    return request(head(more=fields))


def posted(length, *bodies):
    """A POST that announces a length, and these DATA frames."""
    fields = head("/echo", "POST", [("content-length", str(length))])
    return request(fields, 0) + b"".join(
        frame(DATA, END_STREAM if n == len(bodies) - 1 else 0, 1, body)
        for n, body in enumerate(bodies))


# The connection's end, with one of these errors.
GOAWAYS = {
    "DATA on stream 0": (frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
    "DATA on an idle stream": (frame(DATA, 0, 1, b"x"), PROTOCOL_ERROR),
    "DATA, too much padding": (
        OPEN + frame(DATA, PADDED | END_STREAM, 1, b"\x09x"), PROTOCOL_ERROR),
    "DATA, a frame too large": (
        OPEN + frame(DATA, 0, 1, b"x" * 16385), FRAME_SIZE_ERROR),
    "HEADERS on stream 0": (
        frame(HEADERS, 5, 0, GOOD), PROTOCOL_ERROR),
    "HEADERS on an even stream": (
        frame(HEADERS, 5, 2, GOOD), PROTOCOL_ERROR),
    "HEADERS, too much padding": (
        frame(HEADERS, 5 | PADDED, 1, b"\xff" + GOOD), PROTOCOL_ERROR),
    "HEADERS, a bad block": (
        frame(HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"), COMPRESSION_ERROR),
    "HEADERS, index 0": (frame(HEADERS, 5, 1, b"\x80"), COMPRESSION_ERROR),
    "HEADERS, a table larger than allowed": (
        frame(HEADERS, 5, 1, b"\x3f\xe2\x1f" + GOOD), COMPRESSION_ERROR),
    "HEADERS, too short for a priority": (
        frame(HEADERS, 5 | WITH_PRIORITY, 1, b"\0"), FRAME_SIZE_ERROR,
        PROTOCOL_ERROR),
    "another frame within a head": (
        frame(HEADERS, 1, 1, GOOD) + frame(PING, 0, 0, b"x" * 8),
        PROTOCOL_ERROR),
    "another stream's frame within a head": (
        frame(HEADERS, 1, 1, GOOD) + frame(CONTINUATION, 4, 3, GOOD),
        PROTOCOL_ERROR),
    "CONTINUATION without a head": (
        frame(CONTINUATION, 4, 1, GOOD), PROTOCOL_ERROR),
    "CONTINUATION behind a whole head": (
        WHOLE + frame(CONTINUATION, 4, 1, GOOD), PROTOCOL_ERROR),
    "CONTINUATION on stream 0": (
        frame(HEADERS, 1, 1, GOOD) + frame(CONTINUATION, 4, 0, GOOD),
        PROTOCOL_ERROR),
    "PRIORITY on stream 0": (
        frame(PRIORITY, 0, 0, b"\0" * 5), PROTOCOL_ERROR),
    "RST_STREAM on stream 0": (
        frame(RST_STREAM, 0, 0, u32(8)), PROTOCOL_ERROR),
    "RST_STREAM on an idle stream": (
        frame(RST_STREAM, 0, 1, u32(8)), PROTOCOL_ERROR),
    "RST_STREAM, a bad size": (
        OPEN + frame(RST_STREAM, 0, 1, b"\0" * 3), FRAME_SIZE_ERROR),
    "SETTINGS on a stream": (frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
    "SETTINGS, a bad size": (
        frame(SETTINGS, payload=b"\0" * 5), FRAME_SIZE_ERROR),
    "SETTINGS, ACK with a payload": (
        frame(SETTINGS, ACK, 0, b"\0" * 6), FRAME_SIZE_ERROR),
    "SETTINGS, ENABLE_PUSH 2": (setting(2, 2), PROTOCOL_ERROR),
    "SETTINGS, a window too large": (
        setting(4, 1 << 31), FLOW_CONTROL_ERROR),
    "SETTINGS, frames too small": (setting(5, 16383), PROTOCOL_ERROR),
    "SETTINGS, frames too large": (setting(5, 1 << 24), PROTOCOL_ERROR),
    "PUSH_PROMISE of a client": (
        frame(PUSH_PROMISE, 4, 1, u32(2) + GOOD), PROTOCOL_ERROR),
    "PING on a stream": (frame(PING, 0, 1, b"x" * 8), PROTOCOL_ERROR),
    "PING, a bad size": (frame(PING, 0, 0, b"x" * 7), FRAME_SIZE_ERROR),
    "GOAWAY on a stream": (
        frame(GOAWAY, 0, 1, u32(0) + u32(0)), PROTOCOL_ERROR),
    "WINDOW_UPDATE of 0": (
        frame(WINDOW_UPDATE, 0, 0, u32(0)), PROTOCOL_ERROR),
    "WINDOW_UPDATE, a bad size": (
        frame(WINDOW_UPDATE, 0, 0, b"\0" * 3), FRAME_SIZE_ERROR),
    "WINDOW_UPDATE on an idle stream": (
        frame(WINDOW_UPDATE, 0, 1, u32(1)), PROTOCOL_ERROR),
    "WINDOW_UPDATE beyond 2^31-1": (
        frame(WINDOW_UPDATE, 0, 0, u32((1 << 31) - 1)), FLOW_CONTROL_ERROR),
}

# The stream's end, with one of these errors; the connection goes on.
RESETS = {
    "WINDOW_UPDATE of 0 on a stream": (
        OPEN + frame(WINDOW_UPDATE, 0, 1, u32(0)), PROTOCOL_ERROR),
    "WINDOW_UPDATE of a stream beyond 2^31-1": (
        OPEN + frame(WINDOW_UPDATE, 0, 1, u32((1 << 31) - 1)),
        FLOW_CONTROL_ERROR),
    # nghttp2 ends the stream only, where the connection should end.
    "a window beyond 2^31-1 by SETTINGS": (
        OPEN + frame(WINDOW_UPDATE, 0, 1, u32((1 << 31) - 1 - 65535))
        + setting(4, 65536), FLOW_CONTROL_ERROR),
    "PRIORITY of itself": (
        OPEN + frame(PRIORITY, 0, 1, u32(1) + b"\0"), PROTOCOL_ERROR),
    "more body than announced": (posted(2, b"xxx"), PROTOCOL_ERROR),
    "less body than announced": (posted(5, b"xx", b"x"), PROTOCOL_ERROR),
    "no body where one is announced": (
        request(head("/echo", "POST", [("content-length", "5")])),
        PROTOCOL_ERROR),
    "an upper case name": (more(("X-Upper", "1")), PROTOCOL_ERROR),
    "an empty name": (more(("", "1")), PROTOCOL_ERROR),
    "a name with a space": (more(("x y", "1")), PROTOCOL_ERROR),
    "a name with a colon": (more(("x:y", "1")), PROTOCOL_ERROR),
    "a name with CR LF": (more(("x\r\ny", "1")), PROTOCOL_ERROR),
    "a value with CR LF": (more(("x", "1\r\ny: 2")), PROTOCOL_ERROR),
    "a value with LF": (more(("x", "1\ny: 2")), PROTOCOL_ERROR),
    "a value with NUL": (more(("x", "1\0")), PROTOCOL_ERROR),
    "a value with a space before it": (more(("x", " 1")), PROTOCOL_ERROR),
    "a value with a space behind it": (more(("x", "1 ")), PROTOCOL_ERROR),
    "Connection": (more(("connection", "close")), PROTOCOL_ERROR),
    "Keep-Alive": (more(("keep-alive", "1")), PROTOCOL_ERROR),
    "Proxy-Connection": (more(("proxy-connection", "x")), PROTOCOL_ERROR),
    "Transfer-Encoding": (
        more(("transfer-encoding", "chunked")), PROTOCOL_ERROR),
    "Upgrade": (more(("upgrade", "websocket")), PROTOCOL_ERROR),
    "TE: gzip": (more(("te", "gzip")), PROTOCOL_ERROR),
    "two Content-Length": (
        request(head("/echo", "POST", [("content-length", "1"),
                                       ("content-length", "1")]), 0),
        PROTOCOL_ERROR),
    "a Content-Length that is none": (
        request(head("/echo", "POST", [("content-length", "-1")]), 0),
        PROTOCOL_ERROR),
    "an unknown pseudo-header": (
        request([(":unknown", "1")] + head()), PROTOCOL_ERROR),
    "a response's pseudo-header": (
        request(head() + [(":status", "200")]), PROTOCOL_ERROR),
    "a pseudo-header behind a field": (
        request(head(path=None) + [("x", "1"), (":path", "/")]),
        PROTOCOL_ERROR),
    "no :method": (request(head(method=None)), PROTOCOL_ERROR),
    "no :scheme": (request(head(scheme=None)), PROTOCOL_ERROR),
    "no :path": (request(head(path=None)), PROTOCOL_ERROR),
    "no :authority, no Host": (
        request(head(authority=None)), PROTOCOL_ERROR),
    "an empty :path": (request(head(path="")), PROTOCOL_ERROR),
    "a :path without a slash": (request(head(path="x")), PROTOCOL_ERROR),
    "a :path that is a URL": (
        request(head(path="http://test/")), PROTOCOL_ERROR),
    "a :path with a space": (request(head(path="/a b")), PROTOCOL_ERROR),
    "a :path with a line in it": (
        request(head(path="/ HTTP/1.1\r\nx: y")), PROTOCOL_ERROR),
    "a :path with a fragment": (request(head(path="/a#b")), PROTOCOL_ERROR),
    "* with GET": (request(head(path="*")), PROTOCOL_ERROR),
    "a :method with a space": (
        request(head(method="GET /x")), PROTOCOL_ERROR),
    "a :scheme that is none": (request(head(scheme="ftp")), PROTOCOL_ERROR),
    "two :method": (
        request([(":method", "GET")] + head()), PROTOCOL_ERROR),
    "two :path": (request([(":path", "/")] + head()), PROTOCOL_ERROR),
    ":authority with a user": (
        request(head(authority="me@test")), PROTOCOL_ERROR),
    "an empty :authority": (request(head(authority="")), PROTOCOL_ERROR),
    "Host that is not :authority": (
        more(("host", "other")), PROTOCOL_ERROR),
    "trailers with a pseudo-header": (
        OPEN + frame(HEADERS, 5, 1, block([(":method", "GET")])),
        PROTOCOL_ERROR),
    "trailers that do not end": (
        OPEN + frame(HEADERS, 4, 1, block([("x", "1")])), PROTOCOL_ERROR),
    "DATA behind the end": (
        frame(HEADERS, 5, 1, block(head("/sleep?1")))
        + frame(DATA, 0, 1, b"x"), STREAM_CLOSED),
}

# For these nghttp2 ends the connection.
SEVERE = ("WINDOW_UPDATE of 0 on a stream", "PRIORITY of itself",
          "DATA behind the end")

# A response with this status.
ANSWERS = {
    "CONNECT": (request(
        head(path=None, scheme=None, method="CONNECT", authority="a:1")), 501),
    "a long :path": (request(head(path="/" + "x" * 9000)), 414),
    "a large field": (more(("x", "y" * 15000), ("z", "y" * 100)), 200),
    "many fields": (more(*[("x", "y")] * 200), 431),
    "an unknown expectation": (
        request(head("/echo", "POST", [("expect", "magic")])), 417),
    "NUL in the path": (request(head(path="/a%00b")), 400),
    "OPTIONS *": (request(head(path="*", method="OPTIONS")), 404),
    "TE: trailers": (more(("te", "trailers")), 200),
    "Host instead of :authority": (
        request(head(authority=None, more=[("host", "test")])), 200),
    "Host that is :authority": (more(("host", "test")), 200),
    "padding": (frame(HEADERS, 5 | PADDED, 1, b"\x05" + GOOD + b"\0" * 5),
                200),
    "a priority": (frame(HEADERS, 5 | WITH_PRIORITY, 1,
                         u32(0x80000000 | 3) + b"\x07" + GOOD), 200),
    "a head in pieces": (
        frame(HEADERS, 1, 1, GOOD[:3]) + frame(CONTINUATION, 0, 1, GOOD[3:9])
        + frame(CONTINUATION, 4, 1, GOOD[9:]), 200),
    "an unknown frame": (frame(99, 255, 1, b"x") + WHOLE, 200),
    "an unknown setting": (setting(99, 1) + WHOLE, 200),
    "reserved bits": (frame(HEADERS, 5, 0x80000001, GOOD), 200),
    "trailers": (
        OPEN + frame(DATA, 0, 1, b"x")
        + frame(HEADERS, 5, 1, block([("x", "1")])), 200),
    "padded DATA": (
        OPEN + frame(DATA, PADDED | END_STREAM, 1, b"\x03abc\0\0\0"), 200),
    "a table that becomes smaller": (
        frame(HEADERS, 5, 1, b"\x20" + GOOD), 200),
    "PRIORITY of an idle stream": (
        frame(PRIORITY, 0, 7, u32(5) + b"\0") + WHOLE, 200),
    "the announced body": (posted(3, b"a", b"bc"), 200),
}


def alive(port):
    with H2(port) as client:
        assert client.get().body == b"hello"


def goaway_of(port, data):
    """The error with which a connection ends that sends this."""
    with H2(port) as client:
        client.send(data)
        try:
            return client.ends()
        except TimeoutError:
            return "nothing"


def reset_of(port, data):
    """The error with which stream 1 ends, or the connection."""
    with H2(port) as client:
        stream = client.stream(1)
        try:
            client.send(data)
            client.until(lambda: stream.reset is not None or stream.ended)
        except Ended:
            return "GOAWAY", client.goaways[-1][1]
        except TimeoutError:
            return "nothing"
        client.next = 9
        assert client.get().body == b"hello"
        return stream.reset


def goaways(port):
    """Each of these ends the connection, with the right error."""
    wrong = [(name, got, errors) for name, (data, *errors) in GOAWAYS.items()
             if (got := goaway_of(port, data)) not in errors]
    assert not wrong, wrong
    alive(port)


def resets(port):
    """
    Each of these ends the stream, and no more; nghttp2 ends the connection for
    some, as it may (RFC 9113 5.4.2).
    """
    wrong = []
    for name, (data, *errors) in RESETS.items():
        got = reset_of(port, data)
        if name in SEVERE:
            errors = [("GOAWAY", error) for error in errors]
        if got not in errors:
            wrong.append((name, got, errors))
    assert not wrong, wrong
    alive(port)


def answers(port):
    """Each of these is answered so."""
    for name, (data, status) in ANSWERS.items():
        with H2(port) as client:
            client.send(data)
            stream = client.response(1)
            assert stream.status == status, \
                f"{name}: {stream.status} {stream.reset}, not {status}"
            client.next = 9
            assert client.get().body == b"hello", name


def prefaces(port):
    """What is no preface is no HTTP/2."""
    with H2(port, greet=False) as client:
        for byte in PREFACE + frame(SETTINGS):
            client.send(bytes([byte]))
        assert client.get().body == b"hello"
    for bad in (PREFACE[:-1] + b"x" + frame(SETTINGS),
                PREFACE[:16] + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                PREFACE + WHOLE, PREFACE + frame(PING, 0, 0, b"x" * 8)):
        with H2(port, greet=False) as client:
            client.send(bad)
            try:
                while True:
                    data = client.sock.recv(65536)
                    assert b"hello" not in data
                    if not data:
                        break
            except ConnectionError:
                pass
    alive(port)


def every_cut(port):
    """A client may leave at any byte."""
    data = (PREFACE + frame(SETTINGS) + OPEN + frame(DATA, 0, 1, b"some")
            + frame(HEADERS, 5, 3, GOOD) + frame(RST_STREAM, 0, 1,
                                                 u32(CANCEL)))
    for size in range(1, len(data), 3):
        with H2(port, greet=False) as client:
            client.send(data[:size])
    alive(port)


if __name__ == "__main__":
    import wire
    wire.run(globals())
