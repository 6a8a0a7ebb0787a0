"""An HTTP/2 client that sends any frames and looks at what comes back.

Requests' heads are written as HPACK literals, so that anything can be said;
those of responses are read with Debian's python3-hpack.
"""
import os
import socket
import ssl
import struct

from hpack import Decoder

from wire import PATIENCE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY,
 WINDOW_UPDATE, CONTINUATION) = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 32
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR,
 SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL,
 COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)
WINDOW, MAX_STREAMS, HEADER_TABLE = 4, 3, 1


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """One frame; length: what it says of itself."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + struct.pack(
        ">BBI", kind, flags, stream) + payload


def number(value, bits, first):
    """An integer of HPACK (RFC 7541 5.1)."""
    top = (1 << bits) - 1
    if value < top:
        return bytes([first | value])
    out, value = [first | top], value - top
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def block(fields):
    """A header block of literals without indexing."""
    out = b""
    for name, value in fields:
        name = name if isinstance(name, bytes) else name.encode()
        value = value if isinstance(value, bytes) else value.encode()
        out += (b"\0" + number(len(name), 7, 0) + name
                + number(len(value), 7, 0) + value)
    return out


def head(path="/hello", method="GET", more=(), **pseudo):
    """Fields of a request; pseudo: others, or None for none."""
    fields = {"method": method, "scheme": "http", "authority": "test",
              "path": path}
    fields.update(pseudo)
    return [(":" + name, value) for name, value in fields.items()
            if value is not None] + list(more)


class Ended(Exception):
    """The connection is over."""


class Stream:
    """What has come of one."""

    def __init__(self):
        self.heads = []
        self.body = b""
        self.ended = False
        self.reset = None           # the error's number

    @property
    def fields(self):
        return dict(self.heads[-1])

    @property
    def status(self):
        return int(self.fields[":status"]) if self.heads else None


class H2:
    """
    A connection; a context manager. window: of its streams. Over TLS, if
    H2_TLS is set.
    """

    def __init__(self, port, window=None, greet=True, settings=(),
                 buffer=None):
        self.sock = socket.socket()
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(("127.0.0.1", int(port)))
        if os.environ.get("H2_TLS"):
            context = ssl._create_unverified_context()
            context.set_alpn_protocols(["h2"])
            self.sock = context.wrap_socket(self.sock)
            assert self.sock.selected_alpn_protocol() == "h2"
        self.data = b""
        self.decoder = Decoder()
        self.decoder.max_header_list_size = 1 << 24
        self.fragments = b""        # of a head that is in pieces
        self.streams = {}
        self.goaways = []           # (last stream, error)
        self.pongs = []
        self.settings = {}
        self.updates = {}           # stream -> what its windows grew by
        self.acked = 0
        self.next = 1
        self.uploaded = 0
        self.credit = True          # WINDOW_UPDATE for what comes
        if greet:
            settings = dict(settings)
            if window is not None:
                settings[WINDOW] = window
            self.send(PREFACE + frame(SETTINGS, payload=b"".join(
                struct.pack(">HI", *item) for item in settings.items())))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def frame(self, *args, **more):
        self.send(frame(*args, **more))

    def request(self, path="/hello", body=None, end=True, **more):
        """Begins a request; its stream's number."""
        stream, self.next = self.next, self.next + 2
        self.head(stream, head(path, **more), body is None and end)
        if body is not None:
            self.frame(DATA, END_STREAM if end else 0, stream, body)
        return stream

    def head(self, stream, fields, end=True):
        self.frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream,
                   block(fields))

    def stream(self, number):
        return self.streams.setdefault(number, Stream())

    def _take(self, size):
        while len(self.data) < size:
            try:
                more = self.sock.recv(65536)
            except (ConnectionError, ssl.SSLError):
                more = b""
            if not more:
                raise Ended(f"GOAWAYs: {self.goaways}")
            self.data += more
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def read(self):
        """One frame: its type, flags, stream and payload."""
        start = self._take(9)
        size = int.from_bytes(start[:3], "big")
        kind, flags = start[3], start[4]
        stream = int.from_bytes(start[5:], "big") & 0x7fffffff
        payload = self._take(size)
        assert size <= 16384, size
        self._look(kind, flags, stream, payload)
        return kind, flags, stream, payload

    def _reply(self, data):
        """Says what a frame wants; the server may have left meanwhile."""
        try:
            self.send(data)
        except ConnectionError:
            pass        # what it has sent before can still be read

    def _look(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                key, value = struct.unpack_from(">HI", payload, at)
                self.settings[key] = value
            self._reply(frame(SETTINGS, ACK))
        elif kind == SETTINGS:
            self.acked += 1
        elif kind == PING and flags & ACK:
            self.pongs.append(payload)
        elif kind == GOAWAY:
            self.goaways.append(struct.unpack_from(">II", payload))
        elif kind == WINDOW_UPDATE:
            self.updates[stream] = self.updates.get(stream, 0) + \
                int.from_bytes(payload, "big")
        elif kind == RST_STREAM:
            self.stream(stream).reset = int.from_bytes(payload, "big")
        elif kind == HEADERS:
            self.stream(stream).ended |= bool(flags & END_STREAM)
            self._head(stream, flags, payload)
        elif kind == CONTINUATION:
            self._head(stream, flags, payload)
        elif kind == DATA:
            got = self.stream(stream)
            assert not got.ended, "DATA behind the end"
            got.body += payload
            got.ended |= bool(flags & END_STREAM)
            if payload and self.credit:
                grow = struct.pack(">I", len(payload))
                self._reply(frame(WINDOW_UPDATE, 0, 0, grow) + (
                    b"" if got.ended
                    else frame(WINDOW_UPDATE, 0, stream, grow)))

    def _head(self, stream, flags, payload):
        self.fragments += payload
        if flags & END_HEADERS:
            fragments, self.fragments = self.fragments, b""
            self.stream(stream).heads.append(self.decoder.decode(fragments))

    def until(self, condition):
        """Reads frames until that is so; its value."""
        while True:
            value = condition()
            if value:
                return value
            self.read()

    def response(self, number):
        """Reads until this stream is over."""
        stream = self.stream(number)
        self.until(lambda: stream.ended or stream.reset is not None)
        return stream

    def get(self, *args, **more):
        return self.response(self.request(*args, **more))

    def ping(self, payload=b"12345678"):
        """Everything before it has been looked at."""
        count = len(self.pongs)
        self.frame(PING, 0, 0, payload)
        self.until(lambda: len(self.pongs) > count)

    def upload(self, number, body, piece=16384):
        """Sends a body as far as windows and the server let it."""
        sent = 0
        stream = self.stream(number)
        while sent < len(body) and stream.reset is None:
            room = min(65535 + self.updates.get(number, 0) - sent,
                       65535 + self.updates.get(0, 0) - self.uploaded, piece)
            if room <= 0:
                self.read()
                continue
            part = body[sent:sent + room]
            sent += len(part)
            self.uploaded += len(part)
            self.frame(DATA, END_STREAM if sent == len(body) else 0, number,
                       part)
        return sent

    def ends(self):
        """Reads until the connection's end: the last GOAWAY's error."""
        try:
            while True:
                self.read()
        except Ended:
            return self.goaways[-1][1] if self.goaways else None
