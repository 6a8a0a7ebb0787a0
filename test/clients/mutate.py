"""Mutated requests to a real server, over sockets, reproducibly.

    mutate.py PROTOCOL PORT STATS COUNT [SEED]

COUNT connections, in batches; each sends a few requests that were right once,
mutated in their grammar and in their bytes, cut into pieces, and leaves in
one of several ways. After each batch a request that is right is answered, the
worker is the same as before, and no connection, core or descriptor is left. A
batch that fails is written to mutate-failed.txt; the same SEED sends the same.
To add a protocol: a class like Http, and its name in PROTOCOLS.
"""
import os
import random
import socket
import struct
import sys
import time

from wire import Wire, get, stats, until

BATCH = 50
NUMBERS = (b"0", b"-1", b"+5", b"00005", b"0x5", b"5 ", b"2147483648",
           b"4294967296", b"9223372036854775807", b"9223372036854775808",
           b"18446744073709551616", b"1" * 40, b"", b"5, 5", b"5;a=b")
ODD = (b"\0", b"\r", b"\n", b"\r\n", b"\t", b" ", b"\x0b", b"\x7f", b"\xff",
       b":", b";", b",", b"\"", b"%00", b"%", b"\\", b"/../", b"?", b"#",
       b"\xe2\x80\xae", b"=", b"{", b"@")


class Http:
    """HTTP/1, to test/apps/http_probe.py."""
    lines = (
        b"GET /hello HTTP/1.1", b"GET / HTTP/1.0", b"HEAD /hello HTTP/1.1",
        b"POST /echo HTTP/1.1", b"POST /digest HTTP/1.1",
        b"POST /one-piece?n=3 HTTP/1.1", b"POST /unread HTTP/1.1",
        b"GET /pieces?n=30&size=100 HTTP/1.1", b"GET /nolen HTTP/1.1",
        b"GET /environ?a=b HTTP/1.1", b"OPTIONS * HTTP/1.1",
        b"GET http://test/hello HTTP/1.1", b"GET /raise-late HTTP/1.1",
        b"GET /short HTTP/1.1", b"GET /long HTTP/1.1", b"GET /big HTTP/1.1",
        b"GET /status?line=204+No HTTP/1.1", b"CONNECT test:80 HTTP/1.1")
    fields = (
        b"Connection: close", b"Connection: keep-alive", b"Expect: 100-continue",
        b"X-Forwarded-For: 10.0.0.1", b"Range: bytes=0-10", b"Accept: */*",
        b"Upgrade: websocket", b"Connection: upgrade", b"Cookie: a=b; c=d",
        b"Transfer-Encoding: chunked", b"Content-Length: 5", b"TE: trailers",
        b"If-None-Match: \"x\"", b"Content-Type: text/plain; charset=utf-8",
        b"Host: other", b"X-Long: " + b"x" * 3000, b"Proxy: x", b"A_B: c")

    def request(self, rng):
        """One that is right."""
        line = rng.choice(self.lines)
        fields = [b"Host: test"]
        fields += rng.sample(self.fields[:9], rng.randrange(3))
        body = b""
        if line.startswith(b"POST"):
            body = rng.randbytes(rng.choice((0, 5, 100, 3000)))
            if rng.random() < 0.5:
                fields.append(b"Content-Length: %d" % len(body))
            else:
                fields.append(b"Transfer-Encoding: chunked")
                body = self.chunks(rng, body)
        return [line, *fields], body

    @staticmethod
    def chunks(rng, body):
        parts = []
        while body:
            n = rng.randint(1, 1500)
            piece, body = body[:n], body[n:]
            parts.append(b"%x%s\r\n%s\r\n" % (
                len(piece), rng.choice((b"", b"", b";a=b", b";a=\"x\"")),
                piece))
        return b"".join(parts) + b"0\r\n" + rng.choice(
            (b"", b"", b"X-Trailer: y\r\n")) + b"\r\n"

    def mutate_lines(self, rng, lines):
        """By the grammar: whole lines, and numbers in them."""
        at = rng.randrange(len(lines))
        what = rng.randrange(6)
        if what == 0:
            lines.insert(at, lines[at])
        elif what == 1 and len(lines) > 1:
            del lines[at]
        elif what == 2:
            lines.insert(at, rng.choice(self.fields + self.lines))
        elif what == 3:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif what == 4:
            name, colon, _ = lines[at].partition(b":")
            lines[at] = name + colon + b" " + rng.choice(NUMBERS)
        else:
            lines[at] = mutate_bytes(rng, lines[at])

    def make(self, rng):
        """What one connection sends."""
        parts = []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 20))):
            lines, body = self.request(rng)
            for _ in range(rng.choice((0, 1, 1, 2, 4))):
                self.mutate_lines(rng, lines)
            end = b"\r\n" if rng.random() < 0.9 else rng.choice(ODD)
            parts.append(end.join(lines) + b"\r\n\r\n" + body)
        data = b"".join(parts)
        for _ in range(rng.choice((0, 0, 0, 1, 3))):
            data = mutate_bytes(rng, data)
        return data

    def is_answer(self, data):
        """Is that the begin of what the server may say?"""
        return data.startswith(b"HTTP/1.1 "[:len(data)])

    @staticmethod
    def probe(port):
        """A request that is right is answered rightly."""
        assert get(port, "/hello").body == b"Hello World"
        with Wire(port) as wire:
            assert wire.post("/echo", b"x" * 5000).body == b"x" * 5000


class Gateway:
    """What the protocols behind a gateway have in common."""
    paths = (b"/hello", b"/echo", b"/digest", b"/one-piece", b"/unread",
             b"/pieces", b"/nolen", b"/environ", b"/raise-late", b"/big")
    odd = ((b"HTTP_X", b"y" * 3000), (b"HTTPS", b"on"), (b"PATH_INFO", b""),
           (b"CONTENT_LENGTH", b"5"), (b"HTTP_TRANSFER_ENCODING", b"chunked"),
           (b"REMOTE_ADDR", b"x\r\ny"), (b"REQUEST_METHOD", b""), (b"", b"x"),
           (b"SERVER_PROTOCOL", b"HTTP/9.9"), (b"HTTP_HOST", b"a b"),
           (b"REQUEST_URI", b"/%00"), (b"SCRIPT_NAME", b"/hello"))

    @staticmethod
    def variables(path, body):
        return [(b"REQUEST_METHOD", b"POST" if body else b"GET"),
                (b"REQUEST_URI", path), (b"PATH_INFO", path),
                (b"QUERY_STRING", b""), (b"SERVER_PROTOCOL", b"HTTP/1.1"),
                (b"CONTENT_LENGTH", b"%d" % len(body)),
                (b"SERVER_NAME", b"test"), (b"SERVER_PORT", b"80"),
                (b"REMOTE_ADDR", b"10.0.0.1"), (b"REMOTE_PORT", b"1000"),
                (b"HTTP_HOST", b"test"), (b"SCRIPT_NAME", b"")]

    def make(self, rng):
        parts = []
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            body = rng.randbytes(rng.choice((0, 0, 5, 100, 3000)))
            pairs = self.variables(rng.choice(self.paths), body)
            for _ in range(rng.choice((0, 1, 1, 2, 4))):
                at = rng.randrange(len(pairs))
                what = rng.randrange(5)
                if what == 0:
                    pairs.insert(at, pairs[at])
                elif what == 1 and len(pairs) > 1:
                    del pairs[at]
                elif what == 2:
                    pairs.insert(at, rng.choice(self.odd))
                elif what == 3:
                    pairs[at] = (pairs[at][0], rng.choice(NUMBERS))
                else:
                    pairs[at] = (mutate_bytes(rng, pairs[at][0]),
                                 pairs[at][1])
            parts.append(self.pack(pairs, body, rng))
        data = b"".join(parts)
        for _ in range(rng.choice((0, 0, 1, 3))):
            data = mutate_bytes(rng, data)
        return data

    def is_answer(self, data):
        return True

    def probe(self, port):
        for path, body, want in ((b"/hello", b"", b"Hello World"),
                                 (b"/echo", b"x" * 5000, b"x" * 5000)):
            with Wire(port) as wire:
                wire.send(self.pack(self.variables(path, body), body,
                                    random.Random(0)))
                while want not in self.content(wire.data):
                    wire._more()

    @staticmethod
    def content(data):
        return data


class Uwsgi(Gateway):
    """The uwsgi protocol."""

    @staticmethod
    def pack(pairs, body, rng):
        packed = b"".join(struct.pack("<H", len(text)) + text
                          for pair in pairs for text in pair)
        return struct.pack("<BHB", 0, len(packed) & 0xffff, 0) + packed + body


class Scgi(Gateway):
    """SCGI."""

    @staticmethod
    def pack(pairs, body, rng):
        pairs = sorted(pairs, key=lambda pair: pair[0] != b"CONTENT_LENGTH")
        pairs.insert(1, (b"SCGI", b"1"))
        packed = b"".join(text + b"\0" for pair in pairs for text in pair)
        return b"%d:%s,%s" % (len(packed), packed, body)


class Fastcgi(Gateway):
    """FastCGI."""

    @staticmethod
    def record(kind, content, request=1, pad=0):
        return struct.pack(">BBHHBx", 1, kind, request, len(content),
                           pad) + content + bytes(pad)

    def pack(self, pairs, body, rng):
        packed = b"".join(
            b"".join(struct.pack(">I", len(text) | 1 << 31)
                     if len(text) > 127 else bytes([len(text)])
                     for text in pair) + b"".join(pair) for pair in pairs)
        parts = [self.record(1, struct.pack(">HB5x", 1, 1))]
        for kind, data in ((4, packed), (5, body)):
            while data:
                n = rng.choice((7, 100, 65535))
                parts.append(self.record(kind, data[:n],
                                         pad=rng.choice((0, 3, 255))))
                data = data[n:]
            parts.append(self.record(kind, b""))
        return b"".join(parts)

    @staticmethod
    def content(data):
        """What the stdout records say."""
        got = b""
        while len(data) >= 8:
            kind, size, pad = data[1], int.from_bytes(data[4:6], "big"), data[6]
            if kind == 6:
                got += data[8:8 + size]
            data = data[8 + size + pad:]
        return got


class Http2:
    """HTTP/2 with prior knowledge; heads are literals, which need no table."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    paths = Gateway.paths
    odd = ((b"connection", b"close"), (b"Upper", b"x"), (b":path", b"/x"),
           (b":scheme", b""), (b"te", b"gzip"), (b"content-length", b"7"),
           (b"transfer-encoding", b"chunked"), (b"x", b"y" * 3000),
           (b"x", b"a\r\nb"), (b"host", b"other"), (b":unknown", b"x"),
           (b"expect", b"100-continue"), (b"", b"x"))

    @staticmethod
    def frame(kind, flags, stream, content):
        return struct.pack(">I", len(content))[1:] + struct.pack(
            ">BBI", kind, flags, stream) + content

    @staticmethod
    def number(n):
        """An integer with a prefix of 7 bits."""
        if n < 127:
            return bytes([n])
        out, n = b"\x7f", n - 127
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    def head(self, pairs):
        return b"".join(b"\0" + b"".join(self.number(len(text)) + text
                                         for text in pair) for pair in pairs)

    def request(self, rng, stream, path, body, odd):
        pairs = [(b":method", b"POST" if body else b"GET"),
                 (b":scheme", b"http"), (b":authority", b"test"),
                 (b":path", path)]
        for _ in range(odd):
            pairs.insert(rng.randrange(len(pairs) + 1), rng.choice(self.odd))
        head = self.head(pairs)
        cut_at = rng.choice((len(head), rng.randrange(len(head) + 1)))
        frames = [self.frame(1, (4 if cut_at == len(head) else 0) |
                             (0 if body else 1), stream, head[:cut_at])]
        if cut_at < len(head):
            frames.append(self.frame(9, 4, stream, head[cut_at:]))
        if body:
            frames.append(self.frame(0, 1, stream, body))
        return frames

    def make(self, rng):
        frames = []
        for n in range(rng.choice((1, 2, 3, 30))):
            frames += self.request(rng, 2 * n + 1, rng.choice(self.paths),
                                   rng.randbytes(rng.choice((0, 0, 5, 3000))),
                                   rng.choice((0, 0, 0, 1, 3)))
        for _ in range(rng.choice((0, 1, 2, 100))):
            kind = rng.choice((0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 8, 9, 99))
            frames.insert(rng.randrange(len(frames) + 1), self.frame(
                kind, rng.choice((0, 1, 4, 5, 255)), rng.randrange(20),
                rng.randbytes(rng.choice((0, 4, 5, 6, 8, 100)))))
        data = self.preface + self.frame(4, 0, 0, b"") + b"".join(frames)
        for _ in range(rng.choice((0, 0, 1, 3))):
            data = mutate_bytes(rng, data)
        return data

    def is_answer(self, data):
        return True

    def probe(self, port):
        Http.probe(port)
        with Wire(port) as wire:
            wire.send(self.preface + self.frame(4, 0, 0, b"") + b"".join(
                self.request(random.Random(0), 1, b"/hello", b"", 0)))
            while b"Hello World" not in wire.data:
                wire._more()


PROTOCOLS = {"http": Http, "http2": Http2, "uwsgi": Uwsgi, "scgi": Scgi,
             "fastcgi": Fastcgi}


def mutate_bytes(rng, data):
    """Without looking at what they mean."""
    at = rng.randrange(len(data) + 1)
    end = min(len(data), at + rng.randint(1, 20))
    what = rng.randrange(6)
    if what == 0:
        return data[:at] + rng.choice(ODD) + data[at:]
    if what == 1:
        return data[:at] + data[end:]
    if what == 2:
        return data[:at] + data[at:end] * rng.choice((2, 3, 500)) + data[end:]
    if what == 3:
        return data[:at] + rng.randbytes(rng.randint(1, 8)) + data[at:]
    if what == 4:
        return data[:at]
    return data[:at] + bytes(byte ^ (1 << rng.randrange(8))
                             for byte in data[at:end]) + data[end:]


def cut(rng, data):
    """In one to four pieces."""
    places = sorted(rng.randrange(len(data) + 1)
                    for _ in range(rng.choice((0, 0, 1, 3))))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)])]


class Client:
    """One connection: its pieces, and how it leaves."""

    def __init__(self, port, protocol, rng):
        self.pieces = cut(rng, protocol.make(rng))
        self.leaves = rng.choice(("reads", "reads", "close", "reset", "fin"))
        self.got = b""
        self.sock = socket.socket()
        self.sock.connect(("127.0.0.1", port))
        self.sock.setblocking(False)

    def step(self, n):
        """Sends the n-th piece, and takes what has come."""
        try:
            if n < len(self.pieces):
                self.sock.send(self.pieces[n])
            self.got += self.sock.recv(65536)
        except OSError:
            pass

    def leave(self):
        try:
            if self.leaves == "reset":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
            elif self.leaves == "fin":
                self.sock.shutdown(socket.SHUT_WR)
                self.sock.settimeout(0.005)
                self.got += self.sock.recv(65536)
        except OSError:
            pass
        self.sock.close()


def play(port, protocol, rng, count):
    """A batch at once; gives it back."""
    clients = [Client(port, protocol, rng) for _ in range(count)]
    for n in range(4):
        for client in clients:
            client.step(n)
        time.sleep(0.001)
    for client in clients:
        if client.leaves == "reads":
            client.step(9)
        client.leave()
    return clients


def state(address):
    """What must be the same after each batch."""
    worker, = stats(address)["workers"]
    return worker["pid"], worker["respawn_count"]


def is_idle(address):
    worker, = stats(address)["workers"]
    return worker["connections"] == 0 and worker["busy_cores"] == 0


def files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def check(port, address, protocol, clients, before, opened):
    """The server is as it was."""
    for client in clients:
        assert protocol.is_answer(client.got), client.got[:100]
    protocol.probe(port)
    until("all connections are gone", lambda: is_idle(address))
    assert state(address) == before, (state(address), before)
    until("no file is left open", lambda: files(before[0]) <= opened)


def main():
    protocol = PROTOCOLS[sys.argv[1]]()
    port, address, count = int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    seed = sys.argv[5] if len(sys.argv) > 5 else "1"
    protocol.probe(port)
    until("all connections are gone", lambda: is_idle(address))
    before = state(address)
    opened = files(before[0])
    for done in range(0, count, BATCH):
        clients = play(port, protocol, random.Random(f"{seed}/{done}"),
                       min(BATCH, count - done))
        try:
            check(port, address, protocol, clients, before, opened)
        except Exception:
            with open("mutate-failed.txt", "w") as out:
                for client in clients:
                    print(client.pieces, client.leaves, client.got[:200],
                          file=out)
            print(f"failed: {sys.argv[1]}, seed {seed}, at {done}; what was "
                  "sent is in mutate-failed.txt", file=sys.stderr)
            raise
    print(f"{count} connections, seed {seed}: nothing found")


main()
