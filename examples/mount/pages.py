"""One of two apps under one server: everything that no other app has."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"The site, path %s\n" % environ["PATH_INFO"].encode("latin-1")]
