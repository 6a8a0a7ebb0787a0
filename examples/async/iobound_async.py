"""Passes on what another server answers: connects, sends and reads with
x-wsgiorg.fdevent, and functions that yield. ORIGIN is HOST:PORT or a path."""
import errno
import os
import socket

ORIGIN = os.environ.get("ORIGIN", "127.0.0.1:80")


def connect():
    """A socket that is being connected, and connect_ex's result."""
    if "/" in ORIGIN:
        sock, address = socket.socket(socket.AF_UNIX), ORIGIN
    else:
        host, port = ORIGIN.rsplit(":", 1)
        sock, address = socket.socket(), (host, int(port))
    sock.setblocking(False)
    return sock, sock.connect_ex(address)


def exchange(env, sock):
    """Asks, and yields what comes until the other side closes."""
    sock.send(b"GET / HTTP/1.0\r\n\r\n")
    while True:
        yield env['x-wsgiorg.fdevent.readable'](sock.fileno(), 10)
        if env['x-wsgiorg.fdevent.timeout']:
            return
        piece = sock.recv(4096)
        if not piece:
            return
        yield piece


def application(env, start_response):
    sock, error = connect()
    with sock:
        if error == errno.EINPROGRESS:
            yield env['x-wsgiorg.fdevent.writable'](sock.fileno(), 10)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if env['x-wsgiorg.fdevent.timeout']:
                error = errno.ETIMEDOUT
        if error not in (0, errno.EISCONN):
            start_response('502 Bad Gateway', [('Content-Type', 'text/plain')])
            yield os.strerror(error).encode()
            return
        start_response('200 OK', [('Content-Type', 'text/plain')])
        yield from exchange(env, sock)
