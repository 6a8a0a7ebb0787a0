"""Request smuggling: an attacker's bytes, and victims on the same way.

    smuggle.py LOG NAME=PORT[=SECRET]...

NAME is a proxy in front of test/apps/smuggle_cases.py, which notes what it
sees in LOG; the proxy puts SECRET, which no client knows, into X-Proxy of
each request that it forwards. Without SECRET it is the server itself.

For each case an attacker sends its bytes, and then two victims a request each
on connections of their own, which share the proxy's connection to the server.
Each victim must get its own answer, and the app must see nothing but what the
proxy took for a request: a request without the secret was smuggled. In no
case but those that are lawful() may it see /smuggled.
"""
import json
import socket
import sys
import threading
import time

# Becomes the proxy's name and the case's number, so that who sees it knows.
MARK = b"@" * 12
HIDDEN = b"GET /smuggled?" + MARK + b" HTTP/1.1\r\nHost: a\r\n\r\n"
# How long an answer is waited for where none may come, and more behind one.
SILENCE = 0.15
REST = 0.02
LIMIT = 30
CASES = []                  # (name, bytes, lawful)


def case(name, data, lawful=False):
    CASES.append((name, data, lawful))


def lawful(name, data):
    """What some rule lets a server read as two requests."""
    case(name, data, True)


def head(fields, path="/read", method="POST", version="1.1", end=b"\r\n"):
    """A head with these lines, which end with CRLF, or as they are."""
    lines = b"".join(line + end for line in fields)
    return (f"{method} {path} HTTP/{version}".encode() + end +
            b"Host: a" + end + lines + end)


def length_of(body):
    return b"Content-Length: %d" % len(body)


CHUNKED = b"Transfer-Encoding: chunked"
# The body is empty by chunks, and longer by length: CL.TE.
EMPTY = b"0\r\n\r\n" + HIDDEN
# One chunk that hides a request, and a length that ends before it: TE.CL.
CHUNK = b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n"
SHORT = b"Content-Length: 4"


def lengths():
    """Bodies that hide a request, whether the app reads them or not."""
    for path in ("/read", "/ignore", "/early"):
        for method in ("POST", "GET", "HEAD", "DELETE", "OPTIONS"):
            case(f"{method} {path}, length",
                 head([length_of(HIDDEN)], path, method) + HIDDEN)
            case(f"{method} {path}, chunked",
                 head([CHUNKED], path, method) + CHUNK)
    case("/ignore, large", head([b"Content-Length: 400000"], "/ignore") +
         HIDDEN * (400000 // len(HIDDEN)))
    case("HTTP/1.0, length", head([length_of(HIDDEN)], version="1.0") + HIDDEN)
    case("HTTP/1.0, keep-alive", head(
        [b"Connection: keep-alive", length_of(HIDDEN)], version="1.0") +
        HIDDEN)
    for expect in (b"100-continue", b"y 100-continue", b"100-Continue, y"):
        for path in ("/read", "/ignore"):
            case(f"Expect: {expect.decode()}, {path}", head(
                [b"Expect: " + expect, length_of(HIDDEN)], path) + HIDDEN)


LENGTHS = (
    b"Content-Length: 0\r\nContent-Length: %d",
    b"Content-Length: %d\r\nContent-Length: 0",
    b"Content-Length: %d\r\nContent-Length: %d",
    b"Content-Length: +%d", b"Content-Length: -%d", b"Content-Length: 0x%x",
    b"Content-Length: %d, %d", b"Content-Length: 0, %d",
    b"Content-Length: %d,", b"Content-Length: %d\t", b"Content-Length:%d",
    b"Content-Length : %d", b"Content-Length\t: %d", b"Content_Length: %d",
    b"Content-Length: 00%d", b"Content-Length: %d\x0b", b"Content-Length:\r\n %d",
    b"Content-Length: %d\x00", b"Content-Length: \x00%d", b" Content-Length: %d",
    b"Content-Length: %d 0", b"Content-Length: \"%d\"", b"Content-Length: %d.0",
    b"Content-Length: %de0", b"Content-Length: 1_0", b"Content-Length:",
    b"\x00Content-Length: %d", b"Content-Length\x00: %d", b"X: y\rContent-Length: %d",
    b"X: y\nContent-Length: %d", b"Content-Length: 18446744073709551616",
    b"Content-Length: 18446744073709551653",
    b"Connection: content-length\r\nContent-Length: %d",
    b"Connection: host, content-length\r\nContent-Length: %d",
)


def odd_lengths():
    for line in LENGTHS:
        n = line.count(b"%")
        text = line % ((len(HIDDEN),) * n)
        lawful(f"{line!r}", head([text]) + HIDDEN)
        lawful(f"{line!r}, not read", head([text], "/ignore") + HIDDEN)


CODINGS = (
    CHUNKED, b"transfer-encoding: CHUNKED", b"Transfer-Encoding:chunked",
    b"Transfer-Encoding:\tchunked", b"Transfer-Encoding: chunked ",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked",
    b" Transfer-Encoding: chunked", b"Transfer-Encoding:\r\n chunked",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunkedx",
    b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: chunked\x0b",
    b"Transfer-Encoding: chunked\x00", b"Transfer-Encoding:\x00chunked",
    b"Transfer-Encoding: \xffchunked", b"Transfer-Encoding: chun\x00ked",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding: \"chunked\"",
    b"Transfer-Encoding: 'chunked'", b"Transfer-Encoding: ,chunked",
    b"Transfer-Encoding: chunked,", b"Transfer-Encoding:",
    b"Transfer_Encoding: chunked", b"TE: chunked", b"Content-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"X: y\nTransfer-Encoding: chunked", b"X: y\rTransfer-Encoding: chunked",
    b"Transfer-Encoding\n: chunked", b"\x00Transfer-Encoding: chunked",
    b"Connection: transfer-encoding\r\nTransfer-Encoding: chunked",
)


def codings():
    """CL.TE, TE.CL and TE.TE."""
    for line in CODINGS:
        lawful(f"CL.TE {line!r}", head([length_of(EMPTY), line]) + EMPTY)
        lawful(f"TE.CL {line!r}", head([SHORT, line]) + CHUNK)
        lawful(f"CL.0 {line!r}", head([line, length_of(EMPTY)], "/ignore") +
               EMPTY)
        lawful(f"HTTP/1.0 {line!r}", head([line, length_of(EMPTY)],
                                          version="1.0") + EMPTY)


def chunks():
    """Chunks that two readers may cut differently."""
    def chunked(name, body):
        lawful(f"chunks: {name}", head([CHUNKED]) + body)

    n = len(HIDDEN)
    for size in (b"0x%x", b"+%x", b"-%x", b" %x", b"%x ", b"%x\t", b"%xg",
                 b"00000000000000000%x", b"1%016x", b"\"%x\"", b"%x;", b"%x\x00",
                 b"%x;a=\"\r\n\"", b"%x;a\nb", b"%x;\n", b"%x\n", b"%x\r"):
        chunked(f"size {size!r}", size % n + b"\r\n" + HIDDEN +
                b"\r\n0\r\n\r\n")
    chunked("bare LF everywhere", b"%x\n" % n + HIDDEN + b"\n0\n\n")
    chunked("LF at the end", b"0\n\n" + HIDDEN)
    chunked("extension with LF", b"2;\nxx\r\n4c\r\n0\r\n\r\n" + HIDDEN)
    chunked("extension that ends with LF", b"0;a\n\r\n" + HIDDEN)
    chunked("spill of two bytes", b"5\r\nhelloXX%x\r\n" % n + HIDDEN +
            b"\r\n0\r\n\r\n")
    chunked("no CRLF behind data", b"5\r\nhello0\r\n\r\n" + HIDDEN)
    chunked("longer than said", b"5\r\nhello, world\r\n0\r\n\r\n" + HIDDEN)
    chunked("trailer with a length", b"0\r\nContent-Length: %d\r\n\r\n" % n +
            HIDDEN)
    chunked("trailer with chunks", b"0\r\nTransfer-Encoding: chunked\r\n\r\n" +
            HIDDEN)
    chunked("trailer with white space", b"0\r\nX : y\r\n\r\n" + HIDDEN)
    chunked("folded trailer", b"0\r\nX: y\r\n z\r\n\r\n" + HIDDEN)
    chunked("trailer that is a request", b"0\r\n" + HIDDEN)
    chunked("one more CRLF", b"0\r\n\r\n\r\n" + HIDDEN)
    chunked("no size", b"\r\n" + HIDDEN)
    chunked("only CR", b"0\r\r" + HIDDEN)
    case("chunks: never ending", head([CHUNKED]) + b"%x\r\n" % (n + 99) +
         HIDDEN)


def lines():
    """Lines and request lines that are read differently."""
    n = length_of(HIDDEN)
    lawful("bare LF", head([n], end=b"\n") + HIDDEN)
    lawful("CR only", head([n], end=b"\r") + HIDDEN)
    lawful("two CR", head([n], end=b"\r\r\n") + HIDDEN)
    lawful("LF CR", head([n], end=b"\n\r") + HIDDEN)
    lawful("NUL line", head([b"\x00", n]) + HIDDEN)
    lawful("empty name", head([b": x", n]) + HIDDEN)
    lawful("folded", head([b"X: y", b" z: " + HIDDEN[:20], n]) + HIDDEN)
    lawful("first line folded", b"POST /read HTTP/1.1\r\n X: y\r\nHost: a\r\n" +
           n + b"\r\n\r\n" + HIDDEN)
    lawful("white space first", b" " + head([n]) + HIDDEN)
    lawful("empty lines first", b"\r\n\r\n" + head([n]) + HIDDEN)
    lawful("LF first", b"\n" + head([n]) + HIDDEN)
    lawful("HTTP/0.9", b"GET /smuggled?" + MARK + b"\r\n\r\n")
    lawful("HTTP/0.9 behind", head([], "/ignore", "GET") +
           b"GET /smuggled?" + MARK + b"\r\n")
    lawful("HTTP/2.0", head([n], version="2.0") + HIDDEN)
    lawful("HTTP/1.2", head([n], version="1.2") + HIDDEN)
    lawful("preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN)
    lawful("two versions", b"POST /read HTTP/1.1 HTTP/1.1\r\nHost: a\r\n" + n +
           b"\r\n\r\n" + HIDDEN)
    lawful("tabs", b"POST\t/read\tHTTP/1.1\r\nHost: a\r\n" + n + b"\r\n\r\n" +
           HIDDEN)
    for target in ("http://b/read", "http://b@a/read", "a:80", "*", "//b/read",
                   "/read#", "/read\\", "/read%0d%0aX:%20y", "/read%00",
                   "http:///read", "/read\x00", "/read;\xff"):
        lawful(f"target {target!r}", head([n], target) + HIDDEN)
    for host in ("Host: b", "Host:", "Host : a", "X: y\r\nHost: a:99999"):
        lawful(f"second {host!r}", head([host.encode(), n]) + HIDDEN)
    lawful("CONNECT", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n" + n +
           b"\r\n\r\n" + HIDDEN)


def upgrades():
    """The proxy may stop looking when the protocol changes; we never do."""
    for name in (b"h2c", b"websocket", b"TLS/1.0", b"HTTP/2.0"):
        fields = [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + name,
                  b"HTTP2-Settings: AAMAAABkAAQAAP__",
                  b"Sec-WebSocket-Version: 13",
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        lawful(f"Upgrade: {name.decode()}",
               head(fields, "/ignore", "GET") + HIDDEN)
        case(f"Upgrade: {name.decode()}, with a body",
             head(fields + [length_of(HIDDEN)]) + HIDDEN)


def exchange(port, data, until=None):
    """Sends, and gives what comes until it is silent, ends, or has until."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), LIMIT) as sock:
        try:
            sock.sendall(data)
            sock.settimeout(LIMIT if until else SILENCE)
            while not until or until not in got:
                more = sock.recv(65536)
                if not more:
                    break
                got += more
                sock.settimeout(LIMIT if until else REST)
        except OSError:
            pass
    return got


class Way(threading.Thread):
    """All cases through one proxy."""

    def __init__(self, name, port, secret):
        super().__init__()
        self.name, self.port, self.secret = name, int(port), secret
        self.failed = []
        self.count = 0

    def run(self):
        for number, (name, data, allowed) in enumerate(CASES):
            self.count += 1
            mark = f"{self.name[:7]:_<7}-{number:04d}"
            exchange(self.port, data.replace(MARK, mark.encode()))
            for victim in ("a", "b"):
                path = f"/victim?{mark}{victim}".encode()
                got = exchange(self.port, b"GET " + path + b" HTTP/1.1\r\n"
                               b"Host: a\r\nConnection: close\r\n\r\n",
                               b"\r\n\r\n" + path)
                if not got.startswith(b"HTTP/1.1 200 ") or \
                        not got.endswith(b"\r\n\r\n" + path):
                    self.failed.append((name, f"a victim got {got[:200]!r}"))


def look(log, ways):
    """Compares what the app has seen with what it may see."""
    names = {f"{way.name[:7]:_<7}": way for way in ways}
    secrets = {way.secret for way in ways}
    for line in open(log):
        seen = json.loads(line)
        mark, _, number = seen["query"].rstrip("ab").partition("-")
        if mark not in names:           # no mark: an attacker's own path
            if seen["by"] not in secrets:
                ways[0].failed.append(("?", f"no proxy has sent {seen}"))
            continue
        way = names[mark]
        name, _, allowed = CASES[int(number)]
        if seen["by"] != way.secret:
            way.failed.append((name, f"the proxy did not send {seen}"))
        if seen["path"] == "/smuggled" and not allowed:
            way.failed.append((name, f"smuggled: {seen}"))


def main():
    log = sys.argv[1]
    for make in (lengths, odd_lengths, codings, chunks, lines, upgrades):
        make()
    ways = [Way(*(argument.split("=") + [""])[:3])
            for argument in sys.argv[2:]]
    for way in ways:
        way.start()
    for way in ways:
        way.join()
    time.sleep(0.2)
    look(log, ways)
    bad = [(way.name, *failed) for way in ways for failed in way.failed]
    for name, what, why in bad:
        print(f"{name}: {what}: {why}", file=sys.stderr)
    print(*(f"{way.name}: {way.count} cases" for way in ways), sep="\n")
    sys.exit(1 if bad else 0)


main()
