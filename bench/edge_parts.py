"""The parts of bench/edge: which servers are held against each other."""
import hashlib
import os

import edge_idle
from edge_case import Case, show
from edge_load import client, h2load, wrk
from edge_rows import (NGINX_HELLO, behind, certificate, direct,
                       nginx_alone, nginx_tls, uwsgi, wsgimaster)
from workloads import HELLO

TITLES = {
    "static": "Static files", "gateway": "Hello behind nginx",
    "tls": "TLS", "http2": "HTTP/2", "memory": "Idle connections: memory",
    "idle": "Idle connections: throughput",
}
CACHE = ("open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s; "
         "open_file_cache_errors on;")
CLOSE = "Connection: close"
MIB = 1 << 20
ROOM = 200              # of connections, beside the idle ones
# uWSGI closes after each answer and does not say so by itself.
UWSGI_CLOSES = ("--add-header", CLOSE)
UWSGI_PATIENT = (*UWSGI_CLOSES, "--socket-timeout", "600")


def cases_shown(cases, args):
    """All tables: (broken, others' shares)."""
    shown = [show(case, args) for case in cases]
    return (any(broken for broken, _ in shown),
            [share for _, shares in shown for share in shares])


def make_file(tmp, name, size):
    """A file of random bytes, in the page cache; (size, digest)."""
    folder = f"{tmp}/static"
    os.makedirs(folder, exist_ok=True)
    os.chmod(tmp, 0o755)
    digest, left = hashlib.sha256(), size
    with open(f"{folder}/{name}", "wb") as file:
        while left:
            piece = os.urandom(min(left, MIB))
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
    return size, digest.hexdigest()


def static_rows(tmp):
    """Each serves tmp/static at /static/."""
    there = ("--static-map", f"/static={tmp}/static")
    root = f"location /static/ {{ root {tmp}; }}"
    return [
        direct("wsgimaster", wsgimaster, "--http-socket", "{address}",
               *there),
        nginx_alone("nginx", root),
        nginx_alone("nginx, open_file_cache", root, http=CACHE),
        direct("uWSGI", uwsgi, "--http-socket", "{address}", *there,
               *UWSGI_CLOSES),
        direct("uWSGI, offload-threads", uwsgi, "--http-socket", "{address}",
               *there, *UWSGI_CLOSES, "--offload-threads", "1"),
    ]


def static(tmp, args):
    rows, cases = static_rows(tmp), []
    for name, size, text in (("1k.bin", 1024, "1 KiB"),
                             ("10k.bin", 10240, "10 KiB")):
        path, wanted = f"/static/{name}", make_file(tmp, name, size)
        cases.append(Case(
            f"A file of {text}, keep-alive", [
                row.at(path, () if "uWSGI" not in row.name else (CLOSE,))
                for row in rows], wrk, wanted,
            note="uWSGI's http-socket has no keep-alive: see the next "
                 "table."))
        if size == 1024:
            cases.append(Case(
                f"A file of {text}, a connection each",
                [row.at(path, (CLOSE,)) for row in rows], wrk, wanted))
    for name, size, text in (("10m.bin", 10 * MIB, "10 MiB"),
                             ("100m.bin", 100 * MIB, "100 MiB")):
        wanted = make_file(tmp, name, size)
        cases.append(Case(
            f"A file of {text}, 4 connections",
            [row.at(f"/static/{name}") for row in rows],
            client("fetch", 4, size), wanted, large=True))
    return cases_shown(cases, args)


def gateway(tmp, args):
    rows = [
        behind("wsgimaster, uwsgi, unix", "uwsgi", wsgimaster,
               "--uwsgi-socket", unix=True),
        behind("wsgimaster, uwsgi, TCP", "uwsgi", wsgimaster,
               "--uwsgi-socket"),
        behind("wsgimaster, FastCGI kept, unix", "fastcgi", wsgimaster,
               "--fastcgi-socket", unix=True),
        behind("wsgimaster, FastCGI, unix", "fastcgi-close", wsgimaster,
               "--fastcgi-socket", unix=True),
        behind("wsgimaster, SCGI, unix", "scgi", wsgimaster,
               "--scgi-socket", unix=True),
        behind("wsgimaster, HTTP kept, unix", "http", wsgimaster,
               "--http-socket", unix=True),
        behind("wsgimaster, HTTP kept, TCP", "http", wsgimaster,
               "--http-socket"),
        behind("uWSGI, uwsgi, unix", "uwsgi", uwsgi, "--uwsgi-socket",
               unix=True),
        behind("uWSGI, uwsgi, TCP", "uwsgi", uwsgi, "--uwsgi-socket"),
        behind("uWSGI, FastCGI, unix", "fastcgi-close", uwsgi,
               "--fastcgi-socket", unix=True),
        behind("uWSGI, HTTP, unix", "http-close", uwsgi, "--http-socket",
               unix=True),
        nginx_alone("nginx alone, return 200", f"location / {{ "
                    f"{NGINX_HELLO} }}"),
        direct("wsgimaster alone, HTTP", wsgimaster, "--http-socket",
               "{address}"),
    ]
    return cases_shown([Case("Hello through nginx, clients keep alive", rows,
                             wrk, HELLO)], args)


def tls_rows(tmp):
    """(those that speak TLS by themselves, those behind nginx's)."""
    cert, key = certificate(tmp)
    ours = nginx_tls(cert, key)
    where = ("--https-socket", f"{{address}},{cert},{key}")
    return [
        direct("wsgimaster", wsgimaster, *where, scheme="https"),
        nginx_alone("nginx, return 200", f"location / {{ {NGINX_HELLO} }}",
                    http=ours, listen="ssl", scheme="https"),
        direct("uWSGI", uwsgi, *where, *UWSGI_CLOSES, scheme="https"),
    ], [
        behind("nginx, HTTP kept to wsgimaster, unix", "http", wsgimaster,
               "--http-socket", unix=True, http=ours, listen="ssl",
               scheme="https"),
        behind("nginx, uwsgi to wsgimaster, unix", "uwsgi", wsgimaster,
               "--uwsgi-socket", unix=True, http=ours, listen="ssl",
               scheme="https"),
        behind("nginx, uwsgi to uWSGI, unix", "uwsgi", uwsgi,
               "--uwsgi-socket", unix=True, http=ours, listen="ssl",
               scheme="https"),
    ]


def tls_files(tmp):
    """The rows that serve files over TLS."""
    cert, key = certificate(tmp)
    there = ("--static-map", f"/static={tmp}/static")
    where = ("--https-socket", f"{{address}},{cert},{key}")
    return [
        direct("wsgimaster", wsgimaster, *where, *there, scheme="https"),
        nginx_alone("nginx", f"location /static/ {{ root {tmp}; }}",
                    http=nginx_tls(cert, key), listen="ssl",
                    scheme="https"),
        direct("uWSGI", uwsgi, *where, *there, *UWSGI_CLOSES,
               scheme="https"),
    ]


def tls(tmp, args):
    alone, fronted = tls_rows(tmp)
    size = 10 * MIB
    hello = [row if row.name != "uWSGI" else row.at("/", (CLOSE,))
             for row in alone]
    return cases_shown([
        Case("Hello over TLS, keep-alive", hello + fronted, wrk, HELLO,
             note="uWSGI's https-socket has no keep-alive: a handshake for "
                  "each request."),
        Case("Full handshakes, each with a request", alone,
             client("handshakes", "full"), HELLO, what="handshake"),
        Case("Resumed handshakes, each with a request", alone,
             client("handshakes", "resumed"), HELLO, what="handshake"),
        Case("A file of 10 MiB over TLS, 4 connections",
             [row.at("/static/10m.bin") for row in tls_files(tmp)],
             client("fetch", 4, size), make_file(tmp, "10m.bin", size),
             large=True),
    ], args)


def http2(tmp, args):
    cert, key = certificate(tmp)
    hello = f"location / {{ {NGINX_HELLO} }}"
    h2 = ("--http2",)
    prior = ("--http2-prior-knowledge",)
    ours = ("--https-socket", f"{{address}},{cert},{key}")
    over_tls = [
        direct("wsgimaster", wsgimaster, *ours, scheme="https", flags=h2),
        nginx_alone("nginx, return 200", hello, http=nginx_tls(cert, key),
                    listen="ssl http2", scheme="https", flags=h2)]
    clear = [
        direct("wsgimaster", wsgimaster, "--http-socket", "{address}",
               "--http2-cleartext", flags=prior),
        nginx_alone("nginx, return 200", hello, listen="http2",
                    flags=prior)]
    plain = [
        direct("wsgimaster", wsgimaster, "--http-socket", "{address}"),
        nginx_alone("nginx, return 200", hello)]
    plain_tls = [
        direct("wsgimaster", wsgimaster, *ours, scheme="https"),
        nginx_alone("nginx, return 200", hello, http=nginx_tls(cert, key),
                    listen="ssl", scheme="https")]
    return cases_shown(http2_cases(clear, over_tls, plain, plain_tls), args)


def http2_cases(clear, over_tls, plain, plain_tls):
    """The same 64 requests under way in each table."""
    cases = []
    for title, rows, load in (
            ("h2c, 8 connections of 8 streams", clear, h2load(8, 8)),
            ("h2c, 1 connection of 64 streams", clear, h2load(1, 64)),
            ("HTTP/1.1, 64 connections", plain, h2load(64, 1, "--h1")),
            ("HTTP/2 over TLS, 8 connections of 8 streams", over_tls,
             h2load(8, 8)),
            ("HTTP/1.1 over TLS, 64 connections", plain_tls,
             h2load(64, 1, "--h1"))):
        cases.append(Case(f"Hello, {title}", rows, load, HELLO))
    return cases


def memory_uwsgi(args, tls):
    """uWSGI's ways to have many connections: rows as edge_idle has them."""
    http = ("--http-socket", "{address}")
    rows = [(direct("uWSGI, http router with keep-alive", uwsgi, "--http",
                    "{address}", "--http-keepalive=600", "--socket",
                    "{tmp}/app.sock", plugins=("http",)), True)]
    for name, where, scheme, engine, ask in (
            ("http11-socket, async", ("--http11-socket", "{address}"),
             "http", "async", True),
            ("http11-socket, gevent", ("--http11-socket", "{address}"),
             "http", "gevent", True),
            ("http-socket, async, connected only", http, "http", "async",
             False),
            ("http-socket, gevent, connected only", http, "http", "gevent",
             False),
            ("https-socket, gevent, connected only", tls, "https", "gevent",
             False)):
        plugin = "greenlet" if engine == "async" else engine
        more = ("--greenlet",) if engine == "async" else ()
        rows.append((*(direct(
            f"uWSGI, {name}", uwsgi, *where, f"--{engine}", str(cores), *more,
            *(() if ask else UWSGI_PATIENT), scheme=scheme,
            plugins=(f"{plugin}_python3",))
            for cores in (args.idle + ROOM, ROOM)), ask))
    # (row, does each ask, the row with little room)
    return [(row[0], row[2], row[1]) if len(row) == 3 else row
            for row in rows]


def memory(tmp, args):
    cert, key = certificate(tmp)
    ours = ("--https-socket", f"{{address}},{cert},{key}")
    hello = f"location / {{ {NGINX_HELLO} }}"
    tls = {"http": nginx_tls(cert, key), "listen": "ssl", "scheme": "https"}
    room, few = ({"connections": number} for number in (
        args.idle + ROOM, ROOM))
    rows = [
        (direct("wsgimaster", wsgimaster, "--http-socket", "{address}"),
         True),
        (direct("wsgimaster, connected only", wsgimaster, "--http-socket",
                "{address}"), False),
        (direct("wsgimaster, TLS", wsgimaster, *ours, scheme="https"), True),
        (nginx_alone("nginx", hello, **room), True,
         nginx_alone("nginx", hello, **few)),
        (nginx_alone("nginx, connected only", hello, **room), False,
         nginx_alone("nginx", hello, **few)),
        (nginx_alone("nginx, TLS", hello, **room, **tls), True,
         nginx_alone("nginx, TLS", hello, **few, **tls)),
    ]
    return edge_idle.memory(rows + memory_uwsgi(args, ours), args), []


def idle(tmp, args):
    hello = f"location / {{ {NGINX_HELLO} }}"
    return edge_idle.throughput([
        direct("wsgimaster", wsgimaster, "--http-socket", "{address}"),
        nginx_alone("nginx, return 200", hello)], args)


PART = {"static": static, "gateway": gateway, "tls": tls, "http2": http2,
        "memory": memory, "idle": idle}
