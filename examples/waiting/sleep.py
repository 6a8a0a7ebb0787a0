"""A request that waits: it holds a core, and no process."""
import wsgimaster


def application(environ, start_response):
    wsgimaster.sleep(2)             # this request waits, others run
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"two seconds later\n"]
