"""A body in three pieces, with a pause before each; others go on meanwhile."""
import gevent


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for n in range(3):
        gevent.sleep(2)
        yield b"piece %d\n" % n
