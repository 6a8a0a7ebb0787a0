"""GET /names: every name of the module that is there, in a request."""
import json
import re
import socket

import uwsgi

# What the app may assign, and what is called then.
CALLED = []
uwsgi.after_req_hook = lambda: CALLED.append(uwsgi.current_request_id())


def noted(environ):
    """What the access line shows, and what is read back."""
    uwsgi.set_logvar("who", environ["QUERY_STRING"])
    uwsgi.set_logvar("who", "me and \"you\"\n")
    uwsgi.add_var("ADDED", "a var")
    if environ["QUERY_STRING"] == "log":
        uwsgi.log_this_request()
    return uwsgi.get_logvar("who")


def asked(path, request=b""):
    """What the statistics' socket says."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return client.makefile("rb").read()


def metered(number):
    return uwsgi.metric_get("socket.%d.listen_queue" % number)


def queued(port, path, stats):
    """Of both sockets, while clients come that nobody accepts."""
    clients = [socket.create_connection(("127.0.0.1", int(port)))
               for _ in range(2)]
    for client in clients:
        client.sendall(b"G")    # one that says nothing is not counted
    lengths = [uwsgi.listen_queue(1)]
    for _ in range(3):
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].connect(path)
        lengths.append(uwsgi.listen_queue(1))
    told = json.loads(asked(stats))
    scraped = asked(stats, b"GET /metrics HTTP/1.0\r\n\r\n").decode()
    of_each = [[uwsgi.listen_queue(i), metered(i), socket_told["queue"],
                told["metrics"]["socket.%d.listen_queue" % i]["value"],
                int(re.search(r'_listen_queue_length{listener="%s"} (\d+)' %
                              re.escape(socket_told["name"]), scraped)[1])]
               for i, socket_told in enumerate(told["sockets"])]
    for client in clients:
        client.close()
    return repr([lengths, of_each, told["listen_queue"], metered(2),
                 [s["max_queue"] for s in told["sockets"]]]).encode()


def application(environ, start_response):
    path = environ["PATH_INFO"]
    uwsgi.start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/names":
        there = [name for name in list(dir(uwsgi)) + ["env", "start_response"]
                 if hasattr(uwsgi, name)]
        return [json.dumps(there).encode()]
    if path == "/noted":
        return [noted(environ)]
    if path == "/called":
        return [f"{len(CALLED)} {len(set(CALLED) - {None})}".encode()]
    if path == "/alarm":
        for _ in range(3):
            uwsgi.alarm("both", "it burns\n")
        uwsgi.alarm(b"both", b"another")
        uwsgi.alarm("nobody", "x")
        return [b"told"]
    if path == "/queue":
        return [queued(*environ["QUERY_STRING"].split("&"))]
    if path == "/fails":
        raise ValueError("on purpose")
    return [repr((uwsgi.mode, uwsgi.pidfile, uwsgi.unbit,
                  uwsgi.applications)).encode()]
