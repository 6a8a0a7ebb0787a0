"""Says who asks, as the PROXY protocol has told the server."""


def application(environ, start_response):
    body = "{REMOTE_ADDR} port {REMOTE_PORT} to port {SERVER_PORT}\n".format(
        **environ).encode()
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
