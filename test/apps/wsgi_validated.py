"""Apps that wsgiref.validate watches: any breach of PEP 3333 is a 500."""
import warnings
from wsgiref.validate import validator

warnings.simplefilter("error")

PLAIN = [("Content-Type", "text/plain")]


def simple(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"simple"]


def generator(environ, start_response):
    start_response("200 OK", PLAIN)
    for piece in (b"gene", b"", b"rator"):
        yield piece


def writes(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"wri")
    return [b"tes"]


def reads(environ, start_response):
    stream = environ["wsgi.input"]
    parts = [stream.readline(), stream.read(2), b"".join(stream.readlines()),
             stream.read(1)]
    start_response("200 OK", PLAIN)
    return [b"|".join(parts)]


def iterates(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"|".join(list(environ["wsgi.input"]))]


def complains(environ, start_response):
    environ["wsgi.errors"].write("from the validated app\n")
    environ["wsgi.errors"].flush()
    environ["wsgi.errors"].writelines(["and\n", "again\n"])
    start_response("200 OK", PLAIN)
    return [b"complains"]


def empty(environ, start_response):
    start_response("204 No Content", [])
    return []


APPS = {"/": simple, "/generator": generator, "/writes": writes,
        "/reads": reads, "/iterates": iterates, "/complains": complains,
        "/empty": empty}


@validator
def application(environ, start_response):
    return APPS.get(environ["PATH_INFO"], simple)(environ, start_response)
