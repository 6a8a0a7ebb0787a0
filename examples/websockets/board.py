"""uWSGI's websockets.py: one queue of gevent's for all who are connected.

What somebody sends is put into the queue, and whoever is idle next takes it
out and sends it to his client. So each message comes to one of them.

    wsgimaster --http-socket 127.0.0.1:8080 --gevent 100 --wsgi-file board.py
"""
import gevent.socket
import uwsgi
from gevent.queue import Empty, JoinableQueue
from gevent.socket import wait_read

QUEUE = JoinableQueue()
PAGE = """<!doctype html><title>Board</title>
<form onsubmit="s.send(t.value); t.value = ''; return false">
<input id="t" autofocus><button>Send</button></form><pre id="b"></pre><script>
var s = new WebSocket("%s://%s/board/");
s.onopen = () => s.send("hello");
s.onmessage = async e => b.textContent += await new Response(e.data).text() + "\\n";
s.onclose = () => b.textContent += "closed\\n";
</script>
"""


def application(environ, start_response):
    if environ["PATH_INFO"] == "/":
        scheme = "wss" if environ["wsgi.url_scheme"] == "https" else "ws"
        start_response("200 OK", [("Content-Type", "text/html")])
        return [(PAGE % (scheme, environ["HTTP_HOST"])).encode()]
    if environ["PATH_INFO"] != "/board/":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"nothing here\n"]
    uwsgi.websocket_handshake(environ["HTTP_SEC_WEBSOCKET_KEY"],
                              environ.get("HTTP_ORIGIN", ""))
    while True:
        message = uwsgi.websocket_recv_nb()
        if message:
            QUEUE.put(message)
            continue
        try:
            wait_read(uwsgi.connection_fd(), 0.1)
        except gevent.socket.timeout:
            try:
                uwsgi.websocket_send(QUEUE.get_nowait())
            except Empty:
                pass
