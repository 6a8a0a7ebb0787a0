"""TLS as a client sees it; the app is test/apps/tls_cases.py."""
import hashlib
import os
import random
import socket
import ssl
import struct
import sys
import time
import warnings

from wire import PATIENCE, Ended, Wire, run, stats, until

warnings.simplefilter("ignore", DeprecationWarning)     # of old versions
CERTS = os.environ["CERTS"]
MIB = 1 << 20

# The same bytes as the app's.
BLOCK = random.Random(6).randbytes(1 << 20)


def pattern(size):
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def context(version=None, cert=None, alpn=None):
    """What a client may want; version is 2 or 3."""
    made = ssl.create_default_context(cafile=f"{CERTS}/ca.pem")
    # An end that was not said is an error, whatever Python's default is.
    made.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
    if version is not None:
        made.minimum_version = made.maximum_version = {
            2: ssl.TLSVersion.TLSv1_2, 3: ssl.TLSVersion.TLSv1_3}[version]
    if cert is not None:
        made.load_cert_chain(f"{CERTS}/{cert}.pem", f"{CERTS}/{cert}.key")
    if alpn is not None:
        made.set_alpn_protocols(alpn)
    return made


class Secure(Wire):
    """A connection over TLS; its end must be a proper one."""

    def __init__(self, port, made=None, name="site.test", session=None,
                 receive_buffer=None):
        super().__init__(port, receive_buffer)
        try:
            self.sock = (made or context()).wrap_socket(
                self.sock, server_hostname=name, session=session,
                suppress_ragged_eofs=False)
        except BaseException:
            self.sock.close()
            raise

    def take(self, size):
        """Records are small: large bodies must not be copied for each."""
        parts, have = [self.data], len(self.data)
        while have < size:
            parts.append(self.sock.recv(262144))
            if not parts[-1]:
                raise Ended(b"".join(parts))
            have += len(parts[-1])
        data = b"".join(parts)
        self.data = data[size:]
        return data[:size]

    def get(self, path, extra=b"", method=b"GET"):
        self.send(f"{method.decode()} {path} HTTP/1.1\r\nHost: site.test\r\n\r\n"
                  .encode())
        return self.response()

    def env(self):
        return self.get("/env").json()


def refused(port, made, reason=None, **options):
    """A connection that must not come about; the server says why."""
    try:
        with Secure(port, made, **options) as client:
            client.get("/env")
    except (ssl.SSLError, ConnectionError, Ended) as error:
        said = str(error).lower().replace("_", " ")
        assert reason is None or reason in said, said
        return
    raise AssertionError("it was served")


def names(client):
    """Whom the server's certificate is for."""
    return {value for kind, value in
            client.sock.getpeercert()["subjectAltName"] if kind == "DNS"}


def plenty(port, path, mib=50):
    """Large bodies both ways, files, pipelining, on one connection each."""
    size = int(mib) * MIB
    up = pattern(size)
    said = b"%d %s" % (size, hashlib.sha256(up).hexdigest().encode())
    with Secure(port) as client:
        client.send(b"POST /digest HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: %d\r\n\r\n" % size)
        client.send(up)
        assert client.response().body == said
        assert client.get(f"/blob?{size}").body == up
        client.send(b"POST /digest HTTP/1.1\r\nHost: x\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n")
        for at in range(0, 3 * MIB, 77_777):
            piece = up[at:min(at + 77_777, 3 * MIB)]
            client.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        client.send(b"0\r\n\r\n")
        body = client.response().body
        assert body.startswith(b"%d " % (3 * MIB)), body
        assert client.get(f"/stream?{3 * MIB}").body == up[:3 * MIB]
        # Many small requests in one piece; the server reads them in turn.
        client.send(b"".join(
            b"GET /blob?%d HTTP/1.1\r\nHost: x\r\n\r\n" % n
            for n in range(1, 400)))
        for n in range(1, 400):
            assert client.response().body == up[:n]
        with open(path, "wb") as file:
            file.write(up)
        for offset in 0, 1, size - 16384, size - 5:
            body = client.get(f"/file?{path},{offset}").body
            assert body == up[offset:], (offset, len(body))
        assert client.env()["wsgi.url_scheme"] == "https"


def kept(port):
    """Keep-alive, one byte at a time, and HTTP/1.0 up to a proper end."""
    with Secure(port) as client:
        for _ in range(3):
            client.drip(b"GET /env HTTP/1.1\r\nHost: x\r\n\r\n", 0.001)
            assert client.response().json()["HTTPS"] == "on"
    with Secure(port) as client:
        client.send(b"GET /stream?300000 HTTP/1.0\r\n\r\n")
        body = whole(client)
        assert body.split(b"\r\n\r\n", 1)[1] == pattern(300000)


def whole(client):
    """All up to the end, which must be said."""
    parts = []
    while True:
        piece = client.sock.recv(65536)
        if not piece:
            return b"".join(parts)
        parts.append(piece)


def cut(port):
    """A body that ends with the connection: its loss can be seen."""
    with Secure(port) as client:
        client.send(b"GET /fails HTTP/1.0\r\n\r\n")
        try:
            whole(client)
        except (ssl.SSLError, ConnectionError):
            return
    raise AssertionError("half a body looks like a whole one")


def versions(port):
    """What is spoken, and what is not."""
    for version, name in (2, "TLSv1.2"), (3, "TLSv1.3"):
        with Secure(port, context(version)) as client:
            assert client.sock.compression() is None
            seen = client.env()
            assert seen["SSL_PROTOCOL"] == name, seen
            assert seen["SSL_CIPHER"] == client.sock.cipher()[0], seen
    old = context()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    refused(port, old, "protocol version")
    for ciphers in "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256":
        weak = context(2)
        weak.set_ciphers(ciphers)
        refused(port, weak, "handshake failure")


def only(port, version):
    """One version is spoken."""
    version = int(version)
    with Secure(port, context(version)):
        pass
    refused(port, context(5 - version), "protocol version")


def sni(port):
    """Of several certificates, the one that is asked for."""
    def shown(name):
        made = context()
        made.check_hostname = False
        with Secure(port, made, name=name) as client:
            seen = client.env()
            assert seen.get("SSL_TLS_SNI") == name, seen
            return names(client)
    assert "site.test" in shown("site.test")
    assert "other.test" in shown("other.test")
    assert "other.test" in shown("OTHER.test")
    assert "*.wild.test" in shown("a.wild.test")
    assert "a.b.wild.test" not in shown("x.wild.test")
    assert "exact.wild.test" in shown("exact.wild.test")
    for unknown in "nobody.test", "wild.test", "a.b.wild.test", None:
        assert "site.test" in shown(unknown), unknown
    # Certificates in earnest: each name is checked.
    for name in "site.test", "other.test", "a.wild.test", "exact.wild.test":
        for version in 2, 3:
            with Secure(port, context(version), name=name) as client:
                client.env()


def subject(env):
    return env["SSL_CLIENT_VERIFY"], env.get("SSL_CLIENT_S_DN")


ALICE = ("SUCCESS", "CN=Alice,O=Wonderland")
NOBODY = ("NONE", None)


def clients(port):
    """Who the client is, is in the environ of his requests alone."""
    for version in 2, 3:
        with Secure(port, context(version, "alice")) as alice, \
                Secure(port, context(version, "bob")) as bob, \
                Secure(port, context(version)) as nobody, \
                Secure(port, context(version, "mallory")) as mallory:
            for _ in range(20):     # the same bytes each time
                assert subject(alice.env()) == ALICE
                verify, name = subject(bob.env())
                assert verify == "SUCCESS" and name.startswith("CN=Bob "), name
                seen = nobody.env()
                assert subject(seen) == NOBODY
                assert not any(key.startswith(("SSL_CLIENT_S", "HTTPS_"))
                               for key in seen), seen
                seen = mallory.env()
                assert seen["SSL_CLIENT_VERIFY"].startswith("FAILED:"), seen
                assert "SSL_CLIENT_S_DN" not in seen, seen
                assert "HTTPS_DN" not in seen, seen
            seen = alice.env()
            assert seen["SSL_CLIENT_I_DN"] == "CN=Test CA", seen
            assert seen["HTTPS_DN"] == "/O=Wonderland/CN=Alice", seen
            assert seen["SSL_CLIENT_V_END"].endswith("GMT"), seen
            assert int(seen["SSL_CLIENT_M_SERIAL"], 16) > 0, seen
            with open(f"{CERTS}/alice.pem", encoding="ascii") as file:
                assert seen["HTTPS_CC"] in file.read(), seen


def required(port):
    """Without a certificate there is no service."""
    for version in 2, 3:
        with Secure(port, context(version, "alice")) as client:
            assert subject(client.env()) == ALICE
        refused(port, context(version))
        refused(port, context(version, "mallory"))


def unasked(port):
    """A certificate that nobody has asked for is not looked at."""
    with Secure(port, context(3, "alice")) as client:
        assert subject(client.env()) == NOBODY


def alpn(port):
    """What is spoken above is agreed on."""
    for version in 2, 3:
        for offer in ["http/1.1"], ["nonsense", "http/1.1"]:
            with Secure(port, context(version, alpn=offer)) as client:
                chosen = client.sock.selected_alpn_protocol()
                assert chosen == "http/1.1", chosen
                client.env()
        with Secure(port, context(version)) as client:
            assert client.sock.selected_alpn_protocol() is None
            client.env()
        refused(port, context(version, alpn=["nonsense"]),
                "no application protocol")


def resumable(port, made):
    """A new session and the pid of the worker that began it."""
    with Secure(port, made) as client:
        seen = client.env()
        assert seen["SSL_SESSION_RESUMED"] == "Initial", seen
        assert not client.sock.session_reused
        session = client.sock.session
        assert session.has_ticket
        return session, seen["pid"]


def resumed(port, made, session):
    """Goes on with a session: at which worker; None: it was not resumed."""
    with Secure(port, made, session=session) as client:
        seen = client.env()
        says = seen["SSL_SESSION_RESUMED"] == "Resumed"
        assert says == client.sock.session_reused, seen
        return seen["pid"] if says else None


def elsewhere(port, made, session, pid):
    """It is resumed, also by other workers."""
    def other():
        got = resumed(port, made, session)
        assert got is not None, "not resumed"
        return got != pid
    until("another worker's turn", other)


def tickets(port, *signals):
    """Sessions are resumed at every worker; after each line of input, too."""
    made = [context(2), context(3)]
    begun = [resumable(port, each) for each in made]
    for each, (session, pid) in zip(made, begun):
        elsewhere(port, each, session, pid)
    for _ in signals:
        print("ready", flush=True)
        sys.stdin.readline()
        for each, (session, pid) in zip(made, begun):
            elsewhere(port, each, session, pid)


def untold(port):
    """No session is resumed."""
    for version in 2, 3:
        made = context(version)
        with Secure(port, made) as client:
            client.env()
            session = client.sock.session
        if session is not None and session.has_ticket:
            assert resumed(port, made, session) is None


def bound(port, strict):
    """A session counts for nothing where other clients are trusted."""
    for version in 2, 3:
        made = context(version)
        session, _ = resumable(port, made)
        assert resumed(port, made, session) is not None
        refused(strict, made, session=session)


def left(port):
    """How many handshakes came to nothing so far."""
    return stats(port)["workers"][0]["tls_failed"]


def hello():
    """The first bytes of a client."""
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    made = context().wrap_bio(ours, theirs, server_hostname="site.test")
    try:
        made.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return theirs.read()


def ends(sock, limit=None):
    """What comes up to the end of a connection."""
    sock.settimeout(limit or PATIENCE)
    data = b""
    try:
        while True:
            piece = sock.recv(65536)
            if not piece:
                return data
            data += piece
    except ConnectionError:
        return data


def slow(port, status):
    """Handshakes that do not go on end; others are served meanwhile."""
    first, before = hello(), left(status)
    socks = []
    for size in 0, 1, 5, 6, 50, len(first) - 1, len(first):
        sock = socket.create_connection(("127.0.0.1", int(port)), PATIENCE)
        sock.sendall(first[:size])
        socks.append(sock)
    start = time.monotonic()
    while time.monotonic() - start < 0.6:
        with Secure(port) as client:
            client.env()
    for sock in socks:
        ends(sock)
        sock.close()
    assert time.monotonic() - start >= 0.9      # header-timeout is 1
    until("all are counted", lambda: left(status) == before + len(socks))


def nonsense(port, status):
    """Whatever else comes is answered, or closed, at once."""
    address, before = ("127.0.0.1", int(port)), left(status)
    first = hello()
    with socket.create_connection(address, PATIENCE) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500
                     + b"\r\n")
        data = ends(sock)
        assert data.startswith(b"HTTP/1.1 400 "), data
    rng = random.Random(7)
    broken = [b"\x16\x03\x01\x00\x05hello", b"\x15\x03\x01\x00\x02\x02\x28",
              rng.randbytes(4000), b"\x80\x2e\x01\x03\x01" + bytes(41),
              b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    for _ in range(60):
        damaged = bytearray(first)
        for _ in range(rng.randrange(1, 6)):
            damaged[rng.randrange(5, len(damaged))] = rng.randrange(256)
        broken.append(bytes(damaged))
    for data in broken:
        with socket.create_connection(address, PATIENCE) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            ends(sock)
    for size in range(0, len(first), 29):   # left at any byte
        sock = socket.create_connection(address, PATIENCE)
        sock.sendall(first[:size])
        if size % 2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        sock.close()
    until("they are counted", lambda: left(status) > before + 20)
    with Secure(port) as client:
        client.env()


def leaves(port, status):
    """Clients that leave in the midst of requests and responses."""
    for n in range(12):
        # Little room for what is not fetched, so that a core has to wait.
        with Secure(port, context(2 + n % 2),
                    receive_buffer=65536) as client:
            if n % 3 == 0:
                client.send(b"POST /digest HTTP/1.1\r\nHost: x\r\n"
                            b"Content-Length: 5000000\r\n\r\n" + bytes(70000))
            else:
                client.send(b"GET /blob?8000000 HTTP/1.1\r\n"
                            b"Host: x\r\n\r\n")
                client.sock.recv(1 + n * 4000)
            if n % 2:
                client.sock.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    until("all are gone", lambda: not any(
        core["in_request"] for core in stats(status)["workers"][0]["cores"]))
    with Secure(port) as client:
        client.env()


def reader(port, status):
    """Who reads slowly gets everything; who does not read is given up."""
    with Secure(port, receive_buffer=65536) as client:
        client.send(b"GET /blob?14000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        client.sock.settimeout(PATIENCE)
        got, began = b"", time.monotonic()
        parts, size = [], 0
        while size < 14000000:
            # Longer than write-timeout, never so long at a time.
            if time.monotonic() - began < 1.5:
                time.sleep(0.02)
            parts.append(client.sock.recv(65536))
            assert parts[-1], f"cut after {size}"
            size += len(parts[-1])
        got = b"".join(parts)
        assert got.endswith(pattern(14000000)[-(1 << 16):])
    before = errors(status)
    with Secure(port, receive_buffer=65536) as client:
        client.send(b"GET /blob?14000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        until("it is given up", lambda: errors(status) > before)


def errors(status):
    return sum(core["write_errors"]
               for core in stats(status)["workers"][0]["cores"])


def serves(port, name):
    """The certificate that is shown is this one."""
    with Secure(port) as client, \
            open(f"{CERTS}/{name}.pem", encoding="ascii") as file:
        shown = ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(True))
        assert shown in file.read(), "another certificate"
        client.env()


def stays(port):
    """A connection lives on while the input's lines come."""
    with Secure(port) as client:
        client.env()
        print("ready", flush=True)
        sys.stdin.readline()
        client.env()


if __name__ == "__main__":
    run(globals())
