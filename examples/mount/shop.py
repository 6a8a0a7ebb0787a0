"""One of two apps under one server: what is below /shop."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"The shop, at %s; the rest of the path is %s\n" % (
        environ["SCRIPT_NAME"].encode("latin-1"),
        environ["PATH_INFO"].encode("latin-1") or b"empty")]
