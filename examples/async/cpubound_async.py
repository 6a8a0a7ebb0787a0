"""uWSGI's tests.cpubound_async: after each piece other requests have a turn.

    wsgimaster --http-socket :8080 -w cpubound_async --async 10 --greenlet
"""


def application(env, start_response):
    start_response('200 OK', [('Content-Type', 'text/html')])
    for i in range(1, 10000):
        yield b"<h1>%d</h1>\n" % i
