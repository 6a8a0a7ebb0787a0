"""Who asks, and how: what the server says about TLS and the client."""

SECRET = "CN=Alice,O=Wonderland"


def application(environ, start_response):
    lines = [
        f"{environ['wsgi.url_scheme']} by {environ.get('SSL_PROTOCOL')}",
        f"asked for {environ.get('SSL_TLS_SNI', 'no name')}",
    ]
    # A certificate counts if the server has verified it, and only then.
    verified = environ.get("SSL_CLIENT_VERIFY") == "SUCCESS"
    who = environ.get("SSL_CLIENT_S_DN") if verified else None
    lines.append(f"client {who or 'without a certificate'}")
    status = "200 OK"
    if environ["PATH_INFO"] == "/secret" and who != SECRET:
        status, lines = "403 Forbidden", ["for Alice only"]
    body = "\n".join(lines + [""]).encode()
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"),
                            ("Content-Length", str(len(body)))])
    return [body]
