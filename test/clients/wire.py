"""An HTTP/1.1 client that sends any bytes and looks at what comes back.

The tests' clients are built on it. It trusts nothing: what a response says of
its own length must be so. Only the standard library is used.
"""
import json
import os
import signal
import socket
import sys
import threading
import time

# Generous, since a machine may be slow and a server full of checks.
PATIENCE = float(os.environ.get("TEST_PATIENCE", "60"))
HOST = b"Host: test\r\n"


class Ended(Exception):
    """The server ended the connection; what had come is in data."""

    def __init__(self, data):
        super().__init__(f"the connection ended after {data[:200]!r}")
        self.data = data


class Response:
    """One response: status, reason, headers (lower case names), body."""

    def __init__(self, line, fields):
        version, status, self.reason = (line + " ").split(" ", 2)
        self.version, self.status = version, int(status)
        self.reason = self.reason.strip()
        self.fields = fields
        self.body = b""
        self.chunks = None          # their sizes, when it was chunked

    def get(self, name):
        """A header's value, None when it is not there; never twice."""
        values = [value for key, value in self.fields if key == name]
        assert len(values) < 2, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def closes(self):
        return "close" in (self.get("connection") or "").lower()

    def json(self):
        return json.loads(self.body)


class Wire:
    """A connection; a context manager."""

    def __init__(self, port, receive_buffer=None, source=None):
        self.data = b""
        if str(port).startswith("/"):
            self.sock = socket.socket(socket.AF_UNIX)
            address = str(port)
        else:
            self.sock = socket.socket(socket.AF_INET)
            address = ("127.0.0.1", int(port))
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                 receive_buffer)
        self.sock.settimeout(PATIENCE)
        if source:
            self.sock.bind((source, 0))
        self.sock.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def drip(self, data, pause, size=1):
        """Sends size bytes at a time, with pauses."""
        for at in range(0, len(data), size):
            self.send(data[at:at + size])
            time.sleep(pause)

    def get(self, path, extra=b"", method=b"GET"):
        """Sends a request without a body and reads the response."""
        self.send(method + b" " + path.encode("latin-1") + b" HTTP/1.1\r\n"
                  + HOST + extra + b"\r\n")
        return self.response(method)

    def post(self, path, body, extra=b""):
        self.send(b"POST " + path.encode("latin-1") + b" HTTP/1.1\r\n" + HOST
                  + b"Content-Length: %d\r\n" % len(body) + extra + b"\r\n"
                  + body)
        return self.response()

    def _piece(self):
        """What comes next; nothing at the end."""
        try:
            return self.sock.recv(262144)
        except ConnectionResetError:
            return b""

    def _more(self):
        piece = self._piece()
        if not piece:
            raise Ended(self.data)
        self.data += piece

    def line(self):
        while b"\r\n" not in self.data:
            self._more()
        line, self.data = self.data.split(b"\r\n", 1)
        assert b"\n" not in line and b"\r" not in line, line
        return line.decode("latin-1")

    def take(self, size):
        if len(self.data) < size:       # much may be missing, in many pieces
            gathered = bytearray(self.data)
            while len(gathered) < size:
                piece = self._piece()
                if not piece:
                    self.data = bytes(gathered)
                    raise Ended(self.data)
                gathered += piece
            self.data = bytes(gathered)
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def head(self):
        """The next head, as a Response without body."""
        response_line, fields = self.line(), []
        assert response_line.startswith("HTTP/1.1 "), response_line
        while True:
            line = self.line()
            if not line:
                return Response(response_line, fields)
            name, value = line.split(":", 1)
            assert name == name.strip() and name, repr(line)
            fields.append((name.lower(), value.strip()))

    def response(self, method=b"GET"):
        """The next final response, with its body by its own framing."""
        response = self.head()
        while response.status < 200:
            response = self.head()
        length = response.get("content-length")
        coding = response.get("transfer-encoding")
        assert length is None or coding is None, response.fields
        if method == b"HEAD" or response.status in (204, 304):
            return response
        if coding is not None:
            assert coding == "chunked", coding
            self._chunked(response)
        elif length is not None:
            response.body = self.take(int(length))
        else:
            response.body = self.rest()
        return response

    def _chunked(self, response):
        response.chunks, parts = [], []
        while True:
            size = int(self.line().split(";")[0], 16)
            if size == 0:
                break
            parts.append(self.take(size))
            assert self.take(2) == b"\r\n"
            response.chunks.append(size)
        while self.line():          # trailers
            pass
        response.body = b"".join(parts)

    def rest(self):
        """Everything up to the end of the connection."""
        parts = [self.data]
        self.data = b""
        while True:
            piece = self._piece()
            if not piece:
                break
            parts.append(piece)
        return b"".join(parts)

    def expect_end(self):
        """The server closes now, and sends nothing more."""
        left = self.rest()
        assert left == b"", f"more came before the end: {left[:300]!r}"

    def is_open(self, seconds=0.3):
        """Is nothing said and the connection still there after a while?"""
        self.sock.settimeout(seconds)
        try:
            self.data += self.sock.recv(1, socket.MSG_PEEK)
            return False
        except socket.timeout:
            return True
        finally:
            self.sock.settimeout(PATIENCE)


def get(port, path, extra=b"", method=b"GET"):
    """One request on a connection of its own."""
    with Wire(port) as wire:
        return wire.get(path, extra, method)


def text(port, path):
    """What is answered."""
    response = get(port, path)
    assert response.status == 200, (path, response.status, response.body)
    return response.body.decode()


def ask(port, path):
    """Sends a request; the connection."""
    wire = Wire(port)
    wire.send(b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    return wire


def stats(address):
    """The server's state, from its stats socket."""
    with Wire(address) as wire:
        wire.sock.shutdown(socket.SHUT_WR)  # nothing to wait for
        return json.loads(wire.rest())


def chunked(data, size=1000, trailers=b""):
    """The data in chunks."""
    parts = []
    for at in range(0, len(data), size):
        piece = data[at:at + size]
        parts.append(b"%x\r\n" % len(piece) + piece + b"\r\n")
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"


def until(what, condition, seconds=PATIENCE):
    """Polls until a condition is true; its value."""
    end, pause = time.monotonic() + seconds, 0.002
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"did not come to pass: {what}"
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


def killing(pid, client, seconds, is_enough):
    """Clients of a server whose workers are killed; how many were.

    pid() asks for a worker's; client(over, n), of which there are 4, asks for
    something until over is set; is_enough() tells whether they got anything.
    """
    over, kills, begun = threading.Event(), 0, time.monotonic()
    clients = [threading.Thread(target=client, args=(over, n))
               for n in range(4)]
    for thread in clients:
        thread.start()
    # A busy machine has longer for what must have been killed at least.
    while ((took := time.monotonic() - begun) < seconds
           or kills < 3 and took < 60):
        time.sleep(0.15)
        try:
            os.kill(int(pid()), signal.SIGKILL)
            kills += 1
        except (Ended, OSError, AssertionError):
            pass
    until("an answer", is_enough)
    over.set()
    for thread in clients:
        thread.join()
    assert kills >= 3, kills
    return kills


def notes():
    """The lines that an app has written into the file $NOTES."""
    try:
        with open(os.environ.get("NOTES", "/dev/null")) as lines:
            return lines.read().splitlines()
    except FileNotFoundError:
        return []


def run(checks):
    """Runs the checks that the command line names: CHECK PORT [ARGUMENT...].

    Several are divided by "--". checks is the caller's globals(); a check is a
    function whose first parameter is the port. What it returns is printed.
    """
    words = sys.argv[1:]
    while words:
        end = words.index("--") if "--" in words else len(words)
        result = checks[words[0].replace("-", "_")](*words[1:end])
        if result is not None:
            print(result)
        del words[:end + 1]
