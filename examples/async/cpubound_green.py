"""Computes, and lets others run by suspend(): from any depth of plain code, a
piece of the page only now and then."""
import uwsgi


def compute(numbers):
    total = 0
    for number in numbers:
        uwsgi.suspend()
        total += number
    return total


def application(env, start_response):
    start_response('200 OK', [('Content-Type', 'text/html')])
    for hundreds in range(10):
        first = hundreds * 100
        yield b"<h1>%d</h1>\n" % compute(range(first, first + 100))
