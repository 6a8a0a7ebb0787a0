"""The app that runs under uWSGI and under this server: many small cases.

GET /CASE answers with the repr of what the case came to, or with what it
raised. A case is a row of CASES: a function without arguments, or one that
takes the environ; a generator's pieces are yielded on their way, its last one
is the result. What differs from run to run (process ids, times, folders) is
reduced to what can be compared by the case itself.

Handlers leave notes in files of the folder COMPAT_NOTES, since they run in
other processes; the case "notes.NAME" tells them.
"""
import inspect
import os
import socket
import subprocess
import threading
import time

import uwsgi

NOTES = os.environ["COMPAT_NOTES"]
OTHER = os.environ["COMPAT_OTHER"]
CASES = {}
TEXTS = set()           # cases whose exceptions' texts count


def note(name, text):
    """A line more in the file NAME."""
    with open(os.path.join(NOTES, name), "a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def notes(name):
    """The lines of that file, each once, in their order."""
    try:
        with open(os.path.join(NOTES, name), encoding="utf-8") as file:
            return sorted(set(file.read().splitlines()))
    except FileNotFoundError:
        return []


def case(name, text=False):
    """Puts a function into the table."""
    def put(function):
        assert name not in CASES, name
        CASES[name] = function
        if text:
            TEXTS.add(name)
        return function
    return put


def cases(**table):
    """Puts many there: __ in a name is a dot."""
    for name, function in table.items():
        case(name.replace("__", "."))(function)


def kind(value):
    """The type's name."""
    return type(value).__name__


def tried(function):
    """What it gives, or the name of what it raises."""
    try:
        return function()
    except Exception as error:
        return kind(error)


def where():
    """What this process is."""
    if uwsgi.worker_id():
        return f"worker {uwsgi.worker_id()}"
    if uwsgi.mule_id():
        return f"mule {uwsgi.mule_id()}"
    if uwsgi.i_am_the_spooler():
        return "spooler"
    return "master"


# --- The request ---


def chunks_without_waiting():
    """The chunks of the body, asked for until they are there."""
    chunks, end = [], time.monotonic() + 5
    while time.monotonic() < end and chunks[-1:] != [b""]:
        chunk = uwsgi.chunked_read_nb()
        if chunk is None:
            time.sleep(0.01)
        else:
            chunks.append(chunk)
    return chunks


ENVIRON = ["REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING",
           "SERVER_PROTOCOL", "CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR",
           "REQUEST_URI", "HTTP_X_PROBE", "wsgi.version", "wsgi.url_scheme",
           "wsgi.run_once", "wsgi.multithread", "wsgi.multiprocess",
           "uwsgi.core", "uwsgi.ready_fd", "DOCUMENT_ROOT", "REQUEST_SCHEME"]
for key in ENVIRON:
    CASES[f"environ.{key}"] = (
        lambda environ, key=key: environ.get(key, "absent"))
KINDS = ["uwsgi.core", "wsgi.input", "wsgi.errors", "wsgi.file_wrapper", "uwsgi.version",
         "uwsgi.node", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT",
         "x-wsgiorg.fdevent.readable", "x-wsgiorg.fdevent.writable",
         "x-wsgiorg.fdevent.timeout"]
for key in KINDS:
    CASES[f"environ.kind.{key}"] = (
        lambda environ, key=key: callable(environ.get(key)) or
        kind(environ[key]) if key in environ else "absent")

cases(
    input__read=lambda environ: environ["wsgi.input"].read(),
    input__read_some=lambda environ: [environ["wsgi.input"].read(3),
                                      environ["wsgi.input"].read()],
    input__readline=lambda environ: [environ["wsgi.input"].readline()
                                     for _ in range(4)],
    input__readlines=lambda environ: environ["wsgi.input"].readlines(),
    input__iter=lambda environ: list(environ["wsgi.input"]),
    input__empty=lambda environ: environ["wsgi.input"].read(),
    cl=lambda environ: uwsgi.cl(),
    cl__none=lambda environ: uwsgi.cl(),
    connection_fd=lambda environ: uwsgi.connection_fd() > 2,
    is_connected__client=lambda environ: bool(
        uwsgi.is_connected(uwsgi.connection_fd())),
    is_connected__wrong=lambda environ: bool(uwsgi.is_connected(-1)),
    request_id=lambda environ: kind(uwsgi.request_id()),
    add_var=lambda environ: (uwsgi.add_var("NAME", "value")),
    add_var__bytes=lambda environ: (uwsgi.add_var(b"NAME", b"value")),
    set_logvar=lambda environ: [uwsgi.set_logvar("one", "1"),
                                uwsgi.get_logvar("one"),
                                uwsgi.get_logvar(b"one")],
    get_logvar__none=lambda environ: uwsgi.get_logvar("none"),
    set_logvar__again=lambda environ: [uwsgi.set_logvar("two", "1"),
                                       uwsgi.set_logvar("two", "22"),
                                       uwsgi.get_logvar("two")],
    log_this_request=lambda environ: uwsgi.log_this_request(),
    set_user_harakiri=lambda environ: [uwsgi.set_user_harakiri(10),
                                       uwsgi.set_user_harakiri(0)],
    chunked_read=lambda environ: [uwsgi.chunked_read(),
                                  uwsgi.chunked_read(2),
                                  uwsgi.chunked_read()],
    chunked_read_nb=lambda environ: chunks_without_waiting(),
    recv__client=lambda environ: uwsgi.recv(uwsgi.connection_fd(), 5),
    env=lambda environ: [kind(uwsgi.env),
                         uwsgi.env.get("PATH_INFO")],
    start_response=lambda environ: callable(uwsgi.start_response),
    route=lambda environ: kind(uwsgi.route("log", "hello")),
    offload=lambda environ: uwsgi.offload("nowhere"),
)


# --- Answers as a whole: what the client sees ---

PAGES = {}


def page(function):
    """A WSGI app under /page.NAME."""
    PAGES["page." + function.__name__] = function
    return function


PLAIN = [("Content-Type", "text/plain")]


@page
def empty(environ, start_response):
    start_response("204 No Content", [])
    return []


@page
def pieces(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"one "
    yield b""
    yield b"two"


@page
def write(environ, start_response):
    start_response("200 OK", PLAIN)(b"written ")
    return [b"returned"]


@page
def replaced(environ, start_response):
    import sys
    start_response("200 OK", PLAIN)
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("500 Sorry", [("X-Why", "value")], sys.exc_info())
    return [b"replaced"]


@page
def twice(environ, start_response):
    start_response("200 OK", PLAIN)
    try:
        start_response("201 Again", PLAIN)
    except Exception as error:
        return [type(error).__name__.encode()]
    return [b"twice"]


@page
def raises(environ, start_response):
    raise ValueError("on purpose")


@page
def no_start(environ, start_response):
    return [b"without start_response"]


@page
def text(environ, start_response):
    start_response("200 OK", PLAIN)
    return ["text"]


@page
def head(environ, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "4")])
    return [b"body"]


@page
def header_twice(environ, start_response):
    start_response("200 OK", PLAIN + [("Set-Cookie", "a=1"),
                                      ("Set-Cookie", "b=2")])
    return [b"cookies"]


@page
def file_wrapper(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](open(__file__, "rb"), 4096)


@page
def sendfile(environ, start_response):
    start_response("200 OK", PLAIN)
    uwsgi.sendfile(__file__)
    return []


@page
def send(environ, start_response):
    start_response("200 OK", PLAIN)
    uwsgi.send(b"sent ")
    return [b"returned"]


@page
def disconnect(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"before"
    uwsgi.disconnect()
    yield b"after"


@page
def closes(environ, start_response):
    class Body:
        def __iter__(self):
            return iter([b"closed"])

        def close(self):
            note("closes", "closed")

    start_response("200 OK", PLAIN)
    return Body()


# --- The process and the master ---

WORKER_KEYS = ["id", "pid", "requests", "delta_requests", "signals",
               "exceptions", "status", "rss", "vsz", "running_time",
               "last_spawn", "respawn_count", "tx", "avg_rt", "apps"]
APP_KEYS = ["id", "modifier1", "mountpoint", "startup_time", "interpreter",
            "callable", "requests", "exceptions", "chdir"]
for key in WORKER_KEYS:
    CASES[f"workers.{key}"] = (
        lambda key=key: kind(uwsgi.workers()[0][key]))
for key in APP_KEYS:
    CASES[f"workers.apps.{key}"] = (
        lambda key=key: kind(uwsgi.workers()[0]["apps"][0][key]))


def temporary(text_of_it):
    """A file with that in it."""
    path = os.path.join(NOTES, "temporary")
    with open(path, "wb") as file:
        file.write(text_of_it)
    return path


cases(
    workers=lambda: [kind(uwsgi.workers()), len(uwsgi.workers()),
                     uwsgi.workers()[0]["id"], uwsgi.workers()[0]["status"],
                     uwsgi.workers()[0]["pid"] == os.getpid()],
    workers__keys=lambda: sorted(uwsgi.workers()[0]),
    workers__first_app=lambda: [kind(uwsgi.workers()[0]["apps"]),
                           uwsgi.workers()[0]["apps"][0]["mountpoint"],
                           uwsgi.workers()[0]["apps"][0]["id"],
                           uwsgi.workers()[0]["apps"][0]["modifier1"]],
    worker_id=lambda: uwsgi.worker_id(),
    mule_id=lambda: uwsgi.mule_id(),
    masterpid=lambda: uwsgi.masterpid() not in (0, os.getpid()),
    masterpid__parent=lambda: kind(uwsgi.masterpid()),
    total_requests=lambda: uwsgi.total_requests() > 0,
    mem=lambda: [kind(uwsgi.mem()), len(uwsgi.mem()),
                 kind(uwsgi.mem()[0])],
    mem__order=lambda: uwsgi.mem()[0] < uwsgi.mem()[1],
    logsize=lambda: kind(uwsgi.logsize()),
    micros=lambda: abs(uwsgi.micros() / 1e6 - time.time()) < 60,
    listen_queue=lambda: kind(uwsgi.listen_queue()),
    listen_queue__zero=lambda: kind(uwsgi.listen_queue(0)),
    listen_queue__wrong=lambda: uwsgi.listen_queue(7),
    ready=lambda: uwsgi.ready(),
    accepting=lambda: uwsgi.accepting(),
    accepting__one=lambda: uwsgi.accepting(1),
    setprocname=lambda: uwsgi.setprocname("named"),
    log=lambda: uwsgi.log("logged"),
    log__bytes=lambda: uwsgi.log(b"logged"),
    alarm=lambda: uwsgi.alarm("nobody", "hears"),
    set_warning_message=lambda: uwsgi.set_warning_message("careful"),
    parsefile=lambda: uwsgi.parsefile(temporary(b"\0\x0b\0\0"
                                                b"\x03\0key\x04\0some")),
    parsefile__none=lambda: uwsgi.parsefile("/nonexistent"),
    embedded_data=lambda: uwsgi.embedded_data("nothing"),
    extract=lambda: uwsgi.extract("file://" + temporary(b"text")),
    extract__none=lambda: uwsgi.extract("file:///nonexistent"),
    is_a_reload=lambda: uwsgi.is_a_reload,
    numproc=lambda: uwsgi.numproc,
    cores=lambda: uwsgi.cores,
    has_threads=lambda: bool(uwsgi.has_threads),
    buffer_size=lambda: kind(uwsgi.buffer_size),
    started_on=lambda: abs(uwsgi.started_on - time.time()) < 120,
    version=lambda: kind(uwsgi.version),
    version_info=lambda: [kind(uwsgi.version_info), len(uwsgi.version_info),
                          [kind(part) for part in uwsgi.version_info]],
    hostname=lambda: uwsgi.hostname == socket.gethostname().encode(),
    loop=lambda: uwsgi.loop,
    unbit=lambda: uwsgi.unbit,
    magic_table=lambda: kind(uwsgi.magic_table),
    sockets=lambda: [kind(uwsgi.sockets), len(uwsgi.sockets),
                     uwsgi.sockets[0] > 2],
    applications=lambda: kind(uwsgi.applications),
    opt=lambda: kind(uwsgi.opt),
    opt__flag=lambda: uwsgi.opt["master"],
    opt__text=lambda: [kind(uwsgi.opt["wsgi-file"]),
                       os.path.basename(uwsgi.opt["wsgi-file"])],
    opt__number=lambda: uwsgi.opt["processes"],
    opt__list=lambda: uwsgi.opt["env"][-2:],
    opt__none=lambda: uwsgi.opt.get("harakiri"),
    mode=lambda: uwsgi.mode,
    pidfile=lambda: uwsgi.pidfile,
    SPOOL=lambda: [uwsgi.SPOOL_OK, uwsgi.SPOOL_RETRY, uwsgi.SPOOL_IGNORE],
    i_am_the_spooler=lambda: uwsgi.i_am_the_spooler(),
    i_am_the_lord=lambda: uwsgi.i_am_the_lord("legion"),
    lord_scroll=lambda: uwsgi.lord_scroll("legion"),
    scrolls=lambda: uwsgi.scrolls("legion"),
    outside=lambda: "uwsgi" in __import__("sys").modules,
    same_random=lambda: kind(__import__("random").random()),
    post_fork=lambda: FORKED,
    hook__assigned=lambda: callable(uwsgi.post_fork_hook),
    thread=lambda: RAN.wait(5) and "ran",
)


# --- Waiting ---

CHILDREN = []


def listener():
    """A socket that listens, and its address."""
    server = socket.create_server(("127.0.0.1", 0))
    return server, "127.0.0.1:%d" % server.getsockname()[1]


@case("connect")
def connect():
    server, address = listener()
    fd = uwsgi.connect(address)
    result = [fd > 2, bool(uwsgi.is_connected(fd))]
    other, _ = server.accept()
    result.append(uwsgi.send(fd, b"hello"))
    result.append(other.recv(10))
    other.sendall(b"answer")
    result.append(uwsgi.recv(fd))
    other.sendall(b"x" * 5000)
    result.append(len(uwsgi.recv(fd)))
    result.append(len(uwsgi.recv(fd, 100)))
    other.close()
    time.sleep(0.01)
    while (more := uwsgi.recv(fd)) is not None:
        assert more
    result += [more, uwsgi.close(fd)]
    return result


@case("async_connect")
def async_connect():
    server, address = listener()
    fd = uwsgi.async_connect(address)
    with socket.socket(fileno=fd) as client:
        other, _ = server.accept()
        time.sleep(0.01)
        return [bool(uwsgi.is_connected(fd)), client.getblocking()]


cases(
    connect__refused=lambda: uwsgi.connect("127.0.0.1:1"),
    connect__timeout=lambda: uwsgi.connect("127.0.0.1:1", 1),
    connect__unix=lambda: uwsgi.connect("/nonexistent/socket"),
    async_connect__refused=lambda: uwsgi.async_connect("/nonexistent/s"),
    close__wrong=lambda: uwsgi.close(987),
    recv__wrong=lambda: uwsgi.recv(987, 10),
    send__wrong=lambda: uwsgi.send(987, b"x"),
    async_sleep=lambda: uwsgi.async_sleep(1),
    async_sleep__zero=lambda: uwsgi.async_sleep(0),
    wait_fd_read__wrong=lambda: uwsgi.wait_fd_read(-1),
    wait_fd_write__wrong=lambda: uwsgi.wait_fd_write(-1),
    suspend=lambda: uwsgi.suspend(),
    green_schedule=lambda: uwsgi.green_schedule(),
    ready_fd=lambda: uwsgi.ready_fd(),
)


@case("async.sleep")
def sleeps(environ):
    begin = time.monotonic()
    result = [uwsgi.async_sleep(1), uwsgi.suspend(), uwsgi.ready_fd()]
    return result + [0.9 < time.monotonic() - begin < 5]


@case("async.half")
def half(environ):
    begin = time.monotonic()
    uwsgi.async_sleep(0.5)
    uwsgi.suspend()
    return time.monotonic() - begin > 0.4


def soon():
    """A pipe into which another process writes a little later (no thread:
    uWSGI's loop keeps the interpreter's lock)."""
    end, other = os.pipe()
    CHILDREN.append(subprocess.Popen(["sh", "-c", "sleep 0.1; printf x"],
                                     stdout=other))
    os.close(other)
    return os.fdopen(end, "rb", 0)


@case("async.read")
def reads(environ):
    with soon() as pipe:
        return [uwsgi.wait_fd_read(pipe.fileno(), 5), uwsgi.suspend(),
                uwsgi.ready_fd() == pipe.fileno(), pipe.read(1)]


@case("async.read.timeout")
def read_timeout(environ):
    ours, theirs = socket.socketpair()
    begin = time.monotonic()
    result = [uwsgi.wait_fd_read(ours.fileno(), 1), uwsgi.suspend(),
              uwsgi.ready_fd()]
    return result + [0.9 < time.monotonic() - begin < 5]


@case("async.write")
def writes(environ):
    ours, theirs = socket.socketpair()
    return [uwsgi.wait_fd_write(ours.fileno(), 5), uwsgi.suspend(),
            uwsgi.ready_fd() == ours.fileno()]


@case("async.any")
def any_of(environ):
    one, other = socket.socketpair()
    two, another = socket.socketpair()
    another.send(b"x")
    uwsgi.wait_fd_read(one.fileno(), 5)
    uwsgi.wait_fd_read(two.fileno(), 5)
    uwsgi.suspend()
    return uwsgi.ready_fd() == two.fileno()


@case("async.both")
def both(environ):
    ours, theirs = socket.socketpair()
    return [uwsgi.wait_fd_read(ours.fileno(), 2),
            uwsgi.wait_fd_write(ours.fileno(), 2), uwsgi.suspend()]


@case("async.yield")
def yields(environ):
    with soon() as pipe:
        yield uwsgi.wait_fd_read(pipe.fileno(), 5)
        yield repr([environ.get("uwsgi.ready_fd") == pipe.fileno(),
                    bool(environ["x-wsgiorg.fdevent.timeout"])]).encode()


@case("async.yield.timeout")
def yields_timeout(environ):
    ours, theirs = socket.socketpair()
    yield uwsgi.wait_fd_read(ours.fileno(), 1)
    yield repr(bool(environ["x-wsgiorg.fdevent.timeout"])).encode()


@case("async.fdevent")
def fdevent(environ):
    ours, theirs = socket.socketpair()
    theirs.send(b"x")
    yield environ["x-wsgiorg.fdevent.readable"](ours.fileno(), 5)
    yield environ["x-wsgiorg.fdevent.writable"](ours.fileno(), 5)
    yield repr(ours.recv(1)).encode()


@case("async.greenlet")
def other_greenlet(environ):
    import greenlet
    return [kind(greenlet.getcurrent()) == "greenlet",
            greenlet.getcurrent().parent is not None,
            greenlet.greenlet(uwsgi.cl).switch()]


@case("async.together")
def together(environ):
    """Four at once take the time of one (the runner asks four times)."""
    uwsgi.async_sleep(1)
    uwsgi.suspend()
    return "slept"


# --- Locks ---

def lock_in_thread(number):
    """What another thread sees of a lock that is held here."""
    uwsgi.lock(number)
    seen = []
    thread = threading.Thread(
        target=lambda: seen.append(uwsgi.is_locked(number)))
    thread.start()
    thread.join()
    uwsgi.unlock(number)
    return seen


cases(
    lock=lambda: [uwsgi.lock(), uwsgi.is_locked(), uwsgi.unlock(),
                  uwsgi.is_locked()],
    lock__number=lambda: [uwsgi.lock(1), uwsgi.is_locked(1),
                          uwsgi.is_locked(0), uwsgi.unlock(1)],
    lock__high=lambda: uwsgi.lock(99),
    lock__negative=lambda: uwsgi.lock(-1),
    unlock__high=lambda: uwsgi.unlock(99),
    is_locked__high=lambda: uwsgi.is_locked(99),
    lock__thread=lambda: lock_in_thread(1),
    unlock__free=lambda: [uwsgi.unlock(2), uwsgi.is_locked(2)],
)

# --- RPC ---

PROCEDURES = {"hello": lambda: b"Hello", "join": lambda *a: b"+".join(a),
              b"bytes": lambda: b"name in bytes", "text": lambda: "text",
              "none": lambda: None, "number": lambda: 5,
              "empty": lambda: b"", "raises": lambda: 1 / 0}
REGISTERED = [tried(lambda name=name, function=function:
                    uwsgi.register_rpc(name, function))
              for name, function in PROCEDURES.items()]
REGISTERED.append(tried(
    lambda: uwsgi.register_rpc("two", lambda a, b: a + b, 2)))
cases(
    register_rpc=lambda: REGISTERED,
    register_rpc__worker=lambda: [uwsgi.register_rpc("late", lambda: b"l"),
                                  uwsgi.rpc(None, b"late")],
    rpc=lambda: uwsgi.rpc("", b"hello"),
    rpc__none=lambda: uwsgi.rpc(None, b"hello"),
    rpc__args=lambda: uwsgi.rpc("", b"join", b"a", b"bc", b""),
    rpc__many=lambda: uwsgi.rpc("", b"join", *[b"x"] * 254),
    rpc__too_many=lambda: uwsgi.rpc("", b"join", *[b"x"] * 260),
    rpc__argc=lambda: uwsgi.rpc("", b"two", b"a", b"b"),
    rpc__argc_wrong=lambda: uwsgi.rpc("", b"two", b"a"),
    rpc__bytes=lambda: uwsgi.rpc("", b"bytes"),
    rpc__text=lambda: uwsgi.rpc("", b"text"),
    rpc__gives_none=lambda: uwsgi.rpc("", b"none"),
    rpc__gives_number=lambda: uwsgi.rpc("", b"number"),
    rpc__gives_empty=lambda: uwsgi.rpc("", b"empty"),
    rpc__raises=lambda: uwsgi.rpc("", b"raises"),
    rpc__unknown=lambda: uwsgi.rpc("", b"unknown"),
    rpc__str=lambda: uwsgi.rpc("", "hello"),
    rpc__str_args=lambda: uwsgi.rpc("", b"join", "a"),
    rpc__no_args=lambda: uwsgi.rpc(),
    rpc__node=lambda: uwsgi.rpc("127.0.0.1:1", b"hello"),
    call=lambda: uwsgi.call(b"hello"),
    call__args=lambda: uwsgi.call(b"join", b"a", b"b"),
    call__unknown=lambda: uwsgi.call(b"unknown"),
    call__str=lambda: uwsgi.call("hello"),
    rpc_list=lambda: [kind(uwsgi.rpc_list()), sorted(uwsgi.rpc_list())],
)

# --- RPC and caches of the other server ---

PROCEDURES_FAR = {"sizes": lambda *a: ",".join(str(len(x)) for x in a).encode(),
                  "long": lambda n: b"x" * int(n)}
for name, function in PROCEDURES_FAR.items():
    uwsgi.register_rpc(name, function)


def far(*args):
    """A call of the other server; of what is long, its length."""
    answer = uwsgi.rpc(OTHER, *args)
    return len(answer) if len(answer or b"") > 99 else answer


def cached():
    """This server's cache is not the other one's."""
    uwsgi.cache_update("key", b"here", 0, "c")
    return [uwsgi.cache_get("key", f"c@{OTHER}"), uwsgi.cache_get("key", "c")]


cases(
    remote__rpc=lambda: far(b"hello"),
    remote__rpc_args=lambda: far(b"join", b"a", b"", b"\0\xff"),
    remote__rpc_many=lambda: far(b"join", *[b"x"] * 254),
    remote__rpc_too_many=lambda: far(b"join", *[b"x"] * 260),
    remote__rpc_bytes=lambda: far(b"bytes"),
    remote__rpc_text=lambda: far(b"text"),
    remote__rpc_none=lambda: far(b"none"),
    remote__rpc_number=lambda: far(b"number"),
    remote__rpc_empty=lambda: far(b"empty"),
    remote__rpc_raises=lambda: far(b"raises"),
    remote__rpc_unknown=lambda: far(b"unknown"),
    remote__rpc_argc=lambda: [far(b"two", b"a", b"b"), far(b"two", b"a")],
    remote__rpc_sizes=lambda: far(b"sizes", b"a" * 30000, b"b" * 30000),
    remote__rpc_long=lambda: [far(b"long", str(n).encode())
                              for n in (65535, 65536, 1000000)],
    remote__rpc_nobody=lambda: uwsgi.rpc(OTHER + ".no", b"hello"),
    remote__cache_get=lambda: cached(),
    remote__cache_set=lambda: uwsgi.cache_set("far", b"x", 0, f"c@{OTHER}"),
    remote__cache_update=lambda: uwsgi.cache_update("far", b"x", 0,
                                                    f"c@{OTHER}"),
    remote__cache_exists=lambda: uwsgi.cache_exists("key", f"c@{OTHER}"),
    remote__cache_del=lambda: uwsgi.cache_del("key", f"c@{OTHER}"),
    remote__cache_nobody=lambda: uwsgi.cache_get("key", f"c@{OTHER}.no"),
)

# --- Metrics ---

cases(
    metric_get=lambda: uwsgi.metric_get("foo"),
    metric_get__bytes=lambda: uwsgi.metric_get(b"foo"),
    metric_inc=lambda: [uwsgi.metric_inc("foo"), uwsgi.metric_inc("foo", 5),
                        uwsgi.metric_get("foo")],
    metric_dec=lambda: [uwsgi.metric_dec("foo"), uwsgi.metric_dec("foo", 2),
                        uwsgi.metric_get("foo")],
    metric_set=lambda: [uwsgi.metric_set("foo", 10), uwsgi.metric_get("foo")],
    metric_mul=lambda: [uwsgi.metric_mul("foo", 3), uwsgi.metric_get("foo"),
                        uwsgi.metric_mul("foo"), uwsgi.metric_get("foo")],
    metric_div=lambda: [uwsgi.metric_div("foo", 2), uwsgi.metric_get("foo"),
                        uwsgi.metric_div("foo"), uwsgi.metric_get("foo")],
    metric_div__zero=lambda: uwsgi.metric_get("other"),
    metric_set_max=lambda: [uwsgi.metric_set("foo", 5),
                            uwsgi.metric_set_max("foo", 3),
                            uwsgi.metric_get("foo"),
                            uwsgi.metric_set_max("foo", 8),
                            uwsgi.metric_get("foo")],
    metric_set_min=lambda: [uwsgi.metric_set_min("foo", 9),
                            uwsgi.metric_get("foo"),
                            uwsgi.metric_set_min("foo", 2),
                            uwsgi.metric_get("foo")],
    metric_set__negative=lambda: [uwsgi.metric_set("foo", -7),
                                  uwsgi.metric_get("foo")],
    metric_get__unknown=lambda: uwsgi.metric_get("unknown"),
    metric_inc__unknown=lambda: uwsgi.metric_inc("unknown"),
    metric_set__unknown=lambda: uwsgi.metric_set("unknown", 3),
    metric_get__worker=lambda: kind(uwsgi.metric_get("worker.1.requests")),
)

# --- Cache ---

cases(
    cache_get__none=lambda: uwsgi.cache_get("none"),
    cache_set=lambda: [uwsgi.cache_set("key", "value"),
                       uwsgi.cache_get("key"), uwsgi.cache_get(b"key")],
    cache_set__exists=lambda: [uwsgi.cache_set("key", "other"),
                               uwsgi.cache_get("key")],
    cache_set__bytes=lambda: [uwsgi.cache_set(b"\0\xff", b"\0\1"),
                              uwsgi.cache_get(b"\0\xff")],
    cache_set__empty=lambda: [uwsgi.cache_set("empty", b""),
                              uwsgi.cache_get("empty"),
                              uwsgi.cache_exists("empty")],
    cache_set__no_key=lambda: uwsgi.cache_set("", b"x"),
    cache_set__long_key=lambda: uwsgi.cache_set("k" * 5000, b"x"),
    cache_set__too_long=lambda: uwsgi.cache_set("long", b"x" * 200000),
    cache_set__expires=lambda: [uwsgi.cache_set("soon", b"x", 100),
                                uwsgi.cache_get("soon")],
    cache_set__named=lambda: [uwsgi.cache_set("named", b"x", 0, "c"),
                              uwsgi.cache_get("named", "c"),
                              uwsgi.cache_get("named", b"c")],
    cache_get__other=lambda: [uwsgi.cache_set("only", b"d", 0, "d"),
                              uwsgi.cache_get("only", "d"),
                              uwsgi.cache_get("only", "c")],
    cache_get__unknown=lambda: uwsgi.cache_get("key", "unknown"),
    cache_set__unknown=lambda: uwsgi.cache_set("key", b"", 0, "unknown"),
    cache_update=lambda: [uwsgi.cache_update("key", "new"),
                          uwsgi.cache_get("key"),
                          uwsgi.cache_update("fresh", "new"),
                          uwsgi.cache_get("fresh")],
    cache_exists=lambda: [uwsgi.cache_exists("key"),
                          uwsgi.cache_exists("none")],
    cache_del=lambda: [uwsgi.cache_del("fresh"), uwsgi.cache_get("fresh"),
                       uwsgi.cache_del("fresh")],
    cache_inc=lambda: [uwsgi.cache_inc("count"), uwsgi.cache_inc("count", 5),
                       uwsgi.cache_num("count")],
    cache_dec=lambda: [uwsgi.cache_dec("count", 2), uwsgi.cache_num("count")],
    cache_mul=lambda: [uwsgi.cache_mul("count", 6), uwsgi.cache_num("count"),
                       uwsgi.cache_mul("count"), uwsgi.cache_num("count")],
    cache_div=lambda: [uwsgi.cache_div("count", 4), uwsgi.cache_num("count"),
                       uwsgi.cache_div("count"), uwsgi.cache_num("count")],
    cache_num__none=lambda: uwsgi.cache_num("none"),
    cache_num__short=lambda: uwsgi.cache_num("key"),
    cache_num__raw=lambda: uwsgi.cache_get("count"),
    cache_keys=lambda: [kind(uwsgi.cache_keys()),
                        sorted(uwsgi.cache_keys())],
    cache_keys__named=lambda: sorted(uwsgi.cache_keys("d")),
    cache_keys__unknown=lambda: uwsgi.cache_keys("unknown"),
    cache_clear__named=lambda: [uwsgi.cache_clear("d"),
                                uwsgi.cache_keys("d")],
    cache_clear=lambda: [uwsgi.cache_clear(), uwsgi.cache_get("key")],
    cache_set__full=lambda: [uwsgi.cache_set(f"full{i}", b"x", 0, "d")
                             for i in range(12)],
)

# --- Queue ---

cases(
    queue_size=lambda: uwsgi.queue_size,
    queue_push=lambda: [uwsgi.queue_push("one"), uwsgi.queue_push(b"two"),
                        uwsgi.queue_push("three")],
    queue_slot=lambda: [uwsgi.queue_slot(), uwsgi.queue_pull_slot()],
    queue_last=lambda: [uwsgi.queue_last(), uwsgi.queue_last(2),
                        kind(uwsgi.queue_last(10))],
    queue_get=lambda: [uwsgi.queue_get(0), uwsgi.queue_get(1)],
    queue_get__empty=lambda: uwsgi.queue_get(4),
    queue_get__high=lambda: uwsgi.queue_get(1000),
    queue_set=lambda: [uwsgi.queue_set(1, "TWO"), uwsgi.queue_get(1)],
    queue_set__high=lambda: uwsgi.queue_set(1000, "x"),
    queue_pull=lambda: [uwsgi.queue_pull(), uwsgi.queue_pull_slot()],
    queue_pop=lambda: [uwsgi.queue_pop(), uwsgi.queue_slot()],
    queue_push__many=lambda: [uwsgi.queue_push(f"m{i}") for i in range(7)],
    queue_pull__after=lambda: [uwsgi.queue_pull() for i in range(7)],
    queue_pull__empty=lambda: uwsgi.queue_pull(),
    queue_pop__empty=lambda: uwsgi.queue_pop(),
    queue_push__long=lambda: uwsgi.queue_push("x" * 100000),
)

# --- Shared areas ---

cases(
    sharedarea_write=lambda: [uwsgi.sharedarea_write(0, 0, b"hello"),
                              uwsgi.sharedarea_read(0, 0, 5)],
    sharedarea_write__str=lambda: [uwsgi.sharedarea_write(0, 10, "text"),
                                   uwsgi.sharedarea_read(0, 10, 4)],
    sharedarea_read__all=lambda: len(uwsgi.sharedarea_read(0, 0)),
    sharedarea_read__beyond=lambda: uwsgi.sharedarea_read(0, 5000, 10),
    sharedarea_read__area=lambda: uwsgi.sharedarea_read(7, 0, 1),
    sharedarea_write__beyond=lambda: uwsgi.sharedarea_write(0, 4094,
                                                            b"long"),
    sharedarea_write8=lambda: [uwsgi.sharedarea_write8(0, 20, 200),
                               uwsgi.sharedarea_read8(0, 20)],
    sharedarea_write16=lambda: [uwsgi.sharedarea_write16(0, 20, 20000),
                                uwsgi.sharedarea_read16(0, 20)],
    sharedarea_write32=lambda: [uwsgi.sharedarea_write32(0, 20, -5),
                                uwsgi.sharedarea_read32(0, 20)],
    sharedarea_write64=lambda: [uwsgi.sharedarea_write64(0, 24, 1 << 40),
                                uwsgi.sharedarea_read64(0, 24)],
    sharedarea_writebyte=lambda: [uwsgi.sharedarea_writebyte(0, 40, 65),
                                  uwsgi.sharedarea_readbyte(0, 40)],
    sharedarea_writelong=lambda: [uwsgi.sharedarea_writelong(0, 48, 99),
                                  uwsgi.sharedarea_readlong(0, 48)],
    sharedarea_inc8=lambda: [uwsgi.sharedarea_inc8(0, 60),
                             uwsgi.sharedarea_inc8(0, 60, 4),
                             uwsgi.sharedarea_read8(0, 60)],
    sharedarea_inc16=lambda: [uwsgi.sharedarea_inc16(0, 62, 300),
                              uwsgi.sharedarea_read16(0, 62)],
    sharedarea_inc32=lambda: [uwsgi.sharedarea_inc32(0, 64, 70000),
                              uwsgi.sharedarea_read32(0, 64)],
    sharedarea_inc64=lambda: [uwsgi.sharedarea_inc64(0, 72),
                              uwsgi.sharedarea_inc64(0, 72, 4),
                              uwsgi.sharedarea_read64(0, 72)],
    sharedarea_dec8=lambda: [uwsgi.sharedarea_dec8(0, 60),
                             uwsgi.sharedarea_read8(0, 60)],
    sharedarea_dec16=lambda: [uwsgi.sharedarea_dec16(0, 62, 100),
                              uwsgi.sharedarea_read16(0, 62)],
    sharedarea_dec32=lambda: [uwsgi.sharedarea_dec32(0, 64),
                              uwsgi.sharedarea_read32(0, 64)],
    sharedarea_dec64=lambda: [uwsgi.sharedarea_dec64(0, 72, 10),
                              uwsgi.sharedarea_read64(0, 72)],
    sharedarea_rlock=lambda: [uwsgi.sharedarea_rlock(0),
                              uwsgi.sharedarea_unlock(0)],
    sharedarea_wlock=lambda: [uwsgi.sharedarea_wlock(0),
                              uwsgi.sharedarea_unlock(0)],
    sharedarea_memoryview=lambda: [
        kind(uwsgi.sharedarea_memoryview(0)),
        len(uwsgi.sharedarea_memoryview(0)),
        bytes(uwsgi.sharedarea_memoryview(0)[:5])],
    sharedarea_object=lambda: kind(uwsgi.sharedarea_object(0)),
)

# --- Signals and timers ---


def on_signal(number):
    """Notes where it ran."""
    note(f"signal{number}", where())


SIGNALS = {}
for signal_number, target in ((10, ""), (11, "worker"), (12, "workers"),
                              (13, "worker1"), (14, "mule"), (15, "mules"),
                              (16, "mule1"), (17, "farm_f"),
                              (18, "spooler"), (19, "active-workers"),
                              (20, ""), (30, ""), (31, "mule"), (32, ""),
                              (33, ""), (34, ""), (35, "")):
    SIGNALS[signal_number] = tried(
        lambda: uwsgi.register_signal(signal_number, target, on_signal))
TIMERS = []
if os.environ.get("COMPAT_TIMERS"):
    TIMERS = [
        tried(lambda: uwsgi.add_timer(30, 1)),
        tried(lambda: uwsgi.add_timer(31, 1)),
        tried(lambda: uwsgi.add_rb_timer(32, 1)),
        tried(lambda: uwsgi.add_rb_timer(33, 1, 2)),
        tried(lambda: uwsgi.add_cron(34, -1, -1, -1, -1, -1)),
        tried(lambda: uwsgi.add_file_monitor(35, NOTES + "/monitored"))]

cases(
    register_signal=lambda: SIGNALS,
    register_signal__high=lambda: uwsgi.register_signal(256, "", on_signal),
    register_signal__target=lambda: uwsgi.register_signal(
        40, "nonsense", on_signal),
    signal_registered=lambda: [uwsgi.signal_registered(10),
                               uwsgi.signal_registered(99)],
    signal_received=lambda: kind(uwsgi.signal_received()),
    signal__unregistered=lambda: uwsgi.signal(98),
    signal__high=lambda: uwsgi.signal(300),
    signal__node=lambda: uwsgi.signal(10, "127.0.0.1:1"),
    add_timer=lambda: TIMERS[0],
    add_rb_timer=lambda: TIMERS[2:4],
    add_cron=lambda: TIMERS[4],
    add_file_monitor=lambda: TIMERS[5],
)
for signal_number in (10, 11, 12, 13, 14, 15, 16, 17, 18, 19):
    CASES[f"signal.{signal_number}"] = (
        lambda number=signal_number: uwsgi.signal(number))
for signal_number in (10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 30, 31, 32,
                      33):
    CASES[f"notes.signal{signal_number}"] = (
        lambda number=signal_number: notes(f"signal{number}"))


@case("notes.signal35")
def file_monitor():
    """Changes the file each time that it is asked."""
    with open(NOTES + "/monitored", "a", encoding="utf-8") as file:
        file.write("x")
    return notes("signal35")


@case("signal_wait")
def signal_wait():
    """In a thread of this worker, signal 50 comes from another."""
    threading.Timer(0.2, uwsgi.signal, [50]).start()
    return [uwsgi.signal_wait(50), uwsgi.signal_received()]


# --- Mules ---

def locks():
    """What taking a lock, trying it and giving it back come to."""
    return [tried(lambda: uwsgi.lock(1)), tried(lambda: uwsgi.is_locked(1)),
            tried(lambda: uwsgi.unlock(1))]


def on_mule_message(message):
    """Notes what a mule got."""
    if message == b"number":
        note("mule.locks", locks())
    whose = where() if message not in (
        b"text", b"bytes") else bool(uwsgi.mule_id())
    note("mule", f"{whose}: {message!r}")


cases(
    mule_msg=lambda: uwsgi.mule_msg("text"),
    mule_msg__bytes=lambda: uwsgi.mule_msg(b"bytes"),
    mule_msg__number=lambda: uwsgi.mule_msg(b"number", 1),
    mule_msg__farm=lambda: uwsgi.mule_msg(b"farm", "f"),
    mule_msg__no_farm=lambda: uwsgi.mule_msg(b"farm", "nofarm"),
    mule_msg__wrong=lambda: uwsgi.mule_msg(b"wrong", 99),
    farm_msg=lambda: uwsgi.farm_msg("f", b"by farm_msg"),
    farm_msg__unknown=lambda: uwsgi.farm_msg("nofarm", b"x"),
    mule_get_msg=lambda: uwsgi.mule_get_msg(),
    farm_get_msg=lambda: uwsgi.farm_get_msg(),
    in_farm=lambda: uwsgi.in_farm(),
    in_farm__named=lambda: uwsgi.in_farm("f"),
    notes__mule=lambda: notes("mule"),
    notes__mule_locks=lambda: notes("mule.locks"),
    notes__fork=lambda: notes("fork"),
)

# --- Spooler ---


def on_task(env):
    """Notes what a spooler got."""
    rest = {key: value for key, value in env.items()
            if key not in ("spooler_task_name", b"spooler_task_name")}
    if rest.get(b"name") == b"dict":
        note("spooler.locks", locks())
    note("spooler", sorted(rest.items(), key=repr))
    note("spooler.keys", sorted(map(kind, env)))
    return uwsgi.SPOOL_OK


def base_kind(value):
    """What spool() gives: its type and how the name begins."""
    name = os.path.basename(value)
    return [kind(value), name[:len("uwsgi_spoolfile_on_")]]


cases(
    spool=lambda: base_kind(uwsgi.spool({b"name": b"dict"})),
    spool__keywords=lambda: base_kind(uwsgi.spool(name=b"keywords")),
    send_to_spooler=lambda: base_kind(
        uwsgi.send_to_spooler({b"name": b"sent"})),
    spool__body=lambda: base_kind(uwsgi.spool({b"name": b"body",
                                               b"body": b"x" * 100})),
    spool__str_keys=lambda: base_kind(uwsgi.spool({"name": b"str"})),
    spool__str_values=lambda: base_kind(uwsgi.spool({b"name": "str"})),
    spool__number=lambda: base_kind(uwsgi.spool({b"name": 5})),
    spool__at=lambda: base_kind(uwsgi.spool({
        b"name": b"later", b"at": str(int(time.time()) + 1000).encode()})),
    spool__nothing=lambda: uwsgi.spool(),
    spool__wrong=lambda: uwsgi.spool("text"),
    # One is there for long, others perhaps.
    spooler_jobs=lambda: [kind(uwsgi.spooler_jobs()),
                          sorted({kind(job) for job in uwsgi.spooler_jobs()})],
    spooler_pid=lambda: uwsgi.spooler_pid() > 0,
    spooler_pids=lambda: [kind(uwsgi.spooler_pids()),
                          len(uwsgi.spooler_pids())],
    spooler_dir=lambda: uwsgi.spooler_dir(),
    spoolers=lambda: [kind(uwsgi.spoolers),
                      [kind(name) for name in uwsgi.spoolers]],
    spooler_get_task=lambda: sorted(
        uwsgi.spooler_get_task(uwsgi.spooler_jobs()[0])),
    spooler_get_task__none=lambda: uwsgi.spooler_get_task("nothing"),
    set_spooler_frequency=lambda: uwsgi.set_spooler_frequency(5),
    notes__spooler=lambda: notes("spooler"),
    notes__spooler_locks=lambda: notes("spooler.locks"),
)

# --- Decorators ---

FORKED = []
RAN = threading.Event()
DECORATED = {}
DECORATORS = ["postfork", "spool", "spoolraw", "spoolforever", "mulefunc",
              "rpc", "farm", "mule", "muleloop", "mulemsg", "signal",
              "timer", "mstimer", "rbtimer", "cron", "filemon", "erlang",
              "lock", "thread", "harakiri", "get_free_signal"]


def decorate(uwsgidecorators):
    """Uses those that there are."""
    def attempt(name, function):
        try:
            function()
            DECORATED[name] = "good"
        except Exception as error:
            DECORATED[name] = kind(error)

    def on_timer(number):
        note("decorated", f"timer in {where()}")

    def task(arguments):
        note("decorated", f"spooled in {where()}: "
             f"{sorted(map(str, arguments))}")
        return uwsgi.SPOOL_OK

    @uwsgidecorators.postfork
    def first():
        note("fork", where())
        FORKED.append("first")

    @uwsgidecorators.postfork
    def second():
        FORKED.append("second")
        threaded()

    @uwsgidecorators.thread
    def threaded():
        RAN.set()

    DECORATED["names"] = [
        name for name in DECORATORS if not hasattr(uwsgidecorators, name)]
    attempt("rpc", lambda: uwsgidecorators.rpc("decorated")(
        lambda: b"by decorator"))
    attempt("signal", lambda: uwsgidecorators.signal(60)(on_signal))
    if os.environ.get("COMPAT_TIMERS"):
        attempt("timer", lambda: uwsgidecorators.timer(1)(on_timer))
        attempt("timer.target", lambda: uwsgidecorators.timer(
            1, target="mule")(on_timer))
        attempt("rbtimer", lambda: uwsgidecorators.rbtimer(1)(on_timer))
        attempt("cron", lambda: uwsgidecorators.cron(
            -1, -1, -1, -1, -1)(on_timer))
        attempt("filemon", lambda: uwsgidecorators.filemon(NOTES)(on_timer))
    attempt("lock", lambda: DECORATED.update(
        locked=uwsgidecorators.lock(lambda: "locked")()))
    attempt("harakiri", lambda: uwsgidecorators.harakiri(10)(decorate))
    if hasattr(uwsgi, "spool"):
        attempt("spool", lambda: DECORATED.update(
            task=uwsgidecorators.spool(task)))
    return first, second


try:
    import uwsgidecorators as decorators
    decorate(decorators)
except ImportError as error:
    DECORATED["import"] = str(error)

# After the decorators, which have hooks of their own.
uwsgi.mule_msg_hook = on_mule_message
SPOOLER = getattr(uwsgi, "spooler", None)


def on_any_task(env):
    """Theirs, or ours."""
    ours = not {"ud_spool_func", b"ud_spool_func"} & set(env)
    return (on_task if ours else SPOOLER)(env)


uwsgi.spooler = on_any_task

cases(
    decorators=lambda: {key: value for key, value in DECORATED.items()
                        if key not in ("task", "names")},
    decorators__lacks=lambda: DECORATED.get("names"),
    decorators__rpc=lambda: uwsgi.rpc("", b"decorated"),
    decorators__spool=lambda: base_kind(DECORATED["task"].spool(
        {b"key": b"value"})),
    notes__decorated=lambda: notes("decorated"),
)

# --- Websockets: the runner speaks them ---


@case("websocket_handshake.plain")
def handshake_plain(environ):
    return uwsgi.websocket_handshake()


@page
def websocket(environ, start_response):
    """Each message says what is to be done."""
    result = uwsgi.websocket_handshake(
        environ.get("HTTP_SEC_WEBSOCKET_KEY"),
        environ.get("HTTP_ORIGIN", ""))
    note("websocket", f"handshake: {result!r}")
    while True:
        try:
            message = uwsgi.websocket_recv()
        except Exception as error:
            note("websocket", f"{kind(error)}: {error}")
            return []
        if message == b"binary":
            result = uwsgi.websocket_send_binary(b"\0\xff")
        elif message == b"nothing":
            result = uwsgi.websocket_recv_nb()
            uwsgi.websocket_send(repr(result))
        elif message == b"return":
            return []
        else:
            result = uwsgi.websocket_send(message)
        note("websocket", f"{message[:9]!r}: {result!r}")


@page
def websocket_bare(environ, start_response):
    """A handshake without arguments, and recv_nb in a loop."""
    uwsgi.websocket_handshake()
    while True:
        message = uwsgi.websocket_recv_nb()
        if message:
            uwsgi.websocket_send(message)
            return []
        uwsgi.wait_fd_read(uwsgi.connection_fd(), 3)
        uwsgi.suspend()


cases(notes__websocket=lambda: notes("websocket"),
      notes__closes=lambda: notes("closes"),
      websocket_recv__plain=lambda environ: uwsgi.websocket_recv(),
      websocket_send__plain=lambda environ: uwsgi.websocket_send("x"))


# --- What is there ---

# Modules' own names, and what this app has assigned.
HIDDEN = ("spooler", "mule_msg_hook", "post_fork_hook", "atexit")


def names():
    """Every name of the module."""
    return sorted(name for name in dir(uwsgi)
                  if name[0] != "_" and name not in HIDDEN)


def answer(name, environ):
    """What a case comes to, as text."""
    try:
        if name == "names":
            return "\n".join(names())
        if name == "cases":
            return "\n".join([*CASES, *PAGES])
        if name.startswith("has."):
            value = getattr(uwsgi, name[4:], None)
            return "absent" if not hasattr(uwsgi, name[4:]) else (
                "callable" if callable(value) else "value")
        function = CASES[name]
        result = (function(environ)
                  if inspect.signature(function).parameters and
                  "environ" in inspect.signature(function).parameters
                  else function())
        return result if inspect.isgenerator(result) else repr(result)
    except Exception as error:
        return f"raises {kind(error)}" + (
            f": {error}" if name in TEXTS else "")


def application(environ, start_response):
    """The WSGI app."""
    name = environ["PATH_INFO"][1:]
    if name in PAGES:
        return PAGES[name](environ, start_response)
    result = answer(name, environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [result.encode()] if isinstance(result, str) else result
