"""park by uwsgi.async_sleep(), whole seconds in uWSGI."""
import parking
import uwsgi


def sleep(seconds):
    uwsgi.async_sleep(seconds)
    uwsgi.suspend()


park = parking.app(sleep)
