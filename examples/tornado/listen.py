"""A Tornado app beside the WSGI app, on a port of its own in each worker."""
import os

from uwsgidecorators import *
import tornado.web

BASE = int(os.environ.get("BASE_PORT", "8000"))


# this is our Tornado-managed app
class MainHandler(tornado.web.RequestHandler):
    def get(self):
        self.write("Hello, world from worker %d" % uwsgi.worker_id())


t_application = tornado.web.Application([
    (r"/", MainHandler),
])


# here happens the magic, we bind after every fork()
@postfork
def start_the_tornado_servers():
    t_application.listen(BASE + uwsgi.worker_id(), "127.0.0.1")


# this is our WSGI callable
def application(e, sr):
    sr("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello from WSGI, worker %d" % uwsgi.worker_id()]
