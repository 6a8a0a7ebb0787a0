"""Christopher Stawarz's x-wsgiorg.fdevent: an app that does not know its
server, and a middleware that knows nothing of waiting."""
import socket
import threading


def page(environ, start_response):
    readable = environ['x-wsgiorg.fdevent.readable']
    timed_out = environ['x-wsgiorg.fdevent.timeout']
    ours, other = socket.socketpair()
    with ours, other:
        yield readable(ours, 0.2)       # nobody writes: it times out
        first = bool(timed_out)
        threading.Timer(0.1, other.send, [b"hello"]).start()
        yield readable(ours, 5.0)
        second = bool(timed_out)
        start_response('200 OK', [('Content-Type', 'text/plain')])
        yield f"{first} {second} ".encode() + ours.recv(5)


def upper_case(app):
    """Passes empty pieces on, as PEP 3333 wants it; copies the environ."""
    def middleware(environ, start_response):
        return (piece.upper() for piece in app(dict(environ), start_response))
    return middleware


application = upper_case(page)
