"""The Web-SIG mail of Manlio Perillo, 6 May 2008: "all the functions in the
chain have to yield, and is not very good ... The solution is to use
coroutines". Both ways, on his ngx.poll and on suspend()."""
import socket
import threading

import uwsgi


def application(environ, start_response):
    if environ['PATH_INFO'] == '/coroutine':
        return with_coroutine(environ, start_response)
    return with_generators(environ, start_response)


def answers_later():
    ours, other = socket.socketpair()
    threading.Timer(0.2, other.send, [b"result"]).start()
    threading.Timer(0.4, other.close).start()
    return ours


def with_generators(environ, start_response):
    poll = environ['ngx.poll']
    sock = answers_later()
    conn = environ['ngx.connection_wrapper'](sock)
    environ['ngx.poll_register'](conn, environ['ngx.WSGI_POLLIN'])

    def nested():
        while True:
            state = poll(50)            # milliseconds
            yield b''
            if state() is not None:
                yield sock.recv(100)
                return

    start_response('200 OK', [('Content-Type', 'text/plain')])
    for r in nested():
        if not r:
            yield b''
    environ['ngx.poll_unregister'](conn)
    sock.close()
    yield r


def with_coroutine(environ, start_response):
    sock = answers_later()

    def nested():
        uwsgi.wait_fd_read(sock)
        uwsgi.suspend()
        return sock.recv(100)

    result = nested()
    sock.close()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [result]
