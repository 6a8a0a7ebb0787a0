#!/usr/bin/python3
"""The client of bench/edge for what wrk cannot do; prints one JSON line.

    edge_client.py fetch URL SECONDS CONNECTIONS BYTES
        fetches a large file again and again, over connections that are kept
        where the server does; an answer is right with 200 and BYTES bytes
    edge_client.py handshakes URL SECONDS full|resumed
        a connection, a TLS handshake, a request and its answer, one after the
        other; resumed: each with the session of the one before it
"""
import json
import socket
import ssl
import sys
import threading
import time
from urllib.parse import urlsplit

PIECE = 256 * 1024
TIMEOUT = 20


def unverified():
    """TLS as a browser that does not look at the certificate speaks it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Connection:
    """One connection to a URL's server, with or without TLS."""

    def __init__(self, url, context=None, session=None):
        parts = urlsplit(url)
        self.request = (f"GET {parts.path or '/'} HTTP/1.1\r\n"
                        f"Host: {parts.hostname}\r\n\r\n").encode()
        self.sock = socket.create_connection((parts.hostname, parts.port),
                                             timeout=TIMEOUT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            self.sock = (context or unverified()).wrap_socket(
                self.sock, server_hostname="localhost", session=session)

    def head(self):
        """Asks; (status, length, what came of the body with the head)."""
        self.sock.sendall(self.request)
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(16384)
            if not piece:
                raise OSError("closed before the end of the head")
            data += piece
        head, rest = data.split(b"\r\n\r\n", 1)
        lines = head.split(b"\r\n")
        length = [line.split(b":")[1] for line in lines
                  if line.lower().startswith(b"content-length:")]
        if not length:
            raise OSError("no Content-Length")
        self.closes = any(line.lower() == b"connection: close"
                          for line in lines)
        return int(lines[0].split()[1]), int(length[0]), rest

    def body(self, left, buffer):
        """Reads so many bytes; what is missing in the end."""
        view = memoryview(buffer)
        while left > 0:
            got = self.sock.recv_into(view, min(left, len(buffer)))
            if not got:
                break
            left -= got
        return left

    def close(self):
        self.sock.close()


def fetch_one(connection, wanted, buffer, count):
    """One file; its bytes are counted as they come."""
    status, length, rest = connection.head()
    missing = connection.body(length - len(rest), buffer)
    count["bytes"] += length - missing
    if status != 200 or length != wanted or missing:
        raise OSError(f"status {status}, {length - missing} of {wanted}")
    count["requests"] += 1


def fetch_many(url, end, wanted, count):
    """A thread: the file until the time is over."""
    connection, buffer, context = None, bytearray(PIECE), unverified()
    while time.monotonic() < end:
        try:
            connection = connection or Connection(url, context)
            fetch_one(connection, wanted, buffer, count)
            if connection.closes:
                connection = connection.close()
        except (OSError, ValueError) as error:
            count["failed"] += 1
            count["why"] = str(error)
            connection = connection and connection.close()
            time.sleep(0.01)


def fetch(url, seconds, connections, wanted):
    wanted, begin = int(wanted), time.monotonic()
    counts = [{"requests": 0, "failed": 0, "bytes": 0, "why": ""}
              for _ in range(int(connections))]
    threads = [threading.Thread(target=fetch_many, args=(
        url, begin + float(seconds), wanted, count)) for count in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"requests": sum(count["requests"] for count in counts),
            "failed": sum(count["failed"] for count in counts),
            "bytes": sum(count["bytes"] for count in counts),
            "why": " ".join(sorted({count["why"] for count in counts})),
            "seconds": time.monotonic() - begin}


def handshakes(url, seconds, kind):
    """TLS 1.3's tickets come with the answer: so one is asked for."""
    context, session, begin = unverified(), None, time.monotonic()
    got = {"requests": 0, "failed": 0, "bytes": 0, "resumed": 0, "why": ""}
    end = begin + float(seconds)
    while time.monotonic() < end:
        try:
            connection = Connection(url, context, session)
            status, length, rest = connection.head()
            missing = connection.body(length - len(rest), bytearray(length))
            if status != 200 or missing:
                raise OSError(f"status {status}, {missing} bytes missing")
            got["requests"] += 1
            got["resumed"] += connection.sock.session_reused
            if kind == "resumed":
                session = connection.sock.session
            connection.close()
        except (OSError, ValueError) as error:
            got["failed"] += 1
            got["why"] = str(error)
            session = None
            time.sleep(0.01)
    # The first one has no session to resume.
    if kind == "resumed" and got["resumed"] < got["requests"] - 1:
        got["failed"] += got["requests"] - 1 - got["resumed"]
        got["why"] += " not resumed"
    return {**got, "seconds": time.monotonic() - begin}


def main():
    commands = {"fetch": fetch, "handshakes": handshakes}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    print(json.dumps(commands[sys.argv[1]](*sys.argv[2:])))


if __name__ == "__main__":
    main()
