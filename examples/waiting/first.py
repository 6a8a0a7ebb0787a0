"""uWSGI's way to wait for whichever comes first: say what is waited for, then
switch. Two mirrors are asked, and the one that is faster answers."""
import socket
import threading

import uwsgi


def ask(seconds, text):
    """A socket at whose other end somebody takes some time."""
    ours, mirror = socket.socketpair()
    threading.Timer(seconds, mirror.sendall, [text]).start()
    return ours


def fastest(sockets, timeout):
    for sock in sockets:
        uwsgi.wait_fd_read(sock, timeout)
    uwsgi.suspend()                 # others run, until one is ready
    for sock in sockets:
        if sock.fileno() == uwsgi.ready_fd():
            return sock.recv(4096)
    raise TimeoutError("no mirror answers")


def application(environ, start_response):
    mirrors = [ask(0.5, b"the slow one\n"), ask(0.1, b"the fast one\n")]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [fastest(mirrors, 5)]
