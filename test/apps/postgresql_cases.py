"""What a request does with PostgreSQL, a path a case; green.py is the example
examples/postgresql/green.py, whose wait() parks the request."""
import threading
import time

import psycopg2
from psycopg2 import errors, extensions
import uwsgi
import wsgimaster

import green

SHARED = {}


def connect():
    return psycopg2.connect("")


def query(connection, text, *values):
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.fetchone()[0]


def case_sleep():
    """A connection of its own, half a second, and nobody else's answer."""
    connection = connect()
    pid = query(connection, "select pg_backend_pid()")
    begun = time.monotonic()
    slept, same = query(connection, "select array[(select 1 from "
                        "pg_sleep(0.5)), pg_backend_pid()]")
    connection.close()
    return f"slept {same == pid} {time.monotonic() - begun >= 0.49}"


def case_error():
    """An error is the query's; after a rollback the connection goes on."""
    connection = connect()
    try:
        query(connection, "select 1 / %s", 0)
    except errors.DivisionByZero as error:
        told = type(error).__name__
    try:
        query(connection, "select 1")
    except errors.InFailedSqlTransaction:
        told += " failed"
    connection.rollback()
    told += f" {query(connection, 'select 1')}"
    connection.close()
    return told


def case_long():
    """Sleeps until another request cancels it, and is there after that."""
    connection = SHARED["long"] = connect()
    try:
        query(connection, "select pg_sleep(100)")
        told = "not cancelled"
    except extensions.QueryCanceledError:
        connection.rollback()
        told = f"cancelled {query(connection, 'select 2')}"
    del SHARED["long"]
    connection.close()
    return told


def case_running():
    """Does the long one run by now?"""
    if "long" not in SHARED:
        return "no"
    connection = connect()
    state = query(connection, "select count(*) from pg_stat_activity where "
                  "query like '%%pg_sleep(100)%%' and state = 'active' and "
                  "pid = %s", SHARED["long"].info.backend_pid)
    connection.close()
    return "running" if state == 1 else "no"


def case_cancel():
    SHARED["long"].cancel()
    return "done"


def case_kill():
    """The server ends the connection under the one that waits."""
    connection = connect()
    killed = query(connection, "select pg_terminate_backend(%s)",
                   SHARED["long"].info.backend_pid)
    connection.close()
    return str(killed)


def case_mortal():
    connection = SHARED["long"] = connect()
    try:
        query(connection, "select pg_sleep(100)")
    except psycopg2.OperationalError:
        return f"lost {connection.closed != 0}"
    finally:
        del SHARED["long"]


def case_timeout():
    """green.TIMEOUT cancels the query, and the connection is good."""
    connection = connect()
    begun = time.monotonic()
    try:
        query(connection, "select pg_sleep(100)")
    except extensions.QueryCanceledError:
        took = time.monotonic() - begun
        connection.rollback()
        return f"{took >= green.TIMEOUT} {query(connection, 'select 3')}"
    finally:
        connection.close()


def case_silent():
    """A server that accepts and says nothing."""
    try:
        psycopg2.connect(host=SHARED["silent"])
    except psycopg2.OperationalError as error:
        return str(error)


def case_big():
    """Much more than fits into the socket at once, both ways."""
    connection = connect()
    text = "x" * 3000000
    with connection.cursor() as cursor:
        cursor.execute("select length(%s)", (text,))
        length = cursor.fetchone()[0]
        cursor.execute("select repeat('y', 100) from generate_series(1, %s)",
                       (50000,))
        rows = sum(len(row[0]) for row in cursor)
    connection.close()
    return f"{length} {rows}"


def case_registered():
    """The app's own descriptors: the callback waits for the database only
    when it uses wait(), which does not touch what was registered."""
    import os
    reader, writer = os.pipe()
    extensions.set_wait_callback(wait_at_once)
    try:
        uwsgi.wait_fd_read(reader, 5)
        connection = connect()
        one = query(connection, "select 1")
        connection.close()
        os.write(writer, b"x")
        uwsgi.suspend()
        return f"{one} {uwsgi.ready_fd() == reader}"
    finally:
        extensions.set_wait_callback(green.wait)
        os.close(reader)
        os.close(writer)


def wait_at_once(connection):
    """The same by wsgimaster.wait(), which works in threads too."""
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        if not wsgimaster.wait(connection,
                               "r" if state == extensions.POLL_READ else "w",
                               30):
            raise psycopg2.OperationalError("timeout")


def case_thread():
    extensions.set_wait_callback(wait_at_once)
    told = []

    def work():
        connection = connect()
        told.append(query(connection, "select 4 from pg_sleep(0.2)"))
        connection.close()
    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        wsgimaster.sleep(0.02)
    extensions.set_wait_callback(green.wait)
    return str(told)


def application(environ, start_response):
    SHARED["silent"] = environ["QUERY_STRING"]
    case = environ["PATH_INFO"].strip("/").replace("-", "_")
    body = globals()["case_" + case]()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode() + b"\n"]
