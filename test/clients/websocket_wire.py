"""A websocket client that sends any frames and looks at what comes back."""
import base64
import os
import socket
import ssl
import struct

from wire import PATIENCE, Ended, Wire

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = base64.b64encode(b"sixteen bytes...").decode()
# One for all: the default context reads the system's certificates each time.
UNCHECKED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
UNCHECKED.check_hostname = False
UNCHECKED.verify_mode = ssl.CERT_NONE


def frame(opcode, payload=b"", fin=True, rsv=0, mask=True, size=None):
    """A frame's bytes; size: how its length is written (None, 16 or 64)."""
    payload = payload.encode() if isinstance(payload, str) else payload
    n = len(payload)
    size = size or (0 if n < 126 else 16 if n < 65536 else 64)
    short = {0: n, 16: 126, 64: 127}[size]
    head = bytes([fin << 7 | rsv << 4 | opcode, mask << 7 | short])
    head += {0: b"", 16: struct.pack(">H", n & 0xffff),
             64: struct.pack(">Q", n)}[size]
    if not mask:
        return head + payload
    key = os.urandom(4)
    repeated = (key * (n // 4 + 1))[:n]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return head + key + masked.to_bytes(n, "big")


class Closed(Exception):
    """The server's close frame: code (None: it had none), reason."""

    def __init__(self, payload):
        self.code = int.from_bytes(payload[:2], "big") if payload else None
        self.reason = payload[2:].decode()
        super().__init__(f"{self.code} {self.reason}")


class Websocket(Wire):
    """A connection that has become a websocket; a context manager."""

    def __init__(self, port, path="/echo", headers=(), shake=True, tls=False,
                 receive_buffer=None):
        super().__init__(port, receive_buffer)
        if tls:
            self.sock = UNCHECKED.wrap_socket(self.sock)
        if not shake:
            return
        self.answer = self.shake(path, headers)
        assert self.answer.status == 101, (self.answer.status,
                                           self.answer.reason)
        assert self.answer.get("upgrade").lower() == "websocket"
        assert self.answer.get("connection").lower() == "upgrade"
        assert self.answer.get("sec-websocket-accept") == \
            "FlYPPSB53TTF16oKOkJqU84hNz0="

    def ask(self, path="/echo", headers=(), drop=(), method="GET"):
        """Sends a request for a websocket."""
        fields = {"Host": "test", "Upgrade": "websocket",
                  "Connection": "keep-alive, Upgrade",
                  "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}
        fields.update(headers)
        self.send(f"{method} {path} HTTP/1.1\r\n".encode() + "".join(
            f"{name}: {value}\r\n" for name, value in fields.items()
            if name not in drop and value is not None).encode() + b"\r\n")

    def shake(self, path="/echo", headers=()):
        self.ask(path, headers)
        return self.head()

    def put(self, opcode, payload=b"", **how):
        self.send(frame(opcode, payload, **how))

    def frame(self):
        """The next frame as (fin, rsv, opcode, payload)."""
        first, second = self.take(2)
        assert second < 128, "the server masks"
        length = second
        if second == 126:
            length, = struct.unpack(">H", self.take(2))
            assert length > 125, length
        elif second == 127:
            length, = struct.unpack(">Q", self.take(8))
            assert length > 65535, length
        return (first >> 7, first >> 4 & 7, first & 15, self.take(length))

    def get_message(self):
        """The next message's opcode and bytes; Closed at a close frame."""
        fin, rsv, opcode, payload = self.frame()
        assert fin and not rsv, (fin, rsv, opcode)
        if opcode == CLOSE:
            raise Closed(payload)
        return opcode, payload

    def text(self):
        opcode, payload = self.get_message()
        assert opcode == TEXT, opcode
        return payload.decode()

    def closed(self):
        """The server's close frame, once everything before it is read."""
        try:
            while True:
                self.get_message()
        except Closed as closed:
            return closed

    def ends(self):
        """Nothing more comes, and the connection ends."""
        try:
            self.take(1)
        except Ended as ended:
            assert not ended.data, ended.data
            return True
        return False

    def pause(self, seconds):
        self.sock.settimeout(seconds)
        try:
            return self.frame()
        except (socket.timeout, ssl.SSLWantReadError):
            return None
        finally:
            self.sock.settimeout(PATIENCE)
