"""The uwsgi module's async functions, as apps use them; answers are JSON."""
import errno
import json
import os
import socket
import threading
import time

import uwsgi

PAIRS = {}                  # name -> (ours, the other end)
PAIRS_LOCK = threading.Lock()
NOTES = []
SPINS = [0]
VIEWS = {}
READABLE = "x-wsgiorg.fdevent.readable"
WRITABLE = "x-wsgiorg.fdevent.writable"
TIMEOUT = "x-wsgiorg.fdevent.timeout"


def view(function):
    VIEWS["/" + function.__name__.replace("_", "-")] = function
    return function


def begin(start_response, kind="application/json"):
    start_response("200 OK", [("Content-Type", kind)])


def say(start_response, value):
    begin(start_response)
    return [json.dumps(value).encode()]


def error_of(function, *args):
    try:
        return repr(function(*args))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def pair(name):
    """The same for all who ask. Nothing is waited for with the lock."""
    with PAIRS_LOCK:
        if name not in PAIRS:
            ours, other = socket.socketpair()
            ours.setblocking(False)
            other.setblocking(False)
            PAIRS[name] = (ours, other)
        return PAIRS[name]


def full(sock):
    """Writes until nothing more fits."""
    try:
        while True:
            sock.send(b"x" * 65536)
    except BlockingIOError:
        pass


@view
def poke(environ, start_response):
    """Makes a pair's end readable."""
    for name in environ["QUERY_STRING"].split(","):
        pair(name)[1].send(b"poked")
    return say(start_response, True)


@view
def read(environ, start_response):
    """Makes a pair's end unreadable again."""
    return say(start_response, len(pair(environ["QUERY_STRING"])[0].recv(99)))


@view
def drain(environ, start_response):
    """Makes a pair's end writable again."""
    other = pair(environ["QUERY_STRING"])[1]
    while True:
        try:
            other.recv(1 << 20)
        except BlockingIOError:
            return say(start_response, True)


@view
def notes(environ, start_response):
    return say(start_response, NOTES)


@view
def registers(environ, start_response):
    """Nothing waits before suspend(); everything gives b''."""
    ours, _ = pair("registers")
    begun = time.monotonic()
    told = [uwsgi.wait_fd_read(ours.fileno()), uwsgi.wait_fd_write(ours, 5),
            uwsgi.wait_fd_read(ours, None), uwsgi.wait_fd_read(ours, -3),
            uwsgi.async_sleep(0.25), uwsgi.async_sleep(0)]
    took = time.monotonic() - begun
    before = uwsgi.ready_fd()
    suspended = uwsgi.suspend()
    return say(start_response, [
        all(one == b"" for one in told), took < 0.2, before, suspended,
        uwsgi.ready_fd() == ours.fileno(),
        environ.get("uwsgi.ready_fd", ours.fileno()) == ours.fileno()])


@view
def waits(environ, start_response):
    """?name,name..=seconds: waits until any can be read, by suspend()."""
    names, _, seconds = environ["QUERY_STRING"].partition("=")
    numbers = {}
    for name in names.split(","):
        numbers[pair(name)[0].fileno()] = name
        uwsgi.wait_fd_read(pair(name)[0], float(seconds or 0))
    begun = time.monotonic()
    uwsgi.suspend()
    return say(start_response, [
        numbers.get(uwsgi.ready_fd()), time.monotonic() - begun,
        bool(environ.get(TIMEOUT)), environ["uwsgi.ready_fd"] is None])


@view
def waits_by_yield(environ, start_response):
    """The same by yield, through a copy of environ and by fdevent."""
    names, _, seconds = environ["QUERY_STRING"].partition("=")
    copy = dict(environ)
    numbers = {}
    for name in names.split(","):
        numbers[pair(name)[0].fileno()] = name
        token = copy[READABLE](pair(name)[0], float(seconds or 0))
    begun = time.monotonic()
    begin(start_response)
    yield token
    timeout = copy[TIMEOUT]
    yield json.dumps([
        numbers.get(environ["uwsgi.ready_fd"]), time.monotonic() - begun,
        bool(timeout), timeout == True, timeout == None,    # noqa: E711,E712
        uwsgi.ready_fd() == -1 or numbers[uwsgi.ready_fd()]]).encode()


@view
def writable(environ, start_response):
    """Waits until a full socket can be written; or read, on the same fd."""
    ours, _ = pair("full")
    full(ours)
    uwsgi.wait_fd_read(ours, 20)
    uwsgi.wait_fd_write(ours, 20)
    uwsgi.suspend()
    return say(start_response, [uwsgi.ready_fd() == ours.fileno(),
                                bool(environ[TIMEOUT])])


@view
def one_shot(environ, start_response):
    """A wait's descriptors are forgotten after it."""
    ours, other = socket.socketpair()
    with ours, other:
        other.send(b"x")
        uwsgi.wait_fd_read(ours)
        uwsgi.suspend()
        first = uwsgi.ready_fd() == ours.fileno()
        uwsgi.suspend()
        second = uwsgi.ready_fd()
        uwsgi.async_sleep(0.05)
        uwsgi.suspend()
        return say(start_response, [first, second, uwsgi.ready_fd(),
                                    bool(environ[TIMEOUT])])


@view
def sleeps(environ, start_response):
    """Sleeps by async_sleep and suspend()."""
    seconds = float(environ["QUERY_STRING"])
    begun = time.monotonic()
    uwsgi.async_sleep(seconds)
    uwsgi.suspend()
    return say(start_response, time.monotonic() - begun)


@view
def sleeps_by_yield(environ, start_response):
    seconds = float(environ["QUERY_STRING"])
    begin(start_response)
    begun = time.monotonic()
    yield uwsgi.async_sleep(seconds)
    yield json.dumps(time.monotonic() - begun).encode()


@view
def sleeps_in_list(environ, start_response):
    """A list that was made with waits in it waits, too."""
    begin(start_response)
    return [uwsgi.async_sleep(0.2), json.dumps("slept").encode()]


@view
def errors(environ, start_response):
    """Bad arguments."""
    ours, other = socket.socketpair()
    number = ours.fileno()
    ours.close()
    other.close()
    told = [error_of(uwsgi.wait_fd_read, number),
            error_of(uwsgi.wait_fd_write, -1),
            error_of(uwsgi.wait_fd_read, "x"),
            error_of(uwsgi.wait_fd_read, 0, "x"),
            error_of(uwsgi.wait_fd_read, 0, float("nan")),
            error_of(uwsgi.wait_fd_read, 1 << 40),
            error_of(uwsgi.async_sleep, "x")]
    return say(start_response, told)


@view
def outside(environ, start_response):
    """In a thread there is no request."""
    told = []

    def run():
        told.append(error_of(uwsgi.connection_fd))
        told.append(error_of(uwsgi.recv))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return say(start_response, told + LOADED)


LOADED = [error_of(uwsgi.suspend), error_of(uwsgi.async_sleep, 1)]


@view
def child(environ, start_response):
    """A greenlet that the request has started waits."""
    import greenlet

    def run():
        uwsgi.wait_fd_read(pair("child")[0])
        uwsgi.suspend()
        return uwsgi.ready_fd() == pair("child")[0].fileno()
    return say(start_response, greenlet.greenlet(run).switch())


@view
def count(environ, start_response):
    """?name=pieces: notes each piece, so that the order can be seen. An empty
    one gives up the turn."""
    name, _, pieces = environ["QUERY_STRING"].partition("=")
    begin(start_response, "text/plain")
    for _ in range(int(pieces)):
        NOTES.append(name)
        yield b""


@view
def suspends(environ, start_response):
    """The same by suspend(), from deep inside."""
    name, _, rounds = environ["QUERY_STRING"].partition("=")
    for _ in range(int(rounds)):
        NOTES.append(name)
        uwsgi.green_schedule()
    return say(start_response, "done")


@view
def clear(environ, start_response):
    told, NOTES[:] = NOTES[:], []
    return say(start_response, told)


@view
def spins(environ, start_response):
    """A generator without end, until told to."""
    pair("spin")
    begin(start_response, "text/plain")
    while True:
        SPINS[0] += 1
        try:
            PAIRS["spin"][0].recv(99)
            return
        except BlockingIOError:
            yield b"spin"


@view
def spun(environ, start_response):
    """How often the generators above went round."""
    return say(start_response, SPINS[0])


@view
def closed_while_waiting(environ, start_response):
    """?how: waits for what another request closes."""
    ours, _ = pair("close")
    PAIRS["close-number"] = ours.fileno()
    try:
        uwsgi.wait_fd_read(ours)
        uwsgi.suspend()
        told = "ready"
    except OSError as error:
        told = errno.errorcode[error.errno]
    return say(start_response, told)


@view
def closed_by_yield(environ, start_response):
    ours, _ = pair("close")
    begin(start_response)
    try:
        yield uwsgi.wait_fd_read(ours)
        told = "ready"
    except OSError as error:
        told = errno.errorcode[error.errno]
    yield json.dumps(told).encode()


@view
def is_pair(environ, start_response):
    return say(start_response, environ["QUERY_STRING"] in PAIRS)


@view
def close_it(environ, start_response):
    """Closes it; its number is free then."""
    ours, other = PAIRS.pop("close")
    number = ours.detach()
    if environ["QUERY_STRING"] == "uwsgi":
        uwsgi.close(number)
    else:
        os.close(number)
    other.close()
    return say(start_response, number)


@view
def ngx(environ, start_response):
    """Perillo's poll: two connections, both directions, a timeout."""
    told = []
    (one, one_end), (two, two_end) = socket.socketpair(), socket.socketpair()
    read, write = environ["ngx.WSGI_POLLIN"], environ["ngx.WSGI_POLLOUT"]
    poll = environ["ngx.poll"]
    conns = [environ["ngx.connection_wrapper"](fd)
             for fd in (one.fileno(), two)]
    told.append([conn.fileno() for conn in conns] ==
                [one.fileno(), two.fileno()])
    begin(start_response)
    environ["ngx.poll_register"](conns[0], read)
    environ["ngx.poll_register"](conns[1], read)
    state = poll(50)
    told.append(error_of(state))
    yield b""
    told.append(state())
    two_end.send(b"x")
    for _ in range(2):          # what is registered stays so
        state = poll(5000)
        yield b""
        conn, flags = state()
        told.append([conns.index(conn), flags])
    environ["ngx.poll_unregister"](conns[1])
    told.append(error_of(environ["ngx.poll_unregister"], conns[1]))
    told.append(error_of(environ["ngx.poll_register"], one.fileno(), read))
    told.append(error_of(environ["ngx.poll_register"], conns[0], 2))
    environ["ngx.poll_register"](conns[0], read | write)
    state = poll(-1)
    yield b""
    told.append(state()[1])
    environ["ngx.poll_unregister"](conns[0])
    begun = time.monotonic()
    environ["ngx.sleep"](100)
    yield b""
    told.append(0.099 < time.monotonic() - begun < 5)
    state = poll(0)
    yield b""
    told.append(state())
    for sock in (one, one_end, two, two_end):
        sock.close()
    yield json.dumps(told).encode()


@view
def keys(environ, start_response):
    return say(start_response, sorted(
        key for key in environ if key.startswith(("ngx.", "x-wsgiorg."))))


@view
def leaves_registered(environ, start_response):
    """What was noted and not waited for is dropped with the request."""
    uwsgi.wait_fd_read(pair("never")[0])
    uwsgi.async_sleep(30)
    begin(start_response, "text/plain")
    return b"left"


@view
def connects(environ, start_response):
    """?address: connects, asks, and reads to the end."""
    fd = uwsgi.connect(environ["QUERY_STRING"], 5)
    if fd == -1:
        return say(start_response, -1)
    sent = uwsgi.send(fd, b"hello\n")
    connected = uwsgi.is_connected(fd)
    parts = []
    while True:
        part = uwsgi.recv(fd, 3)
        if part is None:
            break
        parts.append(part)
    gone = uwsgi.is_connected(fd)
    return say(start_response, [
        sent, connected, b"".join(parts).decode(), max(map(len, parts)), gone,
        uwsgi.close(fd), error_of(uwsgi.close, fd)])


@view
def connects_slowly(environ, start_response):
    """The documents' way: async_connect, wait_fd_write, is_connected."""
    fd = uwsgi.async_connect(environ["QUERY_STRING"])
    if fd == -1:
        return say(start_response, -1)
    uwsgi.wait_fd_write(fd, 5)
    uwsgi.suspend()
    connected = uwsgi.is_connected(fd)
    if connected:
        uwsgi.send(fd, "hello\n")
        uwsgi.wait_fd_read(fd, 5)
        uwsgi.suspend()
        told = uwsgi.recv(fd).decode()
    else:
        told = None
    uwsgi.close(fd)
    return say(start_response, [connected, told])


@view
def sends_much(environ, start_response):
    """More than fits, both ways, also through a pipe that blocks."""
    ours, other = socket.socketpair()
    reader, writer = os.pipe()
    got = []

    def drain_all(number):
        while True:
            data = os.read(number, 65536)
            if not data:
                return
            got.append(len(data))
            time.sleep(0.001)
    told = []
    for number, end in ((ours.detach(), other.detach()), (writer, reader)):
        got.clear()
        thread = threading.Thread(target=drain_all, args=(end,))
        thread.start()
        told.append(uwsgi.send(number, b"z" * 3000000))
        uwsgi.close(number)
        thread.join()
        os.close(end)
        told.append(sum(got))
    return say(start_response, told + [uwsgi.send(number, b"x")])


@view
def raw(environ, start_response):
    """A response of the app's own making."""
    told = uwsgi.send(b"HTTP/1.1 299 Raw\r\nConnection: close\r\n\r\none ")
    assert told is True
    return [b"two ", b"three"]


@view
def sends_framed(environ, start_response):
    """After start_response send() is a piece of the body."""
    begin(start_response, "text/plain")
    uwsgi.send(b"one ")
    return [b"two"]


@view
def disconnects(environ, start_response):
    """Says goodbye and goes on."""
    begin(start_response, "text/plain")
    yield b"all there is"
    uwsgi.disconnect()
    gone = uwsgi.is_connected(uwsgi.connection_fd())
    yield b"too late"
    uwsgi.async_sleep(0.2)
    uwsgi.suspend()
    yield b"too late"
    NOTES.append(f"went on {gone}")


@view
def disconnects_list(environ, start_response):
    begin(start_response, "text/plain")
    uwsgi.disconnect()
    NOTES.append("went on, list")
    return [b"too late"]


@view
def client_gone(environ, start_response):
    """Is the client there? Looks until it is not."""
    fd = uwsgi.connection_fd()
    NOTES.append("there" if uwsgi.is_connected(fd) else "gone at once")
    for _ in range(200):
        if not uwsgi.is_connected(fd):
            NOTES.append("gone")
            break
        uwsgi.async_sleep(0.05)
        uwsgi.suspend()
    return say(start_response, "to nobody")


@view
def chunks(environ, start_response):
    """The body, chunk by chunk."""
    told = []
    try:
        while True:
            chunk = uwsgi.chunked_read(*json.loads(
                environ["QUERY_STRING"] or "[]"))
            told.append(len(chunk))
            if chunk == b"":
                break
    except Exception as error:
        told.append(f"{type(error).__name__}")
        told.append(isinstance(error, IOError))
    return say(start_response, told)


@view
def chunks_nb(environ, start_response):
    """The same without waiting; makes the file that is named when there is
    nothing yet."""
    told, nothing = [], 0
    while True:
        chunk = uwsgi.chunked_read_nb()
        if chunk is None:
            nothing += 1
            if environ["QUERY_STRING"]:
                open(environ["QUERY_STRING"], "w").close()
            uwsgi.wait_fd_read(uwsgi.connection_fd(), 5)
            uwsgi.suspend()
            continue
        told.append(len(chunk))
        if chunk == b"":
            return say(start_response, [told, nothing > 0])


@view
def body_by_recv(environ, start_response):
    parts = []
    while True:
        part = uwsgi.recv()
        if part is None:
            return say(start_response, [
                len(b"".join(parts)), max(map(len, parts)), uwsgi.cl()])
        parts.append(part)


@view
def sends_file(environ, start_response):
    """?start,len,how"""
    start, length, how = environ["QUERY_STRING"].split(",")
    path = os.environ["TEST_FILE"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if how == "path":
        uwsgi.sendfile(path, 0, int(start), int(length))
    else:
        with open(path, "rb") as file:
            assert uwsgi.sendfile(file, 0, int(start), int(length)) is True
    return []


@view
def sends_no_file(environ, start_response):
    first = error_of(uwsgi.sendfile, "/nowhere")
    begin(start_response)
    return [json.dumps([first, error_of(uwsgi.sendfile, "/nowhere"),
                        error_of(uwsgi.sendfile, "/dev/null")]).encode()]


@view
def process(environ, start_response):
    """Everything about the server."""
    workers = uwsgi.workers()
    rss, vsz = uwsgi.mem()
    micros = uwsgi.micros()
    fds = [socket.socket(fileno=os.dup(fd)) for fd in uwsgi.sockets]
    listening = [sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                 for sock in fds]
    for sock in fds:
        sock.close()
    return say(start_response, {
        "workers": [{key: value.decode() if isinstance(value, bytes) else
                     repr(value) if isinstance(value, tuple) else value
                     for key, value in worker.items()} for worker in workers],
        "status": repr(workers[0]["status"]),
        "tuple": isinstance(workers, tuple), "pid": os.getpid(),
        "rss": rss, "vsz": vsz, "micros": micros, "now": time.time(),
        "total": uwsgi.total_requests(), "logsize": uwsgi.logsize(),
        "queue": uwsgi.listen_queue(), "mule": uwsgi.mule_id(),
        "no socket": error_of(uwsgi.listen_queue, 99),
        "listening": listening, "loop": uwsgi.loop and uwsgi.loop.decode(),
        "started_on": uwsgi.started_on, "buffer_size": uwsgi.buffer_size,
        "is_a_reload": uwsgi.is_a_reload, "has_threads": uwsgi.has_threads,
        "request_id": uwsgi.request_id()})


@view
def renames(environ, start_response):
    uwsgi.setprocname("renamed worker")
    with open("/proc/self/cmdline") as file:
        return say(start_response, [file.read().strip("\0"),
                                    open("/proc/self/comm").read().strip()])


@view
def accepting(environ, start_response):
    """Stops accepting, and goes on a second later."""
    told = [uwsgi.accepting(0)]
    uwsgi.async_sleep(1.5)
    uwsgi.suspend()
    told.append(uwsgi.ready())
    told.append(uwsgi.accepting())
    uwsgi.async_sleep(1.5)
    uwsgi.suspend()
    return say(start_response, told + [uwsgi.ready()])


def application(environ, start_response):
    try:
        found = VIEWS[environ["PATH_INFO"]]
    except KeyError:
        start_response("404 Not Found", [])
        return []
    return found(environ, start_response)
