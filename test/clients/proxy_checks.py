"""Who asks, where proxies are in front: PROXY headers, X-Forwarded-*."""
import json
import socket
import ssl
import struct
import time

import wire
from wire import Wire

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LIES = (b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n"
        b"X-Forwarded-Host: lie.example\r\nX-Forwarded-Port: 666\r\n"
        b"X-Forwarded-Prefix: /lie\r\nX-Real-IP: 6.6.6.6\r\n"
        b"Forwarded: for=6.6.6.6;proto=https;host=lie.example\r\n")
# Nobody trusts this one; the others come from 127.0.0.1.
STRANGER = "127.0.0.2"


def v2(payload, command=0x21, family=0x11):
    """A version 2 header."""
    return (SIGNATURE + bytes([command, family])
            + struct.pack(">H", len(payload)) + payload)


def inet(addr, port, server_port=443):
    """The addresses of TCP over IPv4."""
    return (socket.inet_aton(addr) + socket.inet_aton("192.0.2.1")
            + struct.pack(">HH", port, server_port))


def tls(client=1):
    return b"\x20\0\5" + bytes([client]) + b"\0\0\0\0"


def ask(wire_, fields=b"", host=b"Host: test\r\n"):
    """A request; what the app says of who asked."""
    wire_.send(b"GET / HTTP/1.1\r\n" + host + fields + b"\r\n")
    return wire_.response().json()


def said(port, fields=b"", source=None, before=b"", **more):
    """The same on a connection of its own."""
    with Wire(port, source=source) as client:
        client.send(before)
        return ask(client, fields, **more)


def is_(told, **want):
    """What is told has these items, a missing one as None."""
    names = {"scheme": "wsgi.url_scheme"}
    for name, value in want.items():
        name = names.get(name, name.upper())
        assert told.get(name) == value, (name, value, told)


def no_fields(told):
    """Nobody's word but the server's."""
    left = [name for name in told if "FORWARDED" in name or "REAL" in name]
    assert not left, told


def defaults(port):
    """Without the options nothing is believed and nothing removed."""
    with Wire(port) as client:
        mine = client.sock.getsockname()[1]
        told = ask(client, LIES)
    is_(told, remote_addr="127.0.0.1", remote_port=str(mine), scheme="http",
        https=None, server_port=str(port), server_name="test",
        http_host="test", http_x_forwarded_for="6.6.6.6",
        http_x_forwarded_prefix="/lie", http_x_real_ip="6.6.6.6")
    assert told["HTTP_FORWARDED"].startswith("for=6.6.6.6"), told
    with Wire(port) as client:
        client.send(b"PROXY TCP4 6.6.6.6 1.1.1.1 1 2\r\n")
        assert client.response().status == 400
        client.expect_end()


def lies(port):
    """A client that is no proxy: nothing of it reaches the app."""
    with Wire(port, source=STRANGER) as client:
        mine = client.sock.getsockname()[1]
        for _ in range(3):
            told = ask(client, LIES)
            is_(told, remote_addr=STRANGER, remote_port=str(mine),
                scheme="http", https=None, server_port=str(port),
                server_name="test", http_host="test")
            no_fields(told)


def believed(port):
    """The trusted proxy's client, scheme and port; the host is not asked."""
    told = said(port, b"X-Forwarded-For: 203.0.113.9\r\n"
                b"X-Forwarded-Proto: https\r\nX-Forwarded-Port: 8443\r\n"
                b"X-Forwarded-Host: www.example.com\r\n")
    is_(told, remote_addr="203.0.113.9", remote_port="", scheme="https",
        https="on", server_port="8443", server_name="test", http_host="test",
        http_x_forwarded_host="www.example.com")
    # Without a port the scheme's, or the one in Host.
    told = said(port, b"X-Forwarded-Proto: https\r\n")
    is_(told, remote_addr="127.0.0.1", scheme="https", server_port="443")
    told = said(port, b"X-Forwarded-Proto: http\r\n")
    is_(told, scheme="http", https=None, server_port="80")
    told = said(port, b"X-Forwarded-Proto: https\r\n",
                host=b"Host: test:4433\r\n")
    is_(told, scheme="https", server_port="4433", server_name="test")
    told = said(port, b"X-Forwarded-For: 203.0.113.9:5050\r\n")
    is_(told, remote_addr="203.0.113.9", remote_port="5050", scheme="http",
        server_port=str(port))
    told = said(port, b"X-Forwarded-For: [2001:DB8::9]:5050\r\n")
    is_(told, remote_addr="2001:db8::9", remote_port="5050")
    is_(said(port), remote_addr="127.0.0.1", scheme="http")


def relayed_lies(port):
    """A lie that a trusted proxy has passed on in front of its own part."""
    for fields in (b"X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\n",
                   b"X-Forwarded-For: 6.6.6.6\r\n"
                   b"X-Forwarded-For: 203.0.113.9\r\n",
                   b"X-Forwarded-For: 10.1.1.1, 203.0.113.9, 10.1.1.2\r\n",
                   b"X-Forwarded-For: 6.6.6.6, 203.0.113.9 , 127.0.0.1,\r\n"):
        told = said(port, fields)
        is_(told, remote_addr="203.0.113.9", remote_port="")
    for fields, addr in ((b"X-Forwarded-For: 6.6.6.6, rubbish\r\n",
                          "127.0.0.1"),
                         (b"X-Forwarded-For: 6.6.6.6, unknown\r\n",
                          "127.0.0.1"),
                         (b"X-Forwarded-For: 6.6.6.6, <b>, 10.1.1.2\r\n",
                          "10.1.1.2")):
        is_(said(port, fields), remote_addr=addr)
    # The other family's is nobody's word, whoever brings it.
    told = said(port, b"Forwarded: for=6.6.6.6;proto=https\r\n")
    is_(told, remote_addr="127.0.0.1", scheme="http", http_forwarded=None)


def unix(path):
    """The proxy connects to a unix socket."""
    is_(said(path), remote_addr="", remote_port="", scheme="http",
        server_port="80")
    told = said(path, b"X-Forwarded-For: 203.0.113.9:99\r\n"
                b"X-Forwarded-Proto: https\r\n")
    is_(told, remote_addr="203.0.113.9", remote_port="99", scheme="https",
        server_port="443")


def many_clients(port):
    """
    One connection of a proxy's, many clients, heads that are equal but for the
    clients: each request is its client's own. 10.9.9.9 is trusted, rubbish is
    nobody; then the connection's address counts.
    """
    clients = [(b"203.0.113.%d" % n, b"203.0.113.%d" % n) for n in range(4)]
    clients += [(b"203.0.113.1:77", b"203.0.113.1"), (b"rubbish", None),
                (b"2001:db8::5", b"2001:db8::5"), (b"10.9.9.9", b"10.9.9.9")]
    unix_ = str(port).startswith("/")
    with Wire(port) as client:
        for turn in range(200):
            sent, addr = clients[turn * 7 % len(clients)]
            proto = b"https" if turn // 3 % 2 else b"http"
            told = ask(client, b"User-Agent: same\r\nX-Forwarded-For: " + sent
                       + b"\r\nX-Forwarded-Proto: " + proto + b"\r\n")
            own = "" if unix_ else "127.0.0.1"
            is_(told, remote_addr=addr.decode() if addr else own,
                scheme=proto.decode(), https={b"https": "on"}.get(proto),
                server_port={b"https": "443", b"http": "80"}[proto])
            if addr:
                is_(told, remote_port="77" if b":77" in sent else "")


def two_peers(port):
    """A trusted and another peer, byte by byte the same heads, in turn."""
    fields = b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
    with Wire(port) as proxy, Wire(port, source=STRANGER) as other:
        for _ in range(20):
            is_(ask(proxy, fields), remote_addr="203.0.113.9", scheme="https",
                server_port="443")
            told = ask(other, fields)
            is_(told, remote_addr=STRANGER, scheme="http",
                server_port=str(port), https=None)
            no_fields(told)


def rfc7239(port):
    """With "forwarded" and "forwarded-host"."""
    told = said(port, b"Forwarded: for=6.6.6.6;proto=http;host=lie, "
                b'for="[2001:db8::9]:4711";proto=https;host=www.example.com'
                b"\r\nX-Forwarded-For: 6.6.6.6\r\n")
    is_(told, remote_addr="2001:db8::9", remote_port="4711", scheme="https",
        server_port="443", server_name="www.example.com",
        http_host="www.example.com", http_x_forwarded_for=None)
    told = said(port, b'Forwarded: for=", for=203.0.113.9;host="a:81"\r\n')
    is_(told, remote_addr="203.0.113.9", scheme="http", server_port="81",
        server_name="a", http_host="a:81")
    for _ in range(3):
        told = said(port, LIES, source=STRANGER)
        is_(told, remote_addr=STRANGER, http_host="test", server_name="test")
        no_fields(told)


def off(port):
    """With "forwarded": "off" the app reads what a trusted proxy says."""
    told = said(port, LIES)
    is_(told, remote_addr="127.0.0.1", scheme="http", http_host="test",
        http_x_forwarded_for="6.6.6.6", http_x_forwarded_prefix="/lie")
    assert "HTTP_FORWARDED" in told
    no_fields(said(port, LIES, source=STRANGER))


def refused(port, data):
    """The connection is closed, and not a byte is answered."""
    with Wire(port) as client:
        client.send(data)
        client.expect_end()


def headers(port):
    """PROXY headers of both versions, whole and dripping in."""
    line = b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 8443\r\n"
    is_(said(port, before=line), remote_addr="203.0.113.9",
        remote_port="56324", scheme="http", server_port="8443")
    line = b"PROXY TCP6 2001:db8::9 2001:db8::1 1 2\r\n"
    is_(said(port, before=line), remote_addr="2001:db8::9", remote_port="1",
        server_port="2")
    is_(said(port, before=v2(inet("203.0.113.9", 777) + tls())),
        remote_addr="203.0.113.9", remote_port="777", scheme="https",
        https="on", server_port="443")
    is_(said(port, before=v2(inet("203.0.113.9", 777) + tls(0))),
        scheme="http", https=None)
    # Of whom nobody says who it is, the socket knows.
    own = "" if str(port).startswith("/") else "127.0.0.1"
    for header in (b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN a b c d\r\n",
                   v2(b"", 0x20, 0), v2(b"xyz", 0x20, 0), v2(b"", 0x21, 0),
                   v2(b"/client".ljust(216, b"\0"), 0x21, 0x31)):
        is_(said(port, before=header), remote_addr=own, scheme="http")


def dripping(port):
    """A header in pieces, and the request's first bytes with its last."""
    request = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
    for header in (b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 8443\r\n",
                   b"PROXY UNKNOWN " + b"x" * 80 + b"\r\n",
                   v2(inet("203.0.113.9", 777) + b"\4\0\7padding")):
        for cut in list(range(1, len(header), 5)) + [len(header)]:
            with Wire(port) as client:
                client.sock.setsockopt(socket.IPPROTO_TCP,
                                       socket.TCP_NODELAY, 1)
                client.send(header[:cut])
                time.sleep(0.002)
                client.send(header[cut:] + request + request)
                for _ in range(2):
                    assert client.response().status == 200
    with Wire(port) as client:
        client.drip(v2(inet("203.0.113.9", 777)) + request[:5], 0.002)
        client.send(request[5:])
        is_(client.response().json(), remote_addr="203.0.113.9")
    big = v2(inet("203.0.113.9", 777) + b"\4\x0f\xe1" + bytes(0xfe1))
    assert len(big) == 4096
    is_(said(port, before=big), remote_addr="203.0.113.9")


def malformed(port):
    """What is no header ends the connection without an answer."""
    request = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
    for data in (request, b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n" + request,
                 b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n" + request,
                 b"PROXY UNKNOWN " + b"x" * 200, b"\x16\x03\x01",
                 v2(inet("1.2.3.4", 1), 0x31) + request,
                 v2(inet("1.2.3.4", 1) + b"\3\0\4abcd") + request,
                 v2(inet("1.2.3.4", 1) + b"\4\x0f\xe2" + bytes(0xfe2)),
                 v2(b"1234") + request):
        refused(port, data)


def strangers_header(port):
    """A header of somebody else's is what it looks like: a bad request."""
    for header in (b"PROXY TCP4 6.6.6.6 5.6.7.8 1 2\r\n",
                   v2(inet("6.6.6.6", 1))):
        with Wire(port, source=STRANGER) as client:
            client.send(header + b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            assert client.response().status == 400
            client.expect_end()
    is_(said(port, LIES, source=STRANGER), remote_addr=STRANGER)


def behind_header(port):
    """
    The fields behind a header: the client's own, unless the header names
    another trusted proxy.
    """
    line = b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 80\r\n"
    told = said(port, LIES, before=line)
    is_(told, remote_addr="203.0.113.9", scheme="http")
    no_fields(told)
    for header in (b"PROXY UNKNOWN\r\n", v2(b"", 0x20, 0)):
        told = said(port, LIES, before=header)
        is_(told, scheme="http", http_host="test")
        no_fields(told)
    line = b"PROXY TCP4 10.1.1.1 192.0.2.1 56324 80\r\n"
    told = said(port, b"X-Forwarded-For: 203.0.113.9\r\n", before=line)
    is_(told, remote_addr="203.0.113.9")


def different_clients(port):
    """Connections with equal heads and other clients, TLS or not."""
    for turn in range(40):
        secure, addr = turn % 2, "203.0.113.%d" % (turn % 5)
        told = said(port, before=v2(inet(addr, 1000 + turn, 80 + turn % 3)
                                    + tls(secure)))
        is_(told, remote_addr=addr, remote_port=str(1000 + turn),
            scheme=("http", "https")[secure],
            server_port=str(80 + turn % 3))


def unread(client):
    """Bytes of a client's that the server's socket has and nobody has read."""
    mine, its = (":%04X" % address[1] for address in
                 (client.sock.getsockname(), client.sock.getpeername()))
    with open("/proc/net/tcp") as table:
        for line in table:
            words = line.split()
            if words[1].endswith(its) and words[2].endswith(mine):
                return int(words[4].split(":")[1], 16)
    raise AssertionError("the server's socket is gone")


HALVES = (b"PR", b"PROXY TCP4 1.2", SIGNATURE + b"\x21\x11\0\x0c")


def half(port):
    """What came of a header is read: it would wake the loop again and again."""
    for data in HALVES:
        with Wire(port) as client:
            client.send(data)
            wire.until("all to be read", lambda: unread(client) == 0)


def silent(port):
    """Who never ends the header is closed when the time is over."""
    clients = [Wire(port) for _ in range(4)]
    for client, data in zip(clients, (b"",) + HALVES):
        client.send(data)
    for client in clients:
        client.expect_end()


def through_nginx(port, server):
    """nginx appends; what the client says in front of that is not believed."""
    wire.until("nginx", lambda: connects(port))
    for fields in (b"", LIES):
        told = said(port, fields, source="127.0.0.3")
        is_(told, remote_addr="127.0.0.3", remote_port="", scheme="http",
            server_port="80", http_forwarded=None)
        want = "6.6.6.6, 127.0.0.3" if fields else "127.0.0.3"
        is_(told, http_x_forwarded_for=want)


def through_haproxy(port, scheme, server_port):
    """HAProxy's header: the client, its port, and whether it spoke TLS."""
    wire.until("HAProxy", lambda: connects(port))
    with Wire(port, source="127.0.0.3") as client:
        mine = client.sock.getsockname()[1]
        if scheme == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            client.sock = context.wrap_socket(client.sock)
        for fields in (b"", LIES):
            told = ask(client, fields)
            is_(told, remote_addr="127.0.0.3", remote_port=str(mine),
                scheme=scheme, server_port=server_port)
            no_fields(told)


def before_tls(port):
    """The header's last and TLS's first bytes in one packet, and cut."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    header = v2(inet("203.0.113.9", 777, 443))
    for cut in (0, 1, len(header) - 1, len(header), len(header) + 1):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls_ = context.wrap_bio(incoming, outgoing)
        with Wire(port) as client:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pending = header
            while True:
                try:
                    tls_.do_handshake()
                    done = True
                except ssl.SSLWantReadError:
                    done = False
                pending += outgoing.read()
                client.send(pending[:cut])
                time.sleep(0.01 if cut else 0)
                client.send(pending[cut:])
                pending, cut = b"", 0
                if done:
                    break
                incoming.write(client.sock.recv(65536))
            tls_.write(b"GET / HTTP/1.1\r\nHost: test\r\n" + LIES + b"\r\n")
            client.send(outgoing.read())
            answer = b""
            while b"}" not in answer:
                try:
                    answer += tls_.read()
                except ssl.SSLWantReadError:
                    incoming.write(client.sock.recv(65536))
            told = json.loads(answer[answer.index(b"{"):])
            is_(told, remote_addr="203.0.113.9", remote_port="777",
                scheme="https", https="on", server_port="443")
            no_fields(told)


def through_uwsgi(port):
    """nginx's variables say who asks; if that is a proxy, its fields do."""
    wire.until("nginx", lambda: connects(port))
    for _ in range(3):
        told = said(port, LIES, source="127.0.0.4")
        is_(told, remote_addr="127.0.0.4", scheme="http", http_host="test")
        no_fields(told)
        told = said(port, b"X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\n"
                    b"X-Forwarded-Proto: https\r\nForwarded: for=6.6.6.6\r\n",
                    source="127.0.0.3")
        is_(told, remote_addr="203.0.113.9", remote_port="", scheme="https",
            https="on", server_port="443", http_forwarded=None)


def connects(port):
    """Does somebody listen?"""
    try:
        Wire(port).sock.close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    wire.run(globals())
