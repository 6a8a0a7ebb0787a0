"""Notes every request that it sees, in the file that SMUGGLE_LOG names.

/read reads the body first, /early answers and then reads it, others do not
look at it. The answer is path and query, so that answers can be told apart.
"""
import json
import os

LOG = os.open(os.environ["SMUGGLE_LOG"],
              os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def application(environ, start_response):
    path = environ["PATH_INFO"]
    os.write(LOG, json.dumps({
        "method": environ["REQUEST_METHOD"], "path": path,
        "query": environ.get("QUERY_STRING", ""),
        "by": environ.get("HTTP_X_PROXY", ""),
    }).encode() + b"\n")
    if path == "/read":
        environ["wsgi.input"].read()
    answer = f"{path}?{environ.get('QUERY_STRING', '')}".encode("latin-1")
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(answer)))])
    if path != "/early":
        return [answer]
    return early(environ, answer)


def early(environ, answer):
    yield answer
    environ["wsgi.input"].read()
