"""Clients and readers for the tests of the log."""
import json
import os
import random
import re
import select
import signal
import socket
import struct
import sys
import threading
import time

LIMIT = 60


def send(port, head):
    """A request of any bytes; its answer is not looked at."""
    with socket.create_connection(("127.0.0.1", int(port)), LIMIT) as s:
        s.sendall(head)
        try:
            while s.recv(65536):
                pass
        except ConnectionResetError:
            pass


def fuzz(port, count, seed):
    """Requests whose parts have any bytes that a head may have."""
    rng = random.Random(int(seed))
    for _ in range(int(count)):
        def some(low):
            return bytes(rng.choice([rng.randrange(low, 0x7f), rng.randrange(
                0x80, 0x100), 0x22, 0x5c]) for _ in range(rng.randrange(40)))
        target = some(0x21)
        if rng.randrange(4):  # not one that is refused
            target = bytes(c for c in target if c < 0x7f and c != 0x23)
        send(port, b"GET /%s HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\n"
             b"Referer: %s\r\nX-Request-ID: %s\r\nConnection: close\r\n\r\n"
             % (target, some(0x20), some(0x20), some(0x20)))


def json_lines(path, least):
    """Each line is JSON; so many are of requests."""
    with open(path, encoding="utf-8", errors="strict") as f:
        records = [json.loads(line) for line in f]
    assert all(isinstance(r, dict) for r in records)
    requests = [r for r in records if r.get("type") == "access"]
    assert len(requests) >= int(least), len(requests)
    for r in requests:
        for key, kind in (("time", str), ("request", str), ("method", str),
                          ("uri", str), ("worker", int), ("core", int),
                          ("generation", int), ("pid", int), ("status", int),
                          ("bytes", int), ("wire_bytes", int),
                          ("duration_us", int), ("switches", int),
                          ("aborted", bool), ("protocol", str), ("app", int)):
            assert type(r[key]) is kind, (key, r)


def flood(port, count, size, threads=8):
    """So many requests with a target of that size, several at a time."""
    def run(worker):
        for n in range(worker, int(count), threads):
            text = b"%06d-" % n
            text += b"x" * (int(size) - 1 - 2 * len(text)) + text
            send(port, b"GET /" + text + b" HTTP/1.1\r\nHost: a\r\n"
                 b"Connection: close\r\n\r\n")
    all_of_them = [threading.Thread(target=run, args=(i,))
                   for i in range(threads)]
    for t in all_of_them:
        t.start()
    for t in all_of_them:
        t.join()


def whole_lines(path, count, size):
    """Each of flood's requests is in one line, that has nothing else."""
    seen = set()
    with open(path) as f:
        for line in f:
            if "GET /" not in line:
                continue
            match = re.match(r"\[pid: \d+\|app: \d+\|req: \d+/\d+\] [^ ]+ \(\)"
                             r" \{\d+ vars in \d+ bytes\} \[[^]]+\] GET /"
                             r"(\d{6}-)(x+)\1 => generated \d+ bytes in \d+ "
                             r"msecs \(HTTP/1\.1 \d+\) \d+ headers in \d+ "
                             r"bytes \(\d+ switches on core \d+\)\n$", line)
            assert match, line[:200] + " ... " + line[-200:]
            assert len(match.group(1) * 2 + match.group(2)) == int(size) - 1
            seen.add(match.group(1))
    assert len(seen) == int(count), len(seen)


def journal_fields(data):
    """The fields of the journal's protocol."""
    fields = {}
    while data:
        name, data = data.split(b"\n", 1)
        if b"=" in name:
            name, value = name.split(b"=", 1)
        else:
            size, = struct.unpack("<Q", data[:8])
            value, data = data[8:8 + size], data[8 + size:]
            assert data[:1] == b"\n", data[:20]
            data = data[1:]
        fields[name.decode()] = value.decode("latin-1")
    return fields


def serve(path, out, kind):
    """Writes what comes to a datagram socket into a file, a line each."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s, \
            open(out, "a") as f:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.bind(path)
        os.chmod(path, 0o666)
        signal.signal(signal.SIGTERM, lambda *a: sys.exit())
        end = time.monotonic() + 10 * LIMIT
        while time.monotonic() < end and os.getppid() != 1:
            if not select.select([s], [], [], 0.2)[0]:
                continue
            data = s.recv(1 << 20)
            f.write((json.dumps(journal_fields(data)) if kind == "journal"
                     else data.decode("latin-1").replace("\n", "\\n")) + "\n")
            f.flush()


if __name__ == "__main__":
    {f.__name__: f for f in (fuzz, json_lines, flood, whole_lines, serve)}[
        sys.argv[1]](*sys.argv[2:])
