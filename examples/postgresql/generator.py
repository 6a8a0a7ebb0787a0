"""The same for a server that has no stacks to park: an asynchronous connection
of psycopg2, x-wsgiorg.fdevent, and functions that all have to yield."""
import psycopg2
from psycopg2 import extensions


def finish(environ, connection, timeout=30.0):
    """Yields until what was begun is there."""
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        if state == extensions.POLL_READ:
            yield environ["x-wsgiorg.fdevent.readable"](connection, timeout)
        else:
            yield environ["x-wsgiorg.fdevent.writable"](connection, timeout)
        if environ["x-wsgiorg.fdevent.timeout"]:
            raise psycopg2.OperationalError("the database does not answer")


def application(environ, start_response):
    connection = psycopg2.connect("", async_=True)
    try:
        yield from finish(environ, connection)
        cursor = connection.cursor()
        cursor.execute("select pg_sleep(0.5), version()")
        yield from finish(environ, connection)
        version = cursor.fetchone()[1]
    finally:
        connection.close()
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield f"{version} slept half a second\n".encode()
