"""A body in pieces: after each one the others have a turn, and what a piece
has asked to wait for is waited for."""
import uwsgi


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for n in range(3):
        yield b"line %d\n" % n
        yield uwsgi.async_sleep(0.2)
