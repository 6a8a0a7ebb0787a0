"""Django on PostgreSQL with queries that park their request (Debian's
python3-django). Two things are needed: psycopg2's wait callback, and database
connections that belong to a request.

Django keeps its connections in a thread's local variables, and all requests of
a worker run on one thread: without the second, a request that waits in a
transaction would share it with the next one.
"""
from contextvars import ContextVar
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections, transaction
from django.http import HttpResponse
from django.urls import path

import green        # sets the wait callback


class RequestLocal:
    """Attributes that every request has for itself: it has a context (PEP 567)
    of its own, and the tasks that it starts have copies of that."""

    def __init__(self):
        self.__dict__["_values"] = ContextVar("values")

    def __getattr__(self, name):
        try:
            return self._values.get()[name]
        except LookupError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        try:
            self._values.get()[name] = value
        except LookupError:
            self._values.set({name: value})

    def __delattr__(self, name):
        try:
            del self._values.get()[name]
        except LookupError:
            raise AttributeError(name) from None


def sleep(request):
    """Half a second in a transaction, whose number is asked for twice."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select txid_current()")
        before = cursor.fetchone()[0]
        cursor.execute("select pg_sleep(0.5)")
        cursor.execute("select txid_current()")
        same = before == cursor.fetchone()[0]
    return HttpResponse(f"transaction {before} {same}\n")


urlpatterns = [path("", sleep)]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("PGHOST", ""),
        "USER": os.environ.get("PGUSER", ""),
        "NAME": os.environ.get("PGDATABASE", "postgres"),
    }},
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for the example",
)
django.setup()
connections._connections = RequestLocal()
application = get_wsgi_application()
