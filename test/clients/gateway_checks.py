#!/usr/bin/env python3
"""Checks a server behind a real nginx, and one that is asked directly.

gateway_checks.py CHECK PORT [ARGUMENT...]: where PORT is nginx's, the virtual
hosts that are to be asked follow: their names are in the configuration that
gateway.bats makes.
"""
import array
import functools
import hashlib
import http.client
import json
import os
import socket
import struct
import threading
import time

import wire

PATIENCE = float(os.environ.get("TEST_PATIENCE", "60"))
BIG = 20_000_000


@functools.lru_cache(4)
def pattern(size):
    return array.array("Q", range(size // 8 + 1)).tobytes()[:size]


def digest(data):
    return f"{len(data)} {hashlib.sha256(data).hexdigest()}".encode()


def ask(port, host, target, method="GET", body=None, headers=()):
    """One request through nginx: the response, and its body."""
    conn = http.client.HTTPConnection("127.0.0.1", int(port), PATIENCE)
    try:
        conn.request(method, target, body, {"Host": host, **dict(headers)})
        response = conn.getresponse()
        return response, response.read()
    finally:
        conn.close()


def requests(port, *hosts):
    """All methods, statuses and headers."""
    for host in hosts:
        response, body = ask(port, host, "/")
        assert (response.status, body) == (200, b"Hello\n"), (host, body)
        assert response.getheader("Content-Length") == "6", host
        assert response.getheader("Date"), host
        response, body = ask(port, host, "/", "HEAD")
        assert response.status == 200 and body == b"", host
        assert response.getheader("Content-Length") == "6", host
        response, body = ask(port, host, "/none")
        assert (response.status, body) == (204, b""), host
        response, body = ask(port, host, "/upload", "POST", b"hello")
        assert body == digest(b"hello"), (host, body)
        response, body = ask(port, host, "/upload", "PUT", b"")
        assert body == digest(b""), (host, body)
        response, body = ask(port, host, "/raises")
        assert response.status == 500, (host, response.status)
        response, body = ask(port, host, "/nothing/such", "DELETE")
        assert response.status == 200, host


def variables(port, *hosts):
    """The environ says what nginx says."""
    for host in hosts:
        headers = {"X-Two": "1", "Cookie": "a=b", "Content-Type": "text/x",
                   "Proxy": "evil", "X-Under_score": "1"}
        _, body = ask(port, host, "/a%20b%2fc/vars?q=%20&r", "POST", b"abc",
                      headers)
        env = json.loads(body)
        want = {"REQUEST_METHOD": "POST", "PATH_INFO": "/a b/c/vars",
                "QUERY_STRING": "q=%20&r", "CONTENT_LENGTH": "3",
                "REQUEST_URI": "/a%20b%2fc/vars?q=%20&r",
                "CONTENT_TYPE": "text/x", "SERVER_PROTOCOL": "HTTP/1.1",
                "REMOTE_ADDR": "127.0.0.1", "SERVER_PORT": port,
                "HTTP_HOST": host, "HTTP_X_TWO": "1", "HTTP_COOKIE": "a=b",
                "SCRIPT_NAME": "", "REQUEST_SCHEME": "http",
                "wsgi.url_scheme": "http", "wsgi.input": "<Input>",
                "X_OF_NGINX": "its own", "REMOTE_USER": "somebody",
                "SERVER_NAME": host}
        for name, value in want.items():
            assert env.get(name) == value, (host, name, env.get(name), env)
        assert 0 < int(env["REMOTE_PORT"]) < 65536, host
        for name in ("HTTP_PROXY", "HTTP_CONTENT_LENGTH",
                     "HTTP_CONTENT_TYPE", "HTTP_X_UNDER_SCORE"):
            assert name not in env, (host, name)


def mounts(port, *hosts):
    """SCRIPT_NAME of a mount, and of nginx."""
    for host in hosts:
        _, body = ask(port, host, "/mounted/vars")
        env = json.loads(body)
        assert (env["SCRIPT_NAME"], env["PATH_INFO"]) == \
            ("/mounted", "/vars"), (host, env)
        _, body = ask(port, host, "/stripped/vars")
        env = json.loads(body)
        assert (env["SCRIPT_NAME"], env["PATH_INFO"]) == \
            ("/stripped", "/vars"), (host, env)
        assert env["REQUEST_URI"] == "/stripped/vars", (host, env)


def https(port, *hosts):
    """What nginx says of the scheme."""
    for host in hosts:
        for path, scheme in (("/tls/vars", "https"), ("/vars", "http")):
            _, body = ask(port, host, path)
            env = json.loads(body)
            assert env["wsgi.url_scheme"] == scheme, (host, path, env)


def everything_of(port, file, *hosts):
    """What every engine is asked."""
    requests(port, *hosts)
    variables(port, *hosts)
    mounts(port, *hosts)
    https(port, *hosts)
    sizes(port, *hosts)
    together(port, *hosts)
    files(port, file, *hosts)


def bodies(port, *hosts):
    """20 MB in both directions, byte by byte; and chunked."""
    data = pattern(BIG)
    want = digest(data)
    for host in hosts:
        _, body = ask(port, host, "/upload", "POST", data)
        assert body == want, (host, body)
        _, body = ask(port, host, "/upload", "POST",
                      (data[i:i + 65536] for i in range(0, BIG, 65536)))
        assert body == want, (host, body)
        for path in ("/whole", "/pieces"):
            _, body = ask(port, host, f"{path}?{BIG}")
            assert body == data, (host, path, len(body))


def files(port, path, *hosts):
    """What sendfile(2) sends."""
    with open(path, "rb") as file:
        data = file.read()
    for host in hosts:
        _, body = ask(port, host, f"/file?{path}")
        assert body == data, (host, len(body))


def sizes(port, *hosts):
    """Around what a record, a packet and a buffer hold."""
    for host in hosts:
        for size in (1, 16385, 65535 - 140, 65535, 65536, 200000):
            data = pattern(size)
            for path in ("/whole", "/pieces"):
                _, body = ask(port, host, f"{path}?{size}")
                assert body == data, (host, path, size, len(body))
            _, body = ask(port, host, "/upload", "POST", data)
            assert body == digest(data), (host, size, body)


def together(port, *hosts):
    """Many at once, on connections that are kept."""
    errors = []

    def client(host, number):
        conn = http.client.HTTPConnection("127.0.0.1", int(port), PATIENCE)
        try:
            for turn in range(5):
                data = b"%d %d" % (number, turn)
                conn.request("POST", "/upload", data, {"Host": host})
                body = conn.getresponse().read()
                if body != digest(data):
                    errors.append((host, number, turn, body))
        except Exception as error:
            errors.append((host, number, repr(error)))

    threads = [threading.Thread(target=client, args=(host, number))
               for host in hosts for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[:3]


def piecemeal(port, folder, *hosts):
    """A piece is there before the next one is made."""
    for host in hosts:
        path = os.path.join(folder, f"{host}.go")
        conn = http.client.HTTPConnection("127.0.0.1", int(port), PATIENCE)
        conn.request("GET", f"/slowly?{path}", headers={"Host": host})
        response = conn.getresponse()
        assert response.readline() == b"first\n", host
        open(path, "w").close()
        assert response.read() == b"second\n", host
        conn.close()


def cut(port, target, *hosts):
    """A response that was cut off can be told from a whole one."""
    for host in hosts:
        try:
            response, body = ask(port, host, target)
        except (http.client.HTTPException, ConnectionError):
            continue
        assert response.status == 502, (host, response.status, body)


def leave(port, notes, *hosts):
    """The client leaves, nginx too, and the request learns of it."""
    for host in hosts:
        with open(notes, "w"):
            pass
        sock = socket.create_connection(("127.0.0.1", int(port)), PATIENCE)
        sock.sendall(b"GET /waits HTTP/1.1\r\nHost: %s\r\n\r\n"
                     % host.encode())
        wait_note(notes, ["waits"])
        sock.close()
        wait_note(notes, ["waits", "gone"])


def wait_note(notes, want):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with open(notes) as file:
            if file.read().split() == want:
                return
        time.sleep(0.02)
    raise AssertionError(f"{notes} never became {want}")


def until(port, enough, *hosts):
    """Requests until a file is there; every one is answered."""
    errors, count = [], []

    def client(host):
        while not os.path.exists(enough):
            try:
                response, body = ask(port, host, "/sleeps?0.01")
                if (response.status, body) != (200, b"slept\n"):
                    errors.append((host, response.status, body))
            except Exception as error:
                errors.append((host, repr(error)))
            count.append(1)

    threads = [threading.Thread(target=client, args=(host,))
               for host in hosts for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, (len(errors), len(count), errors[:3])
    print(len(count))


def status(port, want, target, *hosts):
    """This status comes."""
    for host in hosts:
        response, body = ask(port, host, target)
        assert response.status == int(want), (host, response.status, body)


def too_large(port, *hosts):
    """limit-post."""
    for host in hosts:
        response, _ = ask(port, host, "/upload", "POST", b"x" * 20001)
        assert response.status == 413, (host, response.status)


def reused(port, stats, *hosts):
    """One connection carries one request after the other."""
    ask(port, hosts[0], "/")
    before = accepted(stats)
    for _ in range(20):
        for host in hosts:
            _, body = ask(port, host, "/pieces?100000")
            assert body == pattern(100000), host
    after = accepted(stats)
    assert after - before <= 1, (before, after)


def accepted(stats):
    with socket.create_connection(("127.0.0.1", int(stats)), PATIENCE) as s:
        data = b""
        while more := s.recv(65536):
            data += more
    return sum(worker["accepted"] for worker in json.loads(data)["workers"])


# Directly.

USUAL = [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/vars"),
         ("PATH_INFO", "/vars"), ("QUERY_STRING", ""),
         ("SERVER_PROTOCOL", "HTTP/1.1"), ("HTTP_HOST", "direct")]


def uwsgi(pairs, body=b"", modifier1=0, modifier2=0):
    data = b""
    for pair in pairs:
        for text in pair:
            text = text.encode("latin-1")
            data += struct.pack("<H", len(text)) + text
    return struct.pack("<BHB", modifier1, len(data), modifier2) + data + body


def scgi(pairs, body=b""):
    pairs = [("CONTENT_LENGTH", str(len(body))), ("SCGI", "1"), *pairs]
    data = b"".join(text.encode("latin-1") + b"\0"
                    for pair in pairs for text in pair)
    return b"%d:%s,%s" % (len(data), data, body)


def record(kind, number, content=b"", padding=0):
    return struct.pack(">BBHHBB", 1, kind, number, len(content), padding,
                       0) + content + b"p" * padding


def fcgi(pairs, body=b"", number=1, keep=0, cut=65535, role=1):
    data = b""
    for pair in pairs:
        for text in pair:
            size = len(text)
            data += bytes([size]) if size < 128 else \
                struct.pack(">I", size | 1 << 31)
        for text in pair:
            data += text.encode("latin-1")
    out = record(1, number, struct.pack(">HB5x", role, keep))
    for at in range(0, len(data), cut):
        out += record(4, number, data[at:at + cut], cut % 7)
    out += record(4, number)
    for at in range(0, len(body), cut):
        out += record(5, number, body[at:at + cut], cut % 5)
    return out + record(5, number)


MAKERS = {"uwsgi": uwsgi, "scgi": scgi, "fastcgi": fcgi}


def connect(port):
    if str(port).startswith("/"):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(port)
        sock.settimeout(PATIENCE)
        return sock
    return socket.create_connection(("127.0.0.1", int(port)), PATIENCE)


def everything(sock):
    """All bytes up to the end."""
    data = bytearray()
    try:
        while more := sock.recv(65536):
            data += more
    except ConnectionResetError:
        pass
    return bytes(data)


def records(sock, number=None):
    """Records up to END_REQUEST: [(type, id, content)]; the connection's end
    is no END_REQUEST."""
    found, data = [], bytearray()
    while True:
        while len(data) >= 8:
            version, kind, id_, size, padding, _ = struct.unpack(
                ">BBHHBB", data[:8])
            assert version == 1, data[:100]
            if len(data) < 8 + size + padding:
                break
            found.append((kind, id_, bytes(data[8:8 + size])))
            del data[:8 + size + padding]
            if kind == 3 and number in (None, id_):
                assert data == b"", data
                return found
        more = sock.recv(65536)
        if not more:
            return found
        data += more


def stdout(found, number=1):
    """The response in records, which are as they must be."""
    assert found[-1] == (3, number, bytes(8)), found[-1]
    assert found[-2] == (6, number, b""), found[-2]
    assert all(kind == 6 and id_ == number and content
               for kind, id_, content in found[:-2]), found[:3]
    return b"".join(content for _, _, content in found[:-2])


def answer(protocol, port, data):
    """What comes for these bytes, status line first, and without frames."""
    with connect(port) as sock:
        sock.sendall(data)
        if protocol != "fastcgi":
            return everything(sock)
        found = records(sock)
        return b"".join(content for kind, _, content in found if kind == 6)


def status_of(protocol, data):
    prefix = b"HTTP/1.1 " if protocol == "uwsgi" else b"Status: "
    if not data.startswith(prefix):
        return data
    return int(data[len(prefix):len(prefix) + 3])


def heads(protocol, port):
    """A response has the protocol's head, and nothing of HTTP/1's framing."""
    head, _, body = answer(protocol, port, MAKERS[protocol](
        [("REQUEST_URI", "/"), ("PATH_INFO", "/"), *USUAL[:1]])
    ).partition(b"\r\n\r\n")
    assert body == b"Hello\n", (head, body)
    lines = head.split(b"\r\n")
    assert lines[0] == (b"HTTP/1.1 200 OK" if protocol == "uwsgi" else
                        b"Status: 200 OK"), lines
    for name in (b"connection:", b"transfer-encoding:"):
        assert not any(line.lower().startswith(name) for line in lines), lines
    assert b"Content-Length: 6" in lines, lines


def refusals(protocol, port):
    """What is malformed is answered with an error page and nothing else."""
    make = MAKERS[protocol]
    long = [("X" * 40 + str(n), "y" * 900) for n in range(40)]
    cases = {
        "no method": (400, make(USUAL[1:])),
        "no URI": (400, make(USUAL[:1])),
        "empty name": (400, make([*USUAL, ("", "x")])),
        "twice": (400, make([*USUAL, ("REQUEST_METHOD", "POST")])),
        "two hosts": (400, make([*USUAL, ("HTTP_HOST", "other")])),
        "a NUL": (400, make([*USUAL, ("X", "a\0b")])),
        "length -1": (400, make([*USUAL[:1], ("REQUEST_URI", "/"),
                                 ("CONTENT_LENGTH", "-1")])),
        "a line break": (400, make([*USUAL, ("HTTP_X", "a\r\nb")])),
        "large": (431, make([*USUAL, *long])),
        "many": (431, make([*USUAL, *((f"X{n}", "") for n in range(200))])),
        "CONNECT": (501, make([("REQUEST_METHOD", "CONNECT"), *USUAL[1:]])),
    }
    if protocol == "uwsgi":
        whole = uwsgi(USUAL)
        cases.update({
            "empty": (400, b"\0\0\0\0"),
            "modifier1": (501, uwsgi(USUAL, modifier1=5)),
            "HTTP": (501, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            "modifier2": (501, uwsgi(USUAL, modifier2=1)),
            "beyond": (400, whole[:4] + b"\xff\xff" + whole[6:]),
            "value beyond": (400, whole[:20] + b"\xff\xff" + whole[22:]),
            "short": (400, struct.pack("<BHB", 0, len(whole) - 5, 0)
                      + whole[4:-1]),
        })
    elif protocol == "scgi":
        cases.update({
            "no number": (400, b"GET / HTTP/1.1\r\n"),
            "no comma": (400, scgi(USUAL)[:-1] + b";"),
            "zero first": (400, b"0" + scgi(USUAL)),
        })
        cases["a NUL"] = (400, b"4:CONT,")
        cases["length -1"] = (400, scgi(USUAL).replace(
            b"CONTENT_LENGTH\x000\x00", b"CONTENT_LENGTH\0x\0"))
    for name, (want, data) in cases.items():
        got = answer(protocol, port, data)
        assert status_of(protocol, got) == want, (name, got[:300])
        head, _, body = got.partition(b"\r\n\r\n")
        assert body.count(b"\n") == 1 and len(body) < 60, (name, body)
    alive(protocol, port)


def alive(protocol, port):
    got = answer(protocol, port, MAKERS[protocol](USUAL))
    assert status_of(protocol, got) == 200, got[:300]
    return json.loads(got.partition(b"\r\n\r\n")[2])


def reserved(protocol, port):
    """Variables do not become the server's own items."""
    env_of = MAKERS[protocol]([*USUAL, ("wsgi.input", "x"),
                               ("wsgi.url_scheme", "x"), ("uwsgi.core", "x"),
                               ("wsgimaster.request_id", "x"),
                               ("HTTP_PROXY", "x"), ("my.own", "y"),
                               ("REMOTE_ADDR", "1.2.3.4"),
                               ("HTTP_A", "1"), ("HTTP_A", "2")])
    got = answer(protocol, port, env_of)
    env = json.loads(got.partition(b"\r\n\r\n")[2])
    assert env["wsgi.input"] == "<Input>", env
    assert env["wsgi.url_scheme"] == "http", env
    assert env["wsgimaster.request_id"] != "x", env
    assert env.get("uwsgi.core") != "x", env
    assert "HTTP_PROXY" not in env, env
    assert env["my.own"] == "y" and env["REMOTE_ADDR"] == "1.2.3.4", env
    assert env["HTTP_A"] == "1,2", env


# What the gateway says of the path, and how apps at "/", "/m" and "/m/n" see
# it: the longest of their prefixes and of the gateway's word is SCRIPT_NAME.
SPLITS = (
    ((None, "/m/n/vars"), ("/m/n", "/vars")),
    (("", "/m/vars"), ("/m", "/vars")),
    (("/m", "/vars"), ("/m", "/vars")),
    (("/m/", "/vars"), ("/m", "/vars")),
    (("/m", "/n/vars"), ("/m/n", "/vars")),
    (("/m/n", "/vars"), ("/m/n", "/vars")),
    (("/m/n/o", "/vars"), ("/m/n/o", "/vars")),
    (("/m/nn", "/vars"), ("/m/nn", "/vars")),
    (("/m", "/nn/vars"), ("/m", "/nn/vars")),
    (("/m/n/vars", None), ("/m/n", "/vars")),
    (("/other", "/m/vars"), ("/other", "/m/vars")),
    (("/", "/m/vars"), ("/m", "/vars")),
    (("/m", "/%6e/vars"), ("/m", "/%6e/vars")),
    ((None, "/m%2fn/vars"), ("", "/m%2fn/vars")),
    ((None, "/m//n/vars"), ("/m", "//n/vars")),
)


def splits(protocol, port):
    """SCRIPT_NAME and PATH_INFO, with several mounts."""
    for said, want in SPLITS:
        pairs = [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/asked")]
        pairs += [(name, text) for name, text in
                  zip(("SCRIPT_NAME", "PATH_INFO"), said) if text is not None]
        got = answer(protocol, port, MAKERS[protocol](pairs))
        env = json.loads(got.partition(b"\r\n\r\n")[2])
        have = env["SCRIPT_NAME"], env["PATH_INFO"]
        assert have == want, (protocol, said, have)


def truncated(protocol, port):
    """Clients that leave after each byte, and bytes that drip in."""
    data = MAKERS[protocol]([("REQUEST_METHOD", "POST"), *USUAL[1:],
                             *([] if protocol == "scgi" else
                               [("CONTENT_LENGTH", "5")])], b"hello")
    for at in range(len(data)):
        with connect(port) as sock:
            sock.sendall(data[:at])
            if at % 3 == 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
    with connect(port) as sock:
        for at in range(len(data)):
            sock.sendall(data[at:at + 1])
        got = everything(sock) if protocol != "fastcgi" else \
            stdout(records(sock))
    assert status_of(protocol, got) == 200, got
    env = alive(protocol, port)
    assert env["REQUEST_METHOD"] == "GET" and \
        not env.get("CONTENT_LENGTH", "").strip("0"), env


def fastcgi(port):
    """What only FastCGI has."""
    with connect(port) as sock:
        sock.sendall(record(9, 0, b"\x0f\0FCGI_MPXS_CONNS"))
        assert sock.recv(100) == record(10, 0, b"\x0f\x01FCGI_MPXS_CONNS0")
        sock.sendall(record(77, 0))
        assert sock.recv(100) == record(11, 0, bytes([77] + [0] * 7))
        sock.sendall(fcgi(USUAL, number=3, keep=1, role=2))
        assert records(sock) == [(3, 3, bytes([0, 0, 0, 0, 3, 0, 0, 0]))]
        # The connection goes on, whatever the ids and however it is cut.
        for number, cut_ in ((3, 65535), (1, 7), (65535, 40)):
            sock.sendall(fcgi(USUAL, number=number, keep=1, cut=cut_))
            got = stdout(records(sock), number)
            assert b"\r\n\r\n{" in got, got
        # Two ids at once.
        first = fcgi(USUAL, number=5, keep=1)
        sock.sendall(first[:16] + record(1, 6, struct.pack(">HB5x", 1, 1))
                     + first[16:])
        found = records(sock, 5)
        assert found[0] == (3, 6, bytes([0, 0, 0, 0, 1, 0, 0, 0])), found
        stdout(found[1:], 5)
        # Requests behind each other, and a body that nobody reads.
        sock.sendall(fcgi([("REQUEST_METHOD", "POST"), *USUAL[1:],
                           ("CONTENT_LENGTH", "500")], b"x" * 500,
                          number=7, keep=1, cut=100))
        stdout(records(sock), 7)
        sock.sendall(fcgi(USUAL, number=8))
        stdout(records(sock), 8)
        assert sock.recv(1) == b"", "no FCGI_KEEP_CONN"
    upload_ = [("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/upload"),
               ("PATH_INFO", "/upload")]
    data = pattern(300000)
    for length in ([("CONTENT_LENGTH", "300000")], []):
        got = answer("fastcgi", port, fcgi(upload_ + length, data, cut=999))
        assert got.endswith(digest(data)), got
    for length in ("299999", "300001"):
        with connect(port) as sock:
            sock.sendall(fcgi(upload_ + [("CONTENT_LENGTH", length)], data))
            got = b"".join(c for kind, _, c in records(sock) if kind == 6)
            assert digest(data) not in got, got


def aborts(port, notes):
    """FCGI_ABORT_REQUEST, behind a body and without one."""
    for length, body in (([], b""), ([("CONTENT_LENGTH", "5")], b"hello")):
        with open(notes, "w"):
            pass
        with connect(port) as sock:
            sock.sendall(fcgi([("REQUEST_METHOD", "GET"),
                               ("REQUEST_URI", "/waits"),
                               ("PATH_INFO", "/waits"), *length], body,
                              keep=1))
            wait_note(notes, ["waits"])
            sock.sendall(record(2, 1))
            wait_note(notes, ["waits", "gone"])
    alive("fastcgi", port)


if __name__ == "__main__":
    wire.run(globals())
