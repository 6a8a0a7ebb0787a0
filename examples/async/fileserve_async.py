"""Serves the folder FILES: a generator that yields a file wrapper, which
uWSGI's apps do; a client that reads slowly parks the core."""
import mimetypes
import os

FOLDER = os.environ.get("FILES", os.path.dirname(os.path.abspath(__file__)))


def application(environ, start_response):
    name = os.path.basename(environ['PATH_INFO'])
    try:
        file = open(os.path.join(FOLDER, name), 'rb')
    except OSError:
        start_response('404 Not Found', [('Content-Type', 'text/plain')])
        yield b"no such file\n"
        return
    kind = mimetypes.guess_type(name)[0] or 'text/plain'
    start_response('200 OK', [('Content-Type', kind)])
    with file:
        yield environ['wsgi.file_wrapper'](file, 32 * 1024)
