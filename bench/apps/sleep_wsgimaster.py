"""sleep50 and park on wsgimaster's cores."""
import parking
import wsgimaster


def sleep50(environ, start_response):
    wsgimaster.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "5")])
    return [b"slept"]


park = parking.app(wsgimaster.sleep)
