"""A line every fifth of a second; the core is parked between them."""
import uwsgi


def application(env, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    for i in range(5):
        yield b"line %d\n" % i
        yield uwsgi.async_sleep(0.2)
