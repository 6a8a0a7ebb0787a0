"""Says who asked, as the environ has it, as JSON."""
import json

NAMES = ("REMOTE_ADDR", "REMOTE_PORT", "wsgi.url_scheme", "HTTPS",
         "SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "HTTP_FORWARDED",
         "HTTP_X_REAL_IP")


def application(environ, start_response):
    said = {name: value for name, value in environ.items()
            if name in NAMES or name.startswith("HTTP_X_FORWARDED")}
    body = json.dumps(said).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(body)))])
    return [body]
