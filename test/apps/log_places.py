"""An app that logs and prints, and may become another user in its workers."""
import os
import sys

import wsgimaster


def become_nobody():
    if os.environ.get("WORKERS_ARE_NOBODY"):
        os.setgid(65534)
        os.setuid(65534)


wsgimaster.post_fork_hook = become_nobody


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/uid":
        text = str(os.getuid())
    elif path == "/print":
        print("printed %s" % environ["QUERY_STRING"], flush=True)
        print("complained", file=sys.stderr, flush=True)
        text = "printed"
    elif path == "/lines":
        environ["wsgi.errors"].write("first\tline %s\n" % ("l" * 20000))
        text = "logged"
    elif path == "/raise":
        raise ValueError("raised on purpose")
    elif path == "/sleep":
        wsgimaster.sleep(float(environ["QUERY_STRING"]))
        text = "slept"
    else:
        text = "hello"
    start_response("404 Not Found" if path == "/none" else "200 OK",
                   [("Content-Type", "text/plain"),
                    ("Content-Length", str(len(text)))])
    return [text.encode()]
