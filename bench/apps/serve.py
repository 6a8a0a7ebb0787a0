"""Starts a WSGI server that is a library: serve.py NAME PORT MODULE:CALLABLE.

NAME is gevent or waitress.
"""
import importlib
import os
import socket
import sys


def listener(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # gevent.pywsgi sends head and body apart and never sets this: without it
    # Nagle and delayed ACK make every keep-alive response take 40 ms.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(1024)
    sock.setblocking(False)
    return sock


def main():
    name, port, target = sys.argv[1:4]
    module, _, attribute = target.partition(":")
    app = getattr(importlib.import_module(module), attribute)
    if name == "gevent":
        from gevent.pywsgi import WSGIServer
        WSGIServer(listener(int(port)), app, log=None,
                   error_log=None).serve_forever()
    elif name == "waitress":
        import waitress
        waitress.serve(app, sockets=[listener(int(port))],
                       threads=int(os.environ.get("BENCH_THREADS", "4")),
                       backlog=1024, connection_limit=2000, _quiet=True)
    else:
        sys.exit(f"serve.py: unknown server {name!r}")


if __name__ == "__main__":
    main()
