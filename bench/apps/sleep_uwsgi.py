"""sleep50 on uWSGI's own async loop (--async N with a suspend engine).

uwsgi.async_sleep() drops the fraction of a second, so the 50 ms come from a
timerfd that uwsgi.wait_fd_read() waits for.
"""
import timerfd
import uwsgi


def sleep50(environ, start_response):
    fd = timerfd.take()
    uwsgi.wait_fd_read(fd, 5)
    uwsgi.suspend()
    timerfd.give(fd)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]
