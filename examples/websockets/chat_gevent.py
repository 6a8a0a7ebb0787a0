"""uWSGI's websockets_chat_2: greenlets of gevent's receive and send.

    wsgimaster --http-socket 127.0.0.1:8080 --gevent 100 \
        --wsgi-file chat_gevent.py
"""
import gevent
import uwsgi
from gevent.queue import Queue


class Client:
    clients = set()

    def __init__(self):
        uwsgi.websocket_handshake()
        self.context = uwsgi.request_context()
        self.to_send = Queue()

    def receive(self):
        while True:
            message = uwsgi.websocket_recv(request_context=self.context)
            for client in self.clients:
                client.to_send.put(message)

    def send(self):
        while True:
            uwsgi.websocket_send(self.to_send.get(),
                                 request_context=self.context)

    def quiet(self, function):
        try:
            function()
        except uwsgi.WebsocketError:    # it is over
            pass

    def run(self):
        self.clients.add(self)
        jobs = [gevent.spawn(self.quiet, function)
                for function in (self.receive, self.send)]
        gevent.joinall(jobs, count=1)   # until one of them ends
        gevent.killall(jobs)
        self.clients.discard(self)


def application(environ, start_response):
    Client().run()
    return []
