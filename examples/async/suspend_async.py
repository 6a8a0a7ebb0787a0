"""Waiting deep inside of plain functions: suspend() parks the whole stack."""
import socket
import threading

import uwsgi


class Database:
    """Stands for a driver with a socket of its own."""

    def __init__(self):
        self.sock, self.server = socket.socketpair()

    def query(self, text):
        threading.Timer(0.2, self.server.send, [text.upper()]).start()
        return self.read()

    def read(self):
        uwsgi.wait_fd_read(self.sock.fileno(), 5)
        uwsgi.suspend()
        if uwsgi.ready_fd() != self.sock.fileno():
            raise TimeoutError("the database does not answer")
        return self.sock.recv(4096)

    def close(self):
        self.sock.close()
        self.server.close()


def application(env, start_response):
    database = Database()
    try:
        answer = b" ".join(database.query(word) for word in (b"one", b"two"))
    finally:
        database.close()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [answer]
