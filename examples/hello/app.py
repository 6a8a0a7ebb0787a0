"""Hello, and what a request can do while others go on.

/          says hello
/sleep     takes two seconds, which costs no worker: only this request waits
/clock     sends a line a second, five times
/environ   shows what the server tells the app
"""
import time

import wsgimaster


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello from wsgimaster\n"]


def sleep(environ, start_response):
    begin = time.monotonic()
    wsgimaster.sleep(2)
    waited = time.monotonic() - begin
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"core {environ.get('uwsgi.core', 0)} waited {waited:.2f} s\n"
            .encode()]


def clock(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(5):
        yield time.strftime("%H:%M:%S\n").encode()
        wsgimaster.sleep(1)


def show_environ(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{key} = {value!r}\n".encode()
            for key, value in sorted(environ.items())]


PAGES = {"/": hello, "/sleep": sleep, "/clock": clock,
         "/environ": show_environ}


def application(environ, start_response):
    page = PAGES.get(environ["PATH_INFO"])
    if page is None:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"No such page\n"]
    return page(environ, start_response)
