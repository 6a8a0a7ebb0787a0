"""Websockets by path; the checks are test/clients/websocket_checks.py.

What an app learns of a websocket's end is a line in the file $NOTES:
PATH CODE REASON.
"""
import os
import threading
import time
from urllib.parse import parse_qs

import uwsgi
import wsgimaster

NOTES = os.environ.get("NOTES", "/dev/null")
CASES = {}
OPEN = {}                   # name -> request_context()


def case(function):
    CASES["/" + function.__name__] = function
    return function


def note(*words):
    with open(NOTES, "a") as notes:
        print(*words, file=notes)


@case
def echo(environ, options):
    while True:
        uwsgi.websocket_send(uwsgi.websocket_recv())


@case
def echo_binary(environ, options):
    while True:
        uwsgi.websocket_send_binary(uwsgi.websocket_recv())


@case
def nb(environ, options):
    """recv_nb once for each time that the descriptor can be read."""
    fd = uwsgi.connection_fd()
    while True:
        if not wsgimaster.wait(fd, "r", 30):
            note("/nb", "nothing came")
        message = uwsgi.websocket_recv_nb()
        if message:
            uwsgi.websocket_send(message)


@case
def drain_nb(environ, options):
    """recv_nb finds what came together, without a look at the descriptor."""
    first = uwsgi.websocket_recv()
    found = [first]
    end = time.monotonic() + 30
    while len(found) < 20 and time.monotonic() < end:
        message = uwsgi.websocket_recv_nb()
        if message:
            found.append(message)
        else:
            wsgimaster.sleep(0.01)
    uwsgi.websocket_send(b",".join(found))
    uwsgi.websocket_recv()


@case
def timeout(environ, options):
    try:
        uwsgi.websocket_recv(timeout=0.05)
    except TimeoutError as error:
        assert not isinstance(error, wsgimaster.WebsocketError)
        uwsgi.websocket_send("timed out")
    uwsgi.websocket_send(uwsgi.websocket_recv(timeout=30))


@case
def close(environ, options):
    uwsgi.websocket_close(int(options["code"]), options.get("reason", ""))
    try:
        uwsgi.websocket_send("too late")
    except OSError as error:
        note("/close", str(error))
    uwsgi.websocket_recv()


@case
def returns(environ, options):
    uwsgi.websocket_send("bye")
    return {"str": "", "none": None, "bytes": b"", "list": [b"x"],
            "strs": ["x"]}[options["what"]]


@case
def generator(environ, options):
    def body():
        uwsgi.websocket_send(uwsgi.websocket_recv())
        yield b"not sent"
        uwsgi.websocket_send("second")
    return body()


@case
def fails(environ, options):
    raise ValueError("on purpose")


@case
def thread(environ, options):
    """A thread of the app's sends, by the request's context."""
    context = uwsgi.request_context()

    def run():
        for i in range(20):
            uwsgi.websocket_send(f"from a thread {i}",
                                 request_context=context)
    sender = threading.Thread(target=run, daemon=True)
    sender.start()
    uwsgi.websocket_recv()          # the client's word that it has all
    try:
        uwsgi.websocket_recv()
    finally:
        sender.join(30)

        def late():
            try:
                uwsgi.websocket_send("late", request_context=context)
            except OSError as error:
                note("/thread", str(error))
        late = threading.Thread(target=late)
        late.start()
        end = time.monotonic() + 30
        while late.is_alive() and time.monotonic() < end:
            wsgimaster.sleep(0.01)


@case
def in_turn(environ, options):
    """A thread and the request send by turns, each after the other."""
    context = uwsgi.request_context()

    def send(i):
        uwsgi.websocket_send(f"thread {i}", request_context=context)
    for i in range(50):
        sender = threading.Thread(target=send, args=(i,))
        sender.start()
        sender.join()
        uwsgi.websocket_send(f"request {i}")
    sender = threading.Thread(target=send, args=("last",))
    sender.start()
    sender.join()


@case
def last_words(environ, options):
    """A thread fills the queue, and closes then."""
    context = uwsgi.request_context()

    def run():
        for i in range(100):
            while True:
                try:
                    uwsgi.websocket_send(f"{i:02}" + "x" * 60000,
                                         request_context=context)
                    break
                except BlockingIOError:
                    time.sleep(0.01)
        uwsgi.websocket_close(4002, "all said", request_context=context)
    sender = threading.Thread(target=run)
    sender.start()
    try:
        uwsgi.websocket_recv()
    finally:
        while sender.is_alive():
            wsgimaster.sleep(0.01)


@case
def left_behind(environ, options):
    """The request is over while a thread, or a greenlet, of its receives."""
    context = uwsgi.request_context()

    def run():
        OPEN["receives"] = True
        try:
            uwsgi.websocket_recv(request_context=context)
        except OSError as error:
            note("/left_behind", str(error))
    if "by" in options:
        import gevent
        gevent.spawn(run)
    else:
        threading.Thread(target=run, daemon=True).start()
    while "receives" not in OPEN:
        wsgimaster.sleep(0.01)
    wsgimaster.sleep(0.2)


@case
def flood(environ, options):
    """Sends much to who reads slowly; says how much was on its way."""
    piece = "x" * 10000
    for i in range(int(options["pieces"])):
        uwsgi.websocket_send(piece)
    note("/flood", "sent")
    uwsgi.websocket_recv()


@case
def impatient(environ, options):
    """A full queue, and a limit for each send."""
    piece, sent = b"x" * 60000, 0
    try:
        while sent < 500:
            uwsgi.websocket_send_binary(piece, timeout=0.1)
            sent += 1
    except TimeoutError as error:
        note("/impatient", str(error))
    uwsgi.websocket_recv()


@case
def beside(environ, options):
    """Full for somebody who cannot wait in this request's name."""
    OPEN["beside"] = uwsgi.request_context()
    uwsgi.websocket_recv()


@case
def fill(environ, options):
    while "beside" not in OPEN:     # it has the handshake behind it, at least
        wsgimaster.sleep(0.01)
    context, sent = OPEN["beside"], 0
    try:
        while sent < 500:
            uwsgi.websocket_send_binary(b"x" * 60000,
                                        request_context=context)
            sent += 1
    except BlockingIOError as error:
        uwsgi.websocket_send(str(error))
    uwsgi.websocket_recv()


@case
def full(environ, options):
    """A thread has filled the queue of who reads nothing."""
    context = uwsgi.request_context()

    def run():
        try:
            while True:
                uwsgi.websocket_send("x" * 60000, request_context=context,
                                     timeout=0.1)
        except (TimeoutError, BlockingIOError):
            note("/full", "full")
    threading.Thread(target=run, daemon=True).start()
    uwsgi.websocket_recv()


@case
def text(environ, options):
    """What text may be."""
    uwsgi.websocket_send("h\u00e4")
    uwsgi.websocket_send(b"h\xc3\xa4")
    uwsgi.websocket_send(bytearray(b"array"))
    uwsgi.websocket_send_binary(memoryview(b"view"))
    for message in (b"\xff", "\ud800"):
        try:
            uwsgi.websocket_send(message)
        except ValueError as error:
            uwsgi.websocket_send(type(error).__name__)
    uwsgi.websocket_recv()


@case
def area(environ, options):
    """Bytes of a shared area, as they were when they were sent."""
    uwsgi.sharedarea_write(0, 100, b"h\xc3\xa4\xff")
    uwsgi.websocket_send_from_sharedarea(0, 100, 3)
    uwsgi.websocket_send_binary_from_sharedarea(0, 100, 4)
    uwsgi.websocket_send_binary_from_sharedarea(0, 4090)
    uwsgi.sharedarea_write(0, 100, b"xxxx")
    for pos, length in ((100, 4097), (4096, 0)):
        try:
            uwsgi.websocket_send_binary_from_sharedarea(0, pos, length)
        except ValueError as error:
            uwsgi.websocket_send(str(error))
    uwsgi.sharedarea_write(0, 0, b"\xff")
    try:
        uwsgi.websocket_send_from_sharedarea(0, 0, 1)
    except ValueError as error:
        uwsgi.websocket_send(str(error))
    uwsgi.websocket_recv()


@case
def sleeps(environ, options):
    """Pings are answered though the app does something else."""
    wsgimaster.sleep(float(options["for"]))
    uwsgi.websocket_send("awake")
    uwsgi.websocket_recv()


@case
def parked(environ, options):
    """Nobody receives: the app waits for something else."""
    OPEN["parked"] = True
    try:
        wsgimaster.sleep(60)
    except wsgimaster.ClientGone:
        note("/parked", "told")
        raise


@case
def holds(environ, options):
    uwsgi.lock()
    try:
        uwsgi.websocket_send("held")
        uwsgi.websocket_recv()
    finally:
        uwsgi.unlock()


@case
def locked(environ, options):
    """The app waits for a lock that another request has."""
    uwsgi.websocket_send("locks")
    try:
        uwsgi.lock()
        uwsgi.unlock()
    except wsgimaster.ClientGone:
        note("/locked", "told")
        raise


@case
def harakiri(environ, options):
    uwsgi.set_user_harakiri(float(options["after"]))
    uwsgi.websocket_recv()


def protocols(environ):
    """What the app chooses."""
    wanted = parse_qs(environ["QUERY_STRING"]).get("proto")
    return {"proto": wanted[0]} if wanted else {}


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/plain":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"plain\n"]
    if path == "/context":      # another request's is no good any more
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            uwsgi.websocket_send("x", request_context=OPEN["beside"])
        except OSError as error:
            return [f"{type(error).__name__}: {error}\n".encode()]
        return [b"sent\n"]
    if path == "/answers":      # the app answers what is no websocket
        try:
            uwsgi.websocket_handshake()
        except OSError as error:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [f"{error.status} {error.reason}\n".encode()]
    options = {key: values[0] for key, values in
               parse_qs(environ["QUERY_STRING"]).items()}
    if path == "/origin":
        uwsgi.websocket_handshake(None, options["origin"])
        path = "/echo"
    else:
        uwsgi.websocket_handshake(**protocols(environ))
    try:
        return CASES[path](environ, options)
    except wsgimaster.WebsocketError as error:
        note(path, error.code, error.reason, str(error))
        if "catch" in options:
            return []
        raise
