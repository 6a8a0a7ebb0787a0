"""psycopg2 under the built-in engine: a query parks its request, not the
worker. The app's code stays as it is; psycopg2 asks wait() to wait for it.

Who connects to what is said by libpq's variables: PGHOST, PGUSER, PGDATABASE.
"""
import os

import psycopg2
from psycopg2 import extensions
import uwsgi

# Seconds that the database may take for the next step of anything.
TIMEOUT = float(os.environ.get("PG_TIMEOUT", "30"))


def wait(connection):
    """Waits for what psycopg2 has begun: to connect, or a query's result."""
    cancelled = False
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        if state == extensions.POLL_READ:
            uwsgi.wait_fd_read(connection, TIMEOUT)
        elif state == extensions.POLL_WRITE:
            uwsgi.wait_fd_write(connection, TIMEOUT)
        else:
            raise psycopg2.OperationalError(f"poll() gave {state}")
        uwsgi.suspend()
        if uwsgi.ready_fd() != -1:
            continue
        # Too late. A query is cancelled, so that its connection can be used
        # on; when even that does not help, psycopg2 closes the connection.
        active = connection.info.transaction_status
        if cancelled or active != extensions.TRANSACTION_STATUS_ACTIVE:
            raise psycopg2.OperationalError("the database does not answer")
        connection.cancel()
        cancelled = True


extensions.set_wait_callback(wait)


def application(environ, start_response):
    connection = psycopg2.connect("")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("select pg_sleep(0.5), version()")
            version = cursor.fetchone()[1]
    finally:
        connection.close()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{version} slept half a second\n".encode()]
