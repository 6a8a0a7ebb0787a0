"""What a request does under gevent's loop, a path a case.

Each gives text that gevent.bats compares; a failure is a 500.
"""
import contextvars
import os
import signal
import socket
import sys
import threading
import time

if os.environ.get("PATCHES_ITSELF"):
    from gevent import monkey
    monkey.patch_all()

import gevent
import gevent.event
import gevent.local
import gevent.lock
import gevent.monkey
import gevent.pool
import gevent.queue
import gevent.server
import gevent.socket
import gevent.subprocess
import greenlet
import uwsgi
import wsgimaster

# The module's own, whatever is patched afterwards.
NativeThread = gevent.monkey.get_original("threading", "Thread")
start_native = gevent.monkey.get_original("_thread", "start_new_thread")
HUB = gevent.get_hub()
VARIABLE = contextvars.ContextVar("variable", default="none")
LOCAL = gevent.local.local()
imported = []
ticks = []


def at_import():
    gevent.sleep(0.2)
    imported.append(uwsgi.worker_id())


gevent.spawn(at_import)
HUB.loop.timer(0.2, ref=False).start(
    lambda: imported.append(uwsgi.worker_id()))
winches = []
gevent.signal_handler(signal.SIGWINCH, winches.append, "winch")
if os.environ.get("RUNS_AT_IMPORT"):
    # The hub turns, and has threads, before the fork.
    gevent.sleep(0.001)
    HUB.threadpool.apply(os.getpid)
    gevent.socket.getaddrinfo("localhost", 80)


if os.environ.get("FORKS_AT_IMPORT"):
    child = os.fork()
    if child == 0:
        os._exit(gevent.spawn(lambda: gevent.sleep(0.05) or 7).get())
    print("the child at import:", os.waitpid(child, 0)[1] >> 8)


def post_fork_hook():
    assert gevent.get_hub() is HUB
    if os.environ.get("LISTENS"):
        from gevent import pywsgi
        pywsgi.WSGIServer(("127.0.0.1", int(os.environ["LISTENS"])),
                          application, log=None).start()
    gevent.sleep(0.001)
    signal.signal(signal.SIGUSR1, lambda *a: ticks.append(time.monotonic()))


uwsgi.post_fork_hook = post_fork_hook


def case_hello(environ):
    return f"{uwsgi.loop} {HUB.loop.backend}"


def case_imported(environ):
    gevent.sleep(0.3)
    return f"{imported == [uwsgi.worker_id()] * 2}"


def case_sleep(environ):
    begin = time.monotonic()
    gevent.sleep(0.5)
    gevent.sleep(0)
    return f"slept {0.49 < time.monotonic() - begin < 5}"


def case_spawn(environ):
    """Greenlets, their results and exceptions, pools, joins, kills."""
    def value(n):
        gevent.sleep(0.01)
        return n * n

    def fails():
        raise KeyError("inside")
    out = [gevent.spawn(value, 3).get()]
    out.append(gevent.pool.Pool(2).map(value, range(4)))
    failed = gevent.spawn(fails)
    failed.join()
    out.append(repr(failed.exception))
    many = [gevent.spawn(value, n) for n in range(3)]
    gevent.joinall(many)
    out.append(sum(g.value for g in many))
    forever = gevent.spawn(gevent.sleep, 1000)
    gevent.sleep(0)
    forever.kill()
    out.append(forever.dead)
    return " ".join(map(str, out))


def case_events(environ):
    event = gevent.event.Event()
    result = gevent.event.AsyncResult()
    queue = gevent.queue.Queue(1)
    lock = gevent.lock.RLock()

    def other():
        with lock:
            gevent.sleep(0.01)
        event.set()
        result.set("result")
        for n in range(3):
            queue.put(n)
    gevent.spawn(other)
    gevent.sleep(0)
    with lock:
        pass
    event.wait()
    return f"{result.get()} {[queue.get() for _ in range(3)]}"


def case_timeout(environ):
    out = []
    try:
        with gevent.Timeout(0.05):
            gevent.sleep(10)
    except gevent.Timeout:
        out.append("gevent's")
    try:
        with gevent.Timeout(0.05):
            wsgimaster.sleep(10)
    except gevent.Timeout:
        out.append("the server's")
    with gevent.Timeout(0.05, False):
        uwsgi.async_sleep(10)
        uwsgi.suspend()
    with gevent.Timeout(5):
        wsgimaster.sleep(0.01)
    return " ".join(out)


def case_waits(environ):
    """The server's waits and gevent's, in turn."""
    a, b = socket.socketpair()
    out = []
    for _ in range(3):
        gevent.spawn_later(0.01, b.send, b"x")
        uwsgi.wait_fd_read(a.fileno(), 5)
        uwsgi.suspend()
        out.append(uwsgi.ready_fd() == a.fileno())
        a.recv(1)
        gevent.sleep(0.01)
        wsgimaster.sleep(0.01)
        gevent.spawn_later(0.01, b.send, b"x")
        gevent.socket.wait_read(a.fileno(), timeout=5)
        out.append(a.recv(1) == b"x")
    a.close()
    b.close()
    return str(all(out))


def case_socket(environ):
    def serve(connection, address):
        for line in connection.makefile("rb"):
            connection.sendall(line.upper())
    server = gevent.server.StreamServer(("127.0.0.1", 0), serve)
    server.start()
    client = gevent.socket.create_connection(
        ("127.0.0.1", server.server_port))
    client.sendall(b"line\n")
    line = client.recv(100)
    client.settimeout(0.05)
    try:
        client.recv(1)
    except socket.timeout:
        line += b"timeout"
    client.close()
    server.stop()
    return line.decode().replace("\n", " ")


def case_closed(environ):
    """A socket that is closed while somebody reads it."""
    a, b = gevent.socket.socketpair()
    reader = gevent.spawn(a.recv, 1)
    gevent.sleep(0.01)
    a.close()
    reader.join(5)
    b.close()
    return type(reader.exception).__name__


def case_regular(environ):
    """A file is always ready; a descriptor that is none is an error."""
    called = []
    with open(__file__) as file:
        with HUB.loop.io(file.fileno(), 1) as watcher:
            HUB.wait(watcher)
            called.append("file")
    watcher = HUB.loop.io(10000, 1)
    watcher.start(called.append, "error")
    gevent.sleep(0.01)
    watcher.close()
    return " ".join(called)


def case_subprocess(environ):
    process = gevent.subprocess.Popen(
        ["/bin/sh", "-c", "cat; sleep 0.1; exit 3"],
        stdin=gevent.subprocess.PIPE, stdout=gevent.subprocess.PIPE)
    out, _ = process.communicate(b"piped")
    with gevent.Timeout(5):
        many = [gevent.subprocess.Popen("exit %d" % n, shell=True)
                for n in range(5)]
        codes = [p.wait() for p in many]
    return f"{out.decode()} {process.returncode} {codes}"


def case_threadpool(environ):
    me = gevent.monkey.get_original("_thread", "get_ident")
    own = me()
    one = HUB.threadpool.apply(me)
    two = HUB.threadpool.apply(lambda: gevent.sleep(0.01) or me())
    address = gevent.socket.getaddrinfo("localhost", 80)[0][4][1]
    try:
        HUB.threadpool.apply(int, ("x",))
    except ValueError:
        return f"{one != own and two != own} {address}"


def case_threadsafe(environ):
    """A thread wakes the request, and only this worker."""
    done = gevent.event.Event()
    begin = time.monotonic()

    def in_thread():
        time.sleep(0.1)
        HUB.loop.run_callback_threadsafe(done.set)
    start_native(in_thread, ())
    done.wait(10)
    return f"{0.05 < time.monotonic() - begin < 5}"


def case_worker(environ):
    case_threadsafe(environ)
    return str(uwsgi.worker_id())


def case_signal(environ):
    """Handlers run while everything waits, Python's and gevent's."""
    del ticks[:]
    handler = gevent.signal_handler(
        signal.SIGUSR2, lambda: ticks.append(time.monotonic()))
    begin = time.monotonic()

    def kill():
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
    start_native(kill, ())
    gevent.sleep(3)
    handler.cancel()
    # The loop would wake by itself when that is over, not before.
    return f"{len(ticks)} {max(ticks) - begin < 2}"


def case_import_signal(environ):
    """A handler that was set at import."""
    before = len(winches)
    os.kill(os.getpid(), signal.SIGWINCH)
    gevent.sleep(0.05)
    return str(len(winches) - before)


def case_exit(environ):
    """What ends a program ends a greenlet here."""
    gevent.spawn(sys.exit, 3)
    gevent.sleep(0.05)

    def interrupted():
        raise KeyboardInterrupt
    gevent.spawn(interrupted)
    wsgimaster.sleep(0.05)
    HUB.loop.run_callback(sys.exit, 4)
    gevent.sleep(0.05)
    return "goes on"


def case_run(environ):
    """A request cannot turn the loop that it waits for."""
    out = []
    for _ in range(2):
        try:
            HUB.loop.run(nowait=True)
        except RuntimeError as error:
            out.append(str(error))
        gevent.sleep(0.01)
    return "; ".join(out)


def child_does(work):
    """What a forked child writes, and its exit status."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            os.write(writer, str(work()).encode())
            status = 5
        finally:
            os._exit(status)
    os.close(writer)
    out = b""
    while True:
        gevent.socket.wait_read(reader)
        piece = os.read(reader, 100)
        if not piece:
            break
        out += piece
    os.close(reader)
    return f"{out.decode()} {os.waitpid(pid, 0)[1] >> 8}"


def case_fork(environ):
    """A child has gevent, and nothing of what others have begun."""
    mine = []
    gevent.spawn_later(0.05, mine.append, "timer")
    gevent.spawn(mine.append, "callback")
    a, b = gevent.socket.socketpair()
    reader = gevent.spawn(lambda: mine.append(a.recv(1)))

    def in_child():
        mine.append("child")
        value = gevent.spawn(lambda: gevent.sleep(0.2) or 42).get()
        return f"{value} {mine}"
    out = child_does(in_child)
    gevent.sleep(0.1)
    b.send(b"x")
    reader.join(5)
    out += f" {sorted(map(str, mine))}"
    gevent.sleep(0.01)
    out += " " + child_does(lambda: gevent.sleep(0.01) or HUB.threadpool.apply(
        lambda: "pool"))
    a.close()
    b.close()
    return out


def case_forked_slow(environ):
    """A request that waits while others fork, and counts its steps."""
    with open(environ["QUERY_STRING"], "a") as file:
        for n in range(10):
            gevent.sleep(0.05)
            file.write("step\n")
            file.flush()
    return "stepped"


def case_multiprocessing(environ):
    import multiprocessing
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=lambda: (time.sleep(0.05),
                                              queue.put(os.getpid())))
    process.start()
    process.join(10)
    return f"{queue.get(timeout=5) == process.pid} {process.exitcode}"


def case_context(environ):
    """What a request has set is its own, before and behind waits."""
    name = environ["QUERY_STRING"]
    before = (VARIABLE.get(), getattr(LOCAL, "name", "none"))
    VARIABLE.set(name)
    LOCAL.name = name
    gevent.sleep(0.05)
    wsgimaster.sleep(0.02)
    inner = gevent.spawn(VARIABLE.get).get()
    mine = VARIABLE.get() == name and LOCAL.name == name and inner == name
    return f"{before == ('none', 'none')} {mine}"


def case_threadlocal(environ):
    """The same for what monkey patching makes of threads."""
    local = sys.modules.setdefault("cases_threadlocal", threading.local())
    before = getattr(local, "name", "none")
    local.name = environ["QUERY_STRING"]
    thread = threading.current_thread().name
    time.sleep(0.05)
    return f"{before} {local.name == environ['QUERY_STRING']} " \
        f"{thread == threading.current_thread().name}"


def case_patched(environ):
    """The usual modules wait for each other, in one worker."""
    import subprocess
    import urllib.request
    url = "http://%s/sleep" % environ["HTTP_HOST"]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    out = [opener.open(url, timeout=10).read().decode().strip()]
    try:
        import requests
        with requests.Session() as session:
            session.trust_env = False
            out.append(session.get(url, timeout=10).text.strip())
    except ImportError:
        out.append(out[0])
    begin = time.monotonic()
    threads = [threading.Thread(target=time.sleep, args=(0.3,))
               for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.append(time.monotonic() - begin < 2.5)
    out.append(subprocess.check_output("sleep 0.1; echo done", shell=True)
               .decode().strip())
    out.append(socket.gethostbyname("localhost"))
    return " ".join(map(str, out))


def case_is_patched(environ):
    return str(gevent.monkey.is_module_patched("socket"))


def case_body(environ):
    """The server reads and writes while gevent's loop turns."""
    size = 0
    while True:
        piece = environ["wsgi.input"].read(1000)
        if not piece:
            return str(size)
        size += len(piece)
        gevent.sleep(0)


def case_switched(environ):
    """uWSGI's way: a callback switches back."""
    me = greenlet.getcurrent()
    HUB.loop.timer(0.05).start(me.switch)
    me.parent.switch()
    return f"{me.parent is HUB}"


def case_slow(environ):
    gevent.spawn(gevent.sleep, 1000)
    gevent.sleep(1)
    return "slow"


def case_left(environ):
    """A greenlet that has something to do when the worker leaves."""
    def write():
        gevent.sleep(1)
        with open(environ["QUERY_STRING"], "w") as file:
            file.write("left")
    gevent.spawn(write)
    return "leaves"


def case_watchers(environ):
    """All kinds, in a request."""
    loop = HUB.loop
    out = []
    for kind in ("idle", "prepare", "check"):
        with getattr(loop, kind)() as watcher:
            HUB.wait(watcher)
            out.append(kind)
    path = environ["QUERY_STRING"]
    with loop.stat(path, 0.1) as watcher:
        gevent.spawn_later(0.05, lambda: open(path, "w").close())
        HUB.wait(watcher)
        out.append("stat %s" % (watcher.prev is None))
    with loop.async_() as watcher:
        start_native(lambda: time.sleep(0.05) or watcher.send(), ())
        HUB.wait(watcher)
        out.append("async")
    with loop.timer(0.01, 0.01) as watcher:
        count = []
        watcher.start(count.append, 1)
        gevent.sleep(0.1)
        out.append(str(2 < len(count) < 12))
    called = []
    loop.run_callback(called.append, 1)
    loop.run_callback(called.append, 2).stop()
    gevent.sleep(0)
    out.append(str(called))
    repr(loop), repr(watcher), repr(HUB)
    return " ".join(out)


def case_wrong(environ):
    """What is wrong is an exception, and nothing else."""
    loop = HUB.loop
    out = []

    def raised(function, *args):
        try:
            function(*args)
        except Exception as error:
            out.append(type(error).__name__)
        else:
            out.append("none")
    raised(lambda: loop.timer(float("nan")))
    raised(lambda: loop.timer(1, float("nan")))
    callback = loop.run_callback(out.append, "called")
    raised(setattr, callback, "args", 5)
    raised(lambda: int(type(loop)(default=False)))
    watcher = loop.signal(signal.SIGUSR2)
    watcher.start(out.append)
    raised(watcher.__init__, loop, 2000000000)
    watcher.stop()
    raised(setattr, type(watcher).__new__(type(watcher)), "ref", False)
    gevent.sleep(0.01)
    return " ".join(out)


def case_callback_forks(environ):
    """A child that is forked on the hub and returns to it ends."""
    reader, writer = os.pipe()
    pids = []

    def forks():
        pids.append(os.fork())
        if pids[0] == 0:
            os.close(reader)
    HUB.loop.run_callback(forks)
    gevent.sleep(0.01)
    os.close(writer)
    gevent.socket.wait_read(reader, 20)         # its end, too
    os.close(reader)
    return str(os.waitpid(pids[0], 0)[1])


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/").replace("-", "_")
    body = globals()["case_" + name](environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode() + b"\n"]
