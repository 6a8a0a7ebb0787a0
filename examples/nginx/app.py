"""Shows what nginx has told of the request."""


def application(environ, start_response):
    lines = [f"{name}: {value}\n" for name, value in sorted(environ.items())
             if isinstance(value, str)]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["".join(lines).encode("latin-1")]
