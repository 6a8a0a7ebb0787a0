"""Waits for any of three descriptors: three sockets whose other ends are
written to by threads, the second one first."""
import socket
import threading

import uwsgi


def application(env, start_response):
    pairs = [socket.socketpair() for _ in range(3)]
    for (_, other), seconds in zip(pairs, (0.6, 0.2, 0.4)):
        threading.Timer(seconds, other.send, [b"ready"]).start()
    fd0, fd1, fd2 = (ours.fileno() for ours, _ in pairs)
    names = {fd0: b"first", fd1: b"second", fd2: b"third"}

    start_response('200 OK', [('Content-Type', 'text/plain')])
    while names:
        for fd in names:
            uwsgi.wait_fd_read(fd)
        yield b""               # yield the app, let the server do its magic
        yield names.pop(env['uwsgi.ready_fd']) + b" is ready\n"
