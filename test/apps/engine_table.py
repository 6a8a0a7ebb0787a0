"""Every function of the module, each in a request, a thread and a task.

GET /case/NAME runs one in the request; /thread/NAME in a thread that the
request has started; /task/NAME in a coroutine. The answer is "ok", or what
went wrong. /names tells them all.
"""
import contextvars
import functools
import inspect
import json
import os
import socket
import struct
import sys
import tempfile
import threading
import time

import uwsgi
import wsgimaster

CASES = {}                  # name -> function
TASK = contextvars.ContextVar("task", default=False)    # a coroutine calls
# What belongs to the request, and says so in a thread.
CLIENT = ("connection_fd disconnect request_id cl chunked_read "
          "chunked_read_nb sendfile send_client recv_client "
          "set_user_harakiri add_var set_logvar get_logvar "
          "log_this_request signal_wait websocket_handshake websocket_recv "
          "websocket_recv_nb websocket_send websocket_send_binary "
          "websocket_close request_context websocket_send_from_sharedarea "
          "websocket_send_binary_from_sharedarea").split()
# What waits, and refuses to in a coroutine.
WAITS = ("wait_fd_read wait_fd_write async_sleep suspend green_schedule sleep "
         "wait connect recv send await_ chunked_read chunked_read_nb sendfile "
         "send_client recv_client rpc signal_wait websocket_handshake").split()
# What is only there when cores can be parked.
PARKS = ("fdevent_readable fdevent_writable fdevent_timeout "
         "uwsgi_ready_fd ngx").split()
FD = None                   # of a file to send


def case(function):
    CASES[function.__name__] = function
    return function


def soon(function, *args):
    """Calls it in a moment, from another thread; too late does no harm."""
    def call():
        try:
            function(*args)
        except OSError:
            pass
    timer = threading.Timer(0.05, call)
    timer.daemon = True
    timer.start()
    return timer


def with_pair(function):
    @functools.wraps(function)
    def run(*args):
        ours, other = socket.socketpair()
        ours.setblocking(False)
        with ours, other:
            return function(ours, other, *args)
    run.with_pair = True
    return case(run)


@with_pair
def wait_fd_read(ours, other):
    assert uwsgi.wait_fd_read(ours, 20) == b""
    soon(other.send, b"x")
    assert uwsgi.suspend() is True
    assert uwsgi.ready_fd() == ours.fileno()


@with_pair
def wait_fd_write(ours, other):
    try:
        while True:
            ours.send(b"x" * 65536)
    except BlockingIOError:
        pass

    def drain():
        other.setblocking(False)
        try:
            while other.recv(1 << 20):
                pass
        except BlockingIOError:
            pass
    assert uwsgi.wait_fd_write(ours, 20) == b""
    soon(drain)
    assert uwsgi.suspend() is True
    assert uwsgi.ready_fd() == ours.fileno()


@case
def async_sleep():
    begun = time.monotonic()
    assert uwsgi.async_sleep(0.1) == b""
    assert uwsgi.suspend() is True
    assert 0.099 <= time.monotonic() - begun < 20
    assert uwsgi.ready_fd() == -1


@case
def suspend():
    assert uwsgi.suspend() is True


@case
def green_schedule():
    assert uwsgi.green_schedule() is True


@with_pair
def ready_fd(ours, other):
    assert uwsgi.ready_fd() == -1
    other.send(b"x")
    uwsgi.wait_fd_read(ours)
    uwsgi.suspend()
    assert uwsgi.ready_fd() == ours.fileno()
    uwsgi.suspend()
    assert uwsgi.ready_fd() == -1


@case
def sleep():
    begun = time.monotonic()
    assert uwsgi.sleep(0.1) is None
    assert 0.099 <= time.monotonic() - begun < 20


@with_pair
def wait(ours, other):
    assert uwsgi.wait(ours, "r", 0) == ""
    assert uwsgi.wait(ours, "r", 0.05) == ""
    soon(other.send, b"x")
    assert uwsgi.wait(ours) == "r"
    assert uwsgi.wait(ours, "rw", 1) == "rw"


async def answer():
    import asyncio
    await asyncio.sleep(0.05)
    return "answer"


@case
def await_():
    assert uwsgi.await_(answer(), timeout=20) == "answer"


def listening():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener, "127.0.0.1:%d" % listener.getsockname()[1]


@case
def connect():
    listener, address = listening()
    with listener:
        fd = uwsgi.connect(address, 5)
        assert fd >= 0 and uwsgi.is_connected(fd)
        fd_name = uwsgi.connect(address.replace("127.0.0.1", "localhost"), 5)
        assert fd_name >= 0
        uwsgi.close(fd_name)
        uwsgi.close(fd)
    assert uwsgi.connect(address, 5) == -1


@case
def async_connect():
    listener, address = listening()
    with listener:
        fd = uwsgi.async_connect(address)
        assert fd >= 0
        uwsgi.close(fd)


@with_pair
def is_connected(ours, other):
    assert uwsgi.is_connected(ours) is True
    other.close()
    assert uwsgi.is_connected(ours) is False


@with_pair
def recv(ours, other):
    soon(other.send, b"12345")
    assert uwsgi.recv(ours.fileno(), 3) == b"123"
    assert uwsgi.recv(ours.fileno()) == b"45"
    other.close()
    assert uwsgi.recv(ours.fileno()) is None


@with_pair
def send(ours, other):
    got = []

    def drain():
        while sum(got) < 3000000 and other.fileno() != -1:
            got.append(len(other.recv(1 << 20)))
    drains = soon(drain)
    assert uwsgi.send(ours.fileno(), b"z" * 3000000) is True
    drains.join()
    other.close()
    assert uwsgi.send(ours.fileno(), b"z") is None


@with_pair
def close(ours, other):
    assert uwsgi.close(ours.detach()) is None
    assert other.recv(1) == b""


@case
def connection_fd():
    fd = uwsgi.connection_fd()
    assert os.fstat(fd) and uwsgi.is_connected(fd) is True


@case
def request_id():
    assert uwsgi.request_id() >= 0


@case
def cl():
    assert uwsgi.cl() == 4


@case
def recv_client():
    assert uwsgi.recv() == b"body"
    assert uwsgi.recv() is None


@case
def chunked_read():
    assert uwsgi.chunked_read(5) == b"body"
    assert uwsgi.chunked_read() == b""


@case
def chunked_read_nb():
    assert uwsgi.chunked_read_nb() == b"body"
    assert uwsgi.chunked_read_nb() == b""


def specials():
    """What is no file: a FIFO that nobody writes, a device, a folder."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(folder + "/fifo")
        yield folder + "/fifo"
        yield "/dev/zero"
        yield folder


@case
def sendfile():
    for path in specials():
        try:
            uwsgi.sendfile(path)
        except OSError:
            continue
        raise AssertionError(path)
    assert uwsgi.sendfile(FD, 0, 0, 4) is True


@case
def send_client():
    assert uwsgi.send(b"sent ") is True


@case
def disconnect():
    assert uwsgi.disconnect() is None
    assert uwsgi.is_connected(uwsgi.connection_fd()) is False


@case
def worker_id():
    assert uwsgi.worker_id() == 1


@case
def masterpid():
    os.kill(uwsgi.masterpid(), 0)


@case
def mule_id():
    assert uwsgi.mule_id() == 0


# Signals go to the mule, which tells by a file: this worker may be held up.
SIGNALS = tempfile.mkdtemp(prefix="signals")


def signalled(number):
    fd, path = tempfile.mkstemp(dir=SIGNALS, prefix=f"{number}.")
    os.close(fd)


def until_signalled(number, times=1, again=None):
    end = time.monotonic() + 30
    while True:
        seen = [name for name in os.listdir(SIGNALS)
                if name.startswith(f"{number}.")]
        if len(seen) >= times:
            break
        assert time.monotonic() < end, "the signal has not come"
        if again is not None:       # the master may not look yet
            again()
        time.sleep(0.01)
    for name in seen:
        os.remove(os.path.join(SIGNALS, name))


for _number in range(20, 26):
    uwsgi.register_signal(_number, "mule", signalled)


@case
def register_signal():
    assert uwsgi.register_signal(200, "worker", signalled) is True
    for wrong in ((256, "", signalled), (-1, "", signalled),
                  (1, "nobody", signalled), (1, "subscribed", signalled)):
        try:
            uwsgi.register_signal(*wrong)
        except ValueError:
            continue
        assert False, wrong


@case
def signal_registered():
    assert uwsgi.signal_registered(20) is True
    assert uwsgi.signal_registered(19) is None


@case
def unregister_signal():
    uwsgi.register_signal(201, "worker", signalled)
    assert uwsgi.unregister_signal(201) is True
    assert uwsgi.signal_registered(201) is None


@case
def signal():
    assert uwsgi.signal(20) is None
    until_signalled(20)
    for wrong in (300, -1):
        try:
            uwsgi.signal(wrong)
        except ValueError:
            continue
        assert False, wrong
    try:
        uwsgi.signal(20, "127.0.0.1:1")
    except (OSError, RuntimeError) as error:
        assert isinstance(error, RuntimeError) == TASK.get(), repr(error)
    else:
        assert False, "nobody is there"


@case
def signal_wait():
    soon(uwsgi.signal, 30)
    assert uwsgi.signal_wait(30) == b""
    assert uwsgi.signal_received() == 30


@case
def signal_received():
    assert uwsgi.signal_received() == -1


@case
def add_timer():
    assert uwsgi.add_timer(21, 0.05) is True
    until_signalled(21, 3)
    assert uwsgi.remove_timer(21) is True


@case
def add_ms_timer():
    assert uwsgi.add_ms_timer(22, 50) is True
    until_signalled(22, 2)
    assert uwsgi.remove_timer(22) is True


@case
def add_rb_timer():
    assert uwsgi.add_rb_timer(23, 0.05, 2) is True
    until_signalled(23, 2)


@case
def remove_timer():
    assert uwsgi.remove_timer(24) is True


@case
def add_cron():
    assert uwsgi.add_cron(24, -1, -1, -1, -1, -1) is True
    try:
        uwsgi.add_cron(24, 60, 0, 1, 1, 1)
    except ValueError:
        return
    assert False, "there is no minute 60"


@case
def remove_cron():
    assert uwsgi.remove_cron(24) is True


@case
def add_file_monitor():
    with tempfile.NamedTemporaryFile("w") as watched:
        assert uwsgi.add_file_monitor(25, watched.name) is True
        until_signalled(25, again=lambda: os.utime(watched.name))
    assert uwsgi.remove_file_monitor(25) is True


@case
def remove_file_monitor():
    assert uwsgi.remove_file_monitor(25) is True


def to_mule(send, *where):
    """Sends the path of a file that the mule makes."""
    fd, path = tempfile.mkstemp()
    os.close(fd)
    os.remove(path)
    assert send(path.encode(), *where) is True
    end = time.monotonic() + 30
    while not os.path.exists(path):
        assert time.monotonic() < end, "no mule has made it"
        time.sleep(0.01)
    with open(path) as made:
        assert made.read() == "mule 1"
    os.remove(path)


def mule_makes(message):
    with open(message.decode() + ".new", "w") as made:
        made.write(f"mule {uwsgi.mule_id()}")
    os.rename(message.decode() + ".new", message.decode())


if hasattr(uwsgi, "install_mule_msg_hook"):
    uwsgi.install_mule_msg_hook(mule_makes)


@case
def install_mule_msg_hook():
    assert uwsgi.install_mule_msg_hook(mule_makes) is None


@case
def mule_msg():
    to_mule(uwsgi.mule_msg)
    to_mule(uwsgi.mule_msg, 1)
    to_mule(uwsgi.mule_msg, "table")
    for wrong in (2, -1, "no farm", 1.5):
        try:
            uwsgi.mule_msg(b"x", wrong)
        except ValueError:
            continue
        assert False, wrong


@case
def farm_msg():
    to_mule(lambda message: uwsgi.farm_msg("table", message))


def only_in_mules(function):
    try:
        function()
    except ValueError as error:
        assert "only in a mule" in str(error)
    else:
        assert False, "this is no mule"


@case
def mule_get_msg():
    only_in_mules(uwsgi.mule_get_msg)


@case
def farm_get_msg():
    only_in_mules(uwsgi.farm_get_msg)


@case
def in_farm():
    assert uwsgi.in_farm() is None and uwsgi.in_farm("table") is None


@case
def mule_msg_recv_size():
    assert uwsgi.mule_msg_recv_size() == 65536


@case
def mule_file():
    assert uwsgi.mule_file(1) is None


@case
def workers():
    one, = uwsgi.workers()
    assert one["id"] == 1 and one["pid"] == os.getpid()
    assert one["status"] == b"busy"


@case
def total_requests():
    assert uwsgi.total_requests() >= 0


@case
def mem():
    rss, vsz = uwsgi.mem()
    assert 0 < rss < vsz


@case
def logsize():
    assert uwsgi.logsize() == 0


@case
def micros():
    assert abs(uwsgi.micros() / 1e6 - time.time()) < 5


@case
def listen_queue():
    assert uwsgi.listen_queue() >= 0


@case
def accepting():
    assert uwsgi.accepting(0) is None
    assert uwsgi.accepting() is None


@case
def ready():
    assert uwsgi.ready() is True


@case
def log():
    assert uwsgi.log("a record of the table's") is True


@case
def setprocname():
    assert uwsgi.setprocname("table") is None


@case
def ClientGone():
    assert issubclass(uwsgi.ClientGone, ConnectionResetError)


@case
def Harakiri():
    assert issubclass(uwsgi.Harakiri, BaseException)
    assert not issubclass(uwsgi.Harakiri, Exception)


@case
def set_user_harakiri():
    """What comes of it: harakiri.bats."""
    assert uwsgi.set_user_harakiri(1000.5) is None
    assert uwsgi.set_user_harakiri(0) is None


def no_websocket(function, *args):
    """What comes of it where there is one: websocket.bats."""
    try:
        function(*args)
    except uwsgi.WebsocketError as error:
        return error
    raise AssertionError("it is none")


@case
def websocket_handshake():
    error = no_websocket(uwsgi.websocket_handshake)
    assert str(error) == "unable to complete websocket handshake", error
    assert error.status == 400 and error.code is None


@case
def websocket_recv():
    error = no_websocket(uwsgi.websocket_recv)
    assert str(error) == "unable to receive websocket message", error
    assert error.code is None and error.reason == "there is no websocket"


@case
def websocket_recv_nb():
    no_websocket(uwsgi.websocket_recv_nb)


@case
def websocket_send():
    error = no_websocket(uwsgi.websocket_send, "text")
    assert str(error) == "unable to send websocket message", error


@case
def websocket_send_binary():
    error = no_websocket(uwsgi.websocket_send_binary, b"bytes")
    assert str(error) == "unable to send websocket binary message", error


def from_sharedarea(function):
    """What is not in the area is told before there is no websocket."""
    error = no_websocket(function, 0, 100, 3)
    for outside in ((0, 4096), (0, 4000, 97), (0, -1), (0, 0, -1), (1, 0)):
        try:
            function(*outside)
        except ValueError as other:
            assert function.__name__ in str(other), other
            continue
        raise AssertionError(outside)
    return error


@case
def websocket_send_from_sharedarea():
    uwsgi.sharedarea_write(0, 100, "abc")
    error = from_sharedarea(uwsgi.websocket_send_from_sharedarea)
    assert str(error) == "unable to send websocket message", error


@case
def websocket_send_binary_from_sharedarea():
    error = from_sharedarea(uwsgi.websocket_send_binary_from_sharedarea)
    assert str(error) == "unable to send websocket binary message", error


@case
def websocket_close():
    for code in (0, 1005, 1006, 5000):
        try:
            uwsgi.websocket_close(code)
        except ValueError:
            continue
        raise AssertionError(code)
    assert uwsgi.websocket_close() is None
    assert uwsgi.websocket_close(3000, "reason") is None


@case
def request_context():
    context = uwsgi.request_context()
    no_websocket(uwsgi.websocket_recv, context)
    try:
        uwsgi.websocket_recv(request_context="x")
    except TypeError:
        return
    raise AssertionError("a str is no context")


@case
def WebsocketError():
    assert issubclass(uwsgi.WebsocketError, OSError)


@case
def current_request_id():
    """None in a thread, which has no request."""
    if threading.current_thread() is threading.main_thread():
        assert len(uwsgi.current_request_id()) == 36


@case
def register_rpc():
    assert uwsgi.register_rpc("table", lambda *args: b"+".join(args)) is True
    assert uwsgi.register_rpc(b"table2", bytes, 1) is True


@case
def call():
    register_rpc()
    assert uwsgi.call("table", b"a", "b") == b"a+b"
    assert uwsgi.call(b"table") is None
    assert uwsgi.call("nobody") is None


@case
def rpc_list():
    register_rpc()
    assert set(uwsgi.rpc_list()) >= {b"table", b"table2"}


@case
def rpc():
    """Of somebody else; the server's own: rpc.bats."""
    register_rpc()
    assert uwsgi.rpc(None, "table", "a") == uwsgi.rpc("", b"table", "a") \
        == b"a"
    listener, address = listening()
    listener.settimeout(20)

    def answer():
        peer, _ = listener.accept()
        with peer:
            if peer.recv(64) == b"\xad\x07\0\0\x02\0fn\x01\0a":
                peer.sendall(b"\xad\x02\0\0ok")
    soon(answer)
    with listener:
        assert uwsgi.rpc(address, "fn", b"a") == b"ok"


@case
def add_var():
    assert uwsgi.add_var("TABLE", b"a") is True


@case
def set_logvar():
    assert uwsgi.set_logvar("table", b"a") is None
    try:
        uwsgi.set_logvar("table", "x" * 65536)
    except ValueError:
        return
    raise AssertionError("there is no limit")


@case
def get_logvar():
    assert uwsgi.get_logvar("nothing") is None
    set_logvar()
    assert uwsgi.get_logvar(b"table") == b"a"


@case
def log_this_request():
    assert uwsgi.log_this_request() is None


@case
def start_response():
    assert callable(uwsgi.start_response)


@case
def alarm():
    """What comes of it: api.bats."""
    assert uwsgi.alarm("nobody", "message") is None


@case
def parsefile():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\x11\x0c\0\0\1\0a\2\0bc\1\0d\0\0")
        file.flush()
        assert uwsgi.parsefile(file.name) == {b"a": b"bc", b"d": b""}
    assert uwsgi.parsefile(__file__) is None
    assert uwsgi.parsefile("/no/such/file") is None
    assert [uwsgi.parsefile(path) for path in specials()] == [None] * 3


@case
def extract():
    with open(__file__, "rb") as file:
        assert uwsgi.extract(__file__) == file.read()
    assert uwsgi.extract("/no/such/file") is None
    assert [uwsgi.extract(path) for path in specials()] == [None] * 3
    try:
        uwsgi.extract("http://127.0.0.1/")
    except ValueError:
        return
    raise AssertionError("it takes URLs")


@case
def lock():
    assert uwsgi.lock() is None
    assert uwsgi.lock(1, timeout=5) is True
    try:
        uwsgi.lock()
        assert False, "waits for itself"
    except RuntimeError:
        pass
    assert uwsgi.unlock(1) is None
    assert uwsgi.unlock() is None


@case
def unlock():
    assert uwsgi.unlock() is None       # nobody's
    uwsgi.lock()
    assert uwsgi.unlock() is None
    assert uwsgi.is_locked() is False


@case
def is_locked():
    assert uwsgi.is_locked() is uwsgi.is_locked(1) is False
    uwsgi.lock()
    assert uwsgi.is_locked() is True
    uwsgi.unlock()


def metric(name, *changes):
    """A case: what the metric is after each of these numbers."""
    def run():
        uwsgi.metric_set("table", 8)
        for number, want in changes:
            assert getattr(uwsgi, name)("table", number) is True
            assert uwsgi.metric_get("table") == want
        assert getattr(uwsgi, name)("nothing", 1) is None
    run.__name__ = name
    case(run)


metric("metric_set", (5, 5), (-1, -1))
metric("metric_inc", (2, 10))
metric("metric_dec", (2, 6))
metric("metric_mul", (2, 16))
metric("metric_div", (3, 2))
metric("metric_set_max", (7, 8), (9, 9))
metric("metric_set_min", (9, 8), (7, 7))


@case
def metric_get():
    assert uwsgi.metric_get("nothing") == 0
    uwsgi.metric_set("table", 3)
    assert uwsgi.metric_get(b"table") == 3


def queue(name):
    """A case on a queue of two messages; what is left is taken."""
    def run():
        while uwsgi.queue_pull() is not None:
            pass
        first, last = uwsgi.queue_slot(), (uwsgi.queue_slot() + 1) % 4
        assert uwsgi.queue_push("a") is uwsgi.queue_push(b"b") is True
        calls = {
            "queue_push": ((b"",), None), "queue_pull": ((), b"a"),
            "queue_pop": ((), b"b"), "queue_get": ((last,), b"b"),
            "queue_set": ((first, b"c"), True), "queue_last": ((), b"b"),
            "queue_slot": ((), (last + 1) % 4),
            "queue_pull_slot": ((), first)}
        args, want = calls[name]
        assert getattr(uwsgi, name)(*args) == want
        while uwsgi.queue_pull() is not None:
            pass
    run.__name__ = name
    case(run)


for _name in ("push pull pop get set last slot pull_slot").split():
    queue("queue_" + _name)


def numbers(name, bits):
    """A case of a shared area's numbers."""
    def run():
        read = getattr(uwsgi, "sharedarea_read" + bits)
        write = getattr(uwsgi, "sharedarea_write" + bits)
        assert write(0, 8, 7) is None
        function = getattr(uwsgi, name)
        if "inc" in name or "dec" in name:
            assert function(0, 8) is function(0, 8, 2) is None
            assert read(0, 8) == (10 if "inc" in name else 4)
        elif "write" in name:
            assert function(0, 8, 1) is None
            assert read(0, 8) == 1
        else:
            assert function(0, 8) == 7
    run.__name__ = name
    case(run)


for _bits in ("8", "16", "32", "64"):
    for _name in ("read", "write", "inc", "dec"):
        numbers("sharedarea_" + _name + _bits, _bits)
for _name in ("readbyte", "writebyte"):
    numbers("sharedarea_" + _name, "8")
for _name in ("readlong", "writelong", "inclong", "declong"):
    numbers("sharedarea_" + _name, "64")


@case
def sharedarea_read():
    uwsgi.sharedarea_write(0, 100, b"abc")
    assert uwsgi.sharedarea_read(0, 100, 3) == b"abc"
    assert len(uwsgi.sharedarea_read(0, 4000)) == 96


@case
def sharedarea_write():
    assert uwsgi.sharedarea_write(0, 100, "text") is None
    assert uwsgi.sharedarea_read(0, 100, 4) == b"text"


def area_lock(name):
    def run():
        assert getattr(uwsgi, "sharedarea_" + name)(0) is None
        assert uwsgi.sharedarea_read8(0, 0) == 0
        assert uwsgi.sharedarea_unlock(0) is None
    run.__name__ = "sharedarea_" + name
    case(run)


area_lock("rlock")
area_lock("wlock")


@case
def sharedarea_unlock():
    assert uwsgi.sharedarea_unlock(0) is None


@case
def sharedarea_memoryview():
    view = uwsgi.sharedarea_memoryview(0)
    view[200:202] = b"hi"
    assert uwsgi.sharedarea_read(0, 200, 2) == b"hi"


@case
def sharedarea_object():
    assert len(uwsgi.sharedarea_object(0)) == 4096


@case
def reload():
    """Really asked for at the end; see the client."""
    assert callable(uwsgi.reload)


@case
def stop():
    assert callable(uwsgi.stop)


# Each thread, task and request has a key of its own.
def fresh():
    fresh.count += 1
    return "key %d %d" % (fresh.count, os.getpid())


fresh.count = 0


@case
def cache_get():
    key = fresh()
    assert uwsgi.cache_get(key) is None
    assert uwsgi.cache_set(key, b"a\0b") is True
    assert uwsgi.cache_get(key.encode(), "table") == b"a\0b"


@case
def cache_set():
    key = fresh()
    assert uwsgi.cache_set(key, "one", 0, "other") is True
    assert uwsgi.cache_set(key, "two", 0, "other") is None
    assert uwsgi.cache_get(key, "other") == b"one"
    assert uwsgi.cache_get(key) is None
    assert uwsgi.cache_set(key, "x", 0.05) is True
    while uwsgi.cache_get(key) is not None:
        time.sleep(0.01)


@case
def cache_update():
    key = fresh()
    assert uwsgi.cache_update(key, "one") is True
    assert uwsgi.cache_update(key, b"x" * 5000) is True
    assert uwsgi.cache_get(key) == b"x" * 5000
    assert uwsgi.cache_update(key, b"x" * 70000) is None


@case
def cache_del():
    key = fresh()
    assert uwsgi.cache_del(key) is None
    uwsgi.cache_set(key, "")
    assert uwsgi.cache_del(key) is True
    assert uwsgi.cache_exists(key) is None


@case
def cache_exists():
    key = fresh()
    assert uwsgi.cache_exists(key) is None
    uwsgi.cache_set(key, "")
    assert uwsgi.cache_exists(key) is True


@case
def cache_clear():
    uwsgi.cache_set("x", "y", 0, "third")
    assert uwsgi.cache_clear("third") is True
    assert uwsgi.cache_keys("third") == []


@case
def cache_keys():
    key = fresh()
    uwsgi.cache_set(key, "y")
    assert key.encode() in uwsgi.cache_keys()


@case
def cache_num():
    assert uwsgi.cache_num(fresh()) == 0


@case
def cache_inc():
    key = fresh()
    assert uwsgi.cache_inc(key) is True
    assert uwsgi.cache_inc(key, 41) is True
    assert uwsgi.cache_num(key) == 42
    assert uwsgi.cache_get(key) == struct.pack("=q", 42)


@case
def cache_dec():
    key = fresh()
    assert uwsgi.cache_dec(key, 2) is True
    assert uwsgi.cache_num(key) == -2


@case
def cache_mul():
    key = fresh()
    uwsgi.cache_inc(key, 3)
    assert uwsgi.cache_mul(key, 4, 0, "table") is True
    assert uwsgi.cache_num(key) == 12


@case
def cache_div():
    key = fresh()
    uwsgi.cache_inc(key, 9)
    assert uwsgi.cache_div(key) is True
    assert uwsgi.cache_num(key) == 4


@case
def attributes():
    for name in ("version version_info hostname numproc cores opt sockets "
                 "loop started_on buffer_size has_threads "
                 "is_a_reload").split():
        assert hasattr(uwsgi, name), name
    assert uwsgi is wsgimaster is sys.modules["uwsgi"]


@case
def env():
    assert uwsgi.env["REQUEST_METHOD"] == "POST"


def far_task(spool):
    """Spools what nobody runs before it is removed again."""
    path = spool({"a": "\u00e4", b"n": 2, "at": 99999999999, "priority": 3,
                  "body": b"x" * 100000})
    try:
        assert path.startswith(uwsgi.spoolers[0] + b"/3/"), path
        assert path in uwsgi.spooler_jobs()
        task = uwsgi.spooler_get_task(path)
        assert task["spooler_task_name"] == path
        assert task[b"a"] == b"\xc3\xa4" and task[b"n"] == b"2"
        assert task["body"] == b"x" * 100000
    finally:
        os.unlink(path)
    assert uwsgi.spooler_get_task(path) is None


@case
def spool():
    far_task(uwsgi.spool)
    try:
        uwsgi.spool(spooler="/nowhere")
    except ValueError:
        return
    raise AssertionError("there is no such spooler")


@case
def send_to_spooler():
    far_task(lambda task: uwsgi.send_to_spooler(**{
        key if isinstance(key, str) else key.decode(): value
        for key, value in task.items()}))


@case
def spooler_jobs():
    assert isinstance(uwsgi.spooler_jobs(), list)


@case
def spooler_get_task():
    assert uwsgi.spooler_get_task("/dev/null") is None
    assert uwsgi.spooler_get_task(b"/dev/zero") is None


@case
def spooler_pid():
    assert isinstance(uwsgi.spooler_pid(), int)


@case
def spooler_pids():
    assert len(uwsgi.spooler_pids()) == 1
    assert uwsgi.SPOOL_OK == -2 and uwsgi.SPOOL_RETRY == -1
    assert uwsgi.SPOOL_IGNORE == 0


@case
def set_spooler_frequency():
    assert uwsgi.set_spooler_frequency(5) is True
    assert uwsgi.set_spooler_frequency(0) is True
    try:
        uwsgi.set_spooler_frequency(-1)
    except ValueError:
        return
    raise AssertionError("-1 was taken")


@case
def i_am_the_spooler():
    assert uwsgi.i_am_the_spooler() is None


@case
def spooler_dir():
    try:
        uwsgi.spooler_dir()
    except ValueError:
        return
    raise AssertionError("this is no spooler")


@with_pair
def yield_(ours, other, environ):
    other.send(b"x")
    yield uwsgi.wait_fd_read(ours)
    assert uwsgi.ready_fd() == ours.fileno()


@with_pair
def fdevent_readable(ours, other, environ):
    soon(other.send, b"x")
    yield environ["x-wsgiorg.fdevent.readable"](ours, 20.0)
    assert not environ["x-wsgiorg.fdevent.timeout"]


@with_pair
def fdevent_writable(ours, other, environ):
    yield environ["x-wsgiorg.fdevent.writable"](ours, 20.0)
    assert not environ["x-wsgiorg.fdevent.timeout"]


@with_pair
def fdevent_timeout(ours, other, environ):
    timeout = dict(environ)["x-wsgiorg.fdevent.timeout"]
    yield environ["x-wsgiorg.fdevent.readable"](ours, 0.05)
    assert timeout


@with_pair
def uwsgi_ready_fd(ours, other, environ):
    other.send(b"x")
    yield uwsgi.wait_fd_read(ours)
    assert environ["uwsgi.ready_fd"] == ours.fileno()


@with_pair
def ngx(ours, other, environ):
    conn = environ["ngx.connection_wrapper"](ours)
    environ["ngx.poll_register"](conn, environ["ngx.WSGI_POLLIN"])
    soon(other.send, b"x")
    state = environ["ngx.poll"](20000)
    yield b""
    assert state() == (conn, environ["ngx.WSGI_POLLIN"])
    environ["ngx.poll_unregister"](conn)
    environ["ngx.sleep"](10)
    yield b""


def told(function, *args):
    """Runs it: ok, or the exception."""
    try:
        function(*args)
        return "ok"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


def generated(name, environ):
    """The cases that yield."""
    ours, other = socket.socketpair()
    ours.setblocking(False)
    with ours, other:
        try:
            for piece in CASES[name].__wrapped__(ours, other, environ):
                yield piece
            text = "ok"
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
    yield text.encode()


def in_thread(name):
    """In another thread; the request is parked until it is through."""
    result = []
    ours, other = socket.socketpair()

    def run():
        result.append(told(CASES[name]))
        other.send(b"x")
    thread = threading.Thread(target=run)
    thread.start()
    assert uwsgi.wait(ours, "r", 60) == "r"
    thread.join()
    ours.close()
    other.close()
    return result[0]


def in_task(name):
    async def run():
        TASK.set(True)
        return told(CASES[name])
    return uwsgi.await_(run(), timeout=60)


# What a task of a request that is over finds.
LATE = {}


async def late(key):
    import asyncio
    LATE[key] = [told(uwsgi.connection_fd), told(uwsgi.request_id)]
    await asyncio.sleep(0.3)
    LATE[key] += [told(uwsgi.connection_fd), told(uwsgi.request_id),
                  told(uwsgi.disconnect)]


def begins_late(key):
    import asyncio

    async def begin():
        LATE["task"] = asyncio.ensure_future(late(key))
        await asyncio.sleep(0)
    uwsgi.await_(begin())
    return "begun"


def module_functions():
    """The module's own, and its exceptions."""
    return sorted(name for name in dir(uwsgi) if not name.startswith("_")
                  and callable(getattr(uwsgi, name))
                  and name not in ("post_fork_hook", "atexit"))


def application(environ, start_response):
    global FD
    if FD is None:
        FD = os.open(__file__, os.O_RDONLY)
    kind, _, name = environ["PATH_INFO"][1:].partition("/")
    if kind == "case" and name == "send_client":
        assert uwsgi.send(b"HTTP/1.1 200 OK\r\n\r\nok") is True
        return []
    if kind == "case" and name == "disconnect":
        text = told(CASES[name])
        with open(os.environ["NOTES"] + ".new", "w") as notes:
            notes.write(text)
        os.rename(os.environ["NOTES"] + ".new", os.environ["NOTES"])
        return []
    start_response("200 OK", [("Content-Type", "text/plain")])
    if kind == "case" and inspect.isgeneratorfunction(
            getattr(CASES[name], "__wrapped__", None)):
        return generated(name, environ)
    if kind == "case" and name == "sendfile":
        return [] if told(CASES[name]) == "ok" else [b"no"]
    if kind == "case":
        return [told(CASES[name]).encode()]
    if kind == "thread":
        return [in_thread(name).encode()]
    if kind == "task":
        return [in_task(name).encode()]
    if kind == "late":
        return [begins_late(name).encode()]
    if kind == "found":
        return [json.dumps(LATE.get(name)).encode()]
    if kind == "ask":
        return [str(getattr(uwsgi, name)()).encode()]
    return [json.dumps({
        "cases": list(CASES), "module": module_functions(), "client": CLIENT,
        "waits": WAITS, "parks": PARKS, "yields": [
            name for name in CASES if inspect.isgeneratorfunction(
                getattr(CASES[name], "__wrapped__", None))]}).encode()]
