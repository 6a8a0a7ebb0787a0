"""Websockets by hand, for the compatibility run: what the client sees."""
import base64
import hashlib
import os
import socket
import struct

KEY = base64.b64encode(b"sixteen bytes...").decode()
ACCEPT = base64.b64encode(hashlib.sha1(
    (KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
TEXT, BINARY, CLOSE, PING, PONG, CONT = 1, 2, 8, 9, 10, 0


class Client:
    """One connection."""

    def __init__(self, port, path, headers=()):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}",
                 "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13",
                 *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.file = self.socket.makefile("rb")
        self.status = self.file.readline().decode().strip()
        self.headers = {}
        while line := self.file.readline().decode().strip():
            key, _, value = line.partition(":")
            self.headers[key.lower()] = value.strip()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()
        self.socket.close()

    def send(self, kind, data=b"", final=True, masked=True):
        """A frame."""
        head = bytes([(0x80 if final else 0) | kind])
        bit = 0x80 if masked else 0
        if len(data) < 126:
            head += bytes([bit | len(data)])
        elif len(data) < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", len(data))
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", len(data))
        if masked:
            mask = os.urandom(4)
            head += mask
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.socket.sendall(head + data)

    def receive(self):
        """The next frame that is no ping: (kind, data), or how it ended."""
        while True:
            try:
                head = self.file.read(2)
                if len(head) < 2:
                    return "closed"
                size = head[1] & 127
                if size == 126:
                    size = struct.unpack(">H", self.file.read(2))[0]
                elif size == 127:
                    size = struct.unpack(">Q", self.file.read(8))[0]
                data = self.file.read(size)
            except ConnectionError:
                return "closed"
            except TimeoutError:
                return "nothing"
            if head[0] & 15 != PING:
                return head[0] & 15, data


def told(port, *frames, path="/page.websocket"):
    """Sends frames; what comes back after each."""
    with Client(port, path) as client:
        result = []
        for frame in frames:
            client.send(*frame)
            if len(frame) < 3 or frame[2]:
                result.append(client.receive())
        return result


def handshake(port):
    """The status's number, and the headers that the standard names."""
    with Client(port, "/page.websocket", ["Origin: http://here"]) as client:
        return [client.status.split()[1],
                client.headers.get("upgrade", "").lower(),
                client.headers.get("connection", "").lower(),
                client.headers.get("sec-websocket-accept") == ACCEPT]


def reason(port):
    """The status line's words."""
    with Client(port, "/page.websocket") as client:
        return client.status


def origin(port):
    """Is the origin told back?"""
    with Client(port, "/page.websocket", ["Origin: http://here"]) as client:
        return client.headers.get("sec-websocket-origin", "absent")


def protocols(port):
    """Which of two protocols is chosen?"""
    with Client(port, "/page.websocket",
                ["Sec-WebSocket-Protocol: one, two"]) as client:
        return client.headers.get("sec-websocket-protocol", "absent")


CHECKS = {
    "websocket_handshake": handshake,
    "websocket_handshake.reason": reason,
    "websocket_handshake.origin": origin,
    "websocket_handshake.protocols": protocols,
    "websocket_recv": lambda port: told(port, (TEXT, b"hello"),
                                        (TEXT, "grün".encode())),
    "websocket_recv.binary": lambda port: told(port, (BINARY, b"\1\2")),
    "websocket_recv.long": lambda port: [
        len(answer[1]) for answer in told(port, (TEXT, b"x" * 200),
                                          (TEXT, b"y" * 70000))],
    "websocket_recv.empty": lambda port: told(port, (TEXT, b"")),
    "websocket_recv.fragments": lambda port: told(
        port, (TEXT, b"one ", False), (CONT, b"two")),
    "websocket_recv.unmasked": lambda port: told(
        port, (TEXT, b"plain", True, False)),
    "websocket_recv.utf8": lambda port: told(port, (TEXT, b"\xff\xfe")),
    "websocket_recv.ping": lambda port: told(port, (PING, b"payload")),
    "websocket_recv.close": lambda port: told(
        port, (CLOSE, struct.pack(">H", 1000) + b"bye")),
    "websocket_send_binary": lambda port: told(port, (TEXT, b"binary")),
    "websocket_recv_nb": lambda port: told(port, (TEXT, b"nothing")),
    "websocket_recv_nb.waits": lambda port: told(
        port, (TEXT, b"later"), path="/page.websocket_bare"),
    "websocket.return": lambda port: told(port, (TEXT, b"return")),
}
