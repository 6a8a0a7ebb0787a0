"""What PEP 3333 lets an app do, and what it does not: one case a path."""
import contextvars
import gc
import gzip
import io
import json
import os
import sys
import tempfile
import threading

import uwsgi
import wsgimaster

PLAIN = [("Content-Type", "text/plain")]
NOTES = []                  # what cases want to be asked about later
KEPT = {}                   # what an app keeps for longer than its request
VIEWS = {}


def view(function):
    """Serves a function at /its-name."""
    VIEWS["/" + function.__name__.replace("_", "-")] = function
    return function


def say(start_response, value):
    """A value as JSON."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(value).encode()]


def outcome(function, *args):
    """What a call raises, "TypeError: text", or None."""
    try:
        function(*args)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return None


@view
def notes(environ, start_response):
    return say(start_response, NOTES)


@view
def environ(environ, start_response):
    """Every item, as its type's name and its repr."""
    return say(start_response, {
        key: [type(value).__name__, value if isinstance(value, str)
              else repr(value)] for key, value in environ.items()})


ENVIRONS = []               # (environ, its copy at that time)


@view
def environ_spoilt(environ, start_response):
    """The same, and then makes of it what no other request may find."""
    told = VIEWS["/environ"](environ, start_response)
    for key in environ:
        environ[key] = "spoilt"
    environ["HTTP_SPOILT"] = "spoilt"
    del environ["REQUEST_URI"]
    return told


@view
def environ_kept(environ, start_response):
    """How many of the environs kept so far are not as they were."""
    timeout = "x-wsgiorg.fdevent.timeout"
    wrong = sum(old != copy for old, copy in ENVIRONS)
    wrong += sum(timeout in old and old[timeout] is environ[timeout]
                 for old, copy in ENVIRONS)
    ENVIRONS.append((environ, dict(environ)))
    return say(start_response, wrong)


@view
def blocks(environ, start_response):
    """How many pieces of memory Python has, garbage left out."""
    gc.collect()
    return say(start_response, sys.getallocatedblocks())


# ---- start_response ----

BAD_HEADS = {
    "bytes-status": (b"200 OK", PLAIN),
    "no-digits": ("OK", PLAIN),
    "informational": ("101 Switching Protocols", PLAIN),
    "status-newline": ("200 OK\r\nX: y", PLAIN),
    "status-unicode": ("200 \u20ac", PLAIN),
    "headers-none": ("200 OK", None),
    "headers-dict": ("200 OK", {"X-A": "b"}),
    "not-a-pair": ("200 OK", ["X-Pair"]),
    "three": ("200 OK", [("X-Three", "a", "b")]),
    "name-bytes": ("200 OK", [(b"X-Name", "a")]),
    "value-bytes": ("200 OK", [("X-Bytes", b"a")]),
    "value-int": ("200 OK", [("X-Int", 5)]),
    "value-newline": ("200 OK", [("X-Newline", "a\r\nSet-Cookie: b=c")]),
    "value-nul": ("200 OK", [("X-Nul", "a\0b")]),
    "value-unicode": ("200 OK", [("X-Unicode", "\u20ac")]),
    "name-space": ("200 OK", [("X Space", "a")]),
    "name-colon": ("200 OK", [("X-Colon:", "a")]),
    "name-empty": ("200 OK", [("", "a")]),
    "hop-by-hop": ("200 OK", [("Transfer-Encoding", "chunked")]),
    "length-text": ("200 OK", [("Content-Length", "ten")]),
}


@view
def bad_head(environ, start_response):
    """Makes one of these mistakes; the query says which."""
    start_response(*BAD_HEADS[environ["QUERY_STRING"]])
    return [b"never"]


@view
def bad_head_caught(environ, start_response):
    """Makes all of them, tells what came of it, and then answers well."""
    told = {name: outcome(start_response, *head)
            for name, head in BAD_HEADS.items()}
    return say(start_response, told)


@view
def bad_head_ignored(environ, start_response):
    """Goes on as if nothing were: that is not a response."""
    outcome(start_response, "200 OK", [("X-First", "a"), ("X-Bytes", b"a")])
    return [b"never"]


@view
def no_head(environ, start_response):
    return [b"body"]


@view
def no_head_empty(environ, start_response):
    return []


@view
def late_head(environ, start_response):
    """A generator that calls start_response before its first piece."""
    start_response("200 OK", PLAIN)
    yield b""
    yield b"late "
    yield b"head"


@view
def twice(environ, start_response):
    start_response("200 OK", PLAIN)
    told = outcome(start_response, "404 Not Found", PLAIN)
    return [told.encode()]


@view
def exc_info_replaces(environ, start_response):
    start_response("200 OK", [("X-First", "yes")])
    try:
        raise ValueError("before the head")
    except ValueError:
        start_response("503 Replaced", [("X-Second", "yes")], sys.exc_info())
    return [b"replaced"]


@view
def exc_info_by_name(environ, start_response):
    start_response("200 OK", [])
    start_response("503 Replaced", [], exc_info=(None, ValueError(), None))
    return [b"replaced"]


@view
def exc_info_too_late(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"begun"
    try:
        raise LookupError("behind the head")
    except LookupError:
        start_response("500 Oops", PLAIN, sys.exc_info())
    yield b"never"


@view
def exc_info_none(environ, start_response):
    """Not called before: exc_info or not is the same."""
    start_response("200 OK", PLAIN, None)
    return [b"fine"]


@view
def status_only_digits(environ, start_response):
    start_response("200", PLAIN)
    return [b"digits"]


@view
def tuple_headers(environ, start_response):
    start_response("200 OK", (("X-Tuple", "yes"),))
    return (b"tuple",)


# ---- bodies ----

class Sized:
    """An iterable with a length that may lie, and a close()."""

    def __init__(self, pieces, length):
        self.pieces, self.length = pieces, length

    def __len__(self):
        return self.length

    def __iter__(self):
        return iter(self.pieces)

    def close(self):
        NOTES.append("closed sized")


def behind(iterator):
    """What is left behind the first."""
    next(iterator)
    return iterator


BODIES = {
    "list": lambda: [b"one"],
    "list-many": lambda: [b"one,", b"", b"two,", b"three"],
    "list-large": lambda: [b"x" * 50000, b"y" * 50000, b"z"],
    "list-empty": lambda: [],
    "tuple": lambda: (b"one,", b"two"),
    "bytes": lambda: b"bytes",
    "generator": lambda: (piece for piece in (b"one,", b"", b"two")),
    "iterator": lambda: iter([b"one,", b"two"]),
    "iterator-one": lambda: iter([b"one"]),
    "iterator-tuple": lambda: iter((b"one",)),
    "iterator-left": lambda: behind(iter([b"none", b"one"])),
    "map": lambda: map(bytes, [b"one,", b"two"]),
    "set": lambda: {b"one"},
    "sized-one": lambda: Sized([b"one"], 1),
    "sized-lie": lambda: Sized([b"one,", b"two"], 1),
    "sized-none": lambda: Sized([], 1),
    "str": lambda: "text",
    "list-str": lambda: ["text"],
    "list-int": lambda: [5],
    "list-none": lambda: [b"one", None],
    "bytearray": lambda: [bytearray(b"one")],
    "generator-str": lambda: (piece for piece in (b"one", "two")),
    "none": lambda: None,
    "int": lambda: 5,
}


@view
def body(environ, start_response):
    start_response("200 OK", PLAIN)
    return BODIES[environ["QUERY_STRING"]]()


@view
def write(environ, start_response):
    send = start_response("200 OK", PLAIN)
    send(b"written ")
    send(b"")
    send(b"twice ")
    return [b"and ", b"returned"]


@view
def write_only(environ, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "5")])(b"whole")
    return []


@view
def write_str(environ, start_response):
    told = outcome(start_response("200 OK", PLAIN), "text")
    return [told.encode()]


def noted(name, pieces, error=None):
    """A generator that notes its end."""
    try:
        yield from pieces
        if error is not None:
            raise error
    finally:
        NOTES.append("closed " + name)


class Closing:
    """An iterable that notes its close(), and may raise in it."""

    def __init__(self, name, pieces, error=None, close_error=None):
        self.iterator = noted(name, pieces, error)
        self.name, self.close_error = name, close_error

    def __iter__(self):
        return self.iterator

    def close(self):
        NOTES.append("close() " + self.name)
        if self.close_error is not None:
            raise self.close_error


@view
def closing(environ, start_response):
    """However a response ends, its close() is called."""
    how = environ["QUERY_STRING"]
    if how != "no-head":
        start_response("200 OK", PLAIN)
    if how == "raises":
        return Closing(how, [b"one"], ValueError("on purpose"))
    if how == "close-raises":
        return Closing(how, [b"whole"], None, ValueError("close on purpose"))
    if how == "str":
        return Closing(how, [b"one", "two"])
    if how == "no-iter":
        made = Closing(how, [])
        made.iterator = None
        return made
    return Closing(how, [b"one"])


@view
def endless(environ, start_response):
    """For a client that leaves; close() may wait, too."""
    start_response("200 OK", PLAIN)

    def pieces():
        try:
            while True:
                wsgimaster.sleep(0.005)
                yield b"x" * 10000
        finally:
            wsgimaster.sleep(0.01)
            NOTES.append("closed endless")
    return pieces()


@view
def read_and_leave(environ, start_response):
    """For a client that leaves in its body."""
    NOTES.append(outcome(environ["wsgi.input"].read))
    start_response("200 OK", PLAIN)
    return [b"nobody hears it"]


# ---- exceptions ----

@view
def raises(environ, start_response):
    """Raises what the query names."""
    raise {"SystemExit": SystemExit(3), "KeyboardInterrupt":
           KeyboardInterrupt(), "MemoryError": MemoryError(),
           "GeneratorExit": GeneratorExit(),
           "surrogate": ValueError("\udcff"),
           }[environ["QUERY_STRING"]]


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no text")


@view
def raises_unprintable(environ, start_response):
    raise Unprintable


@view
def recursion(environ, start_response):
    return recursion(environ, start_response)


# ---- wsgi.input ----

@view
def input_lines(environ, start_response):
    return say(start_response, [line.decode() for line in
                                environ["wsgi.input"]])


@view
def input_mixed(environ, start_response):
    """Lines and pieces in turns."""
    stream = environ["wsgi.input"]
    got = [stream.readline(), stream.read(3), stream.readline(2),
           stream.readline(), stream.read(0), stream.tell(),
           stream.readlines(1), stream.readlines(), stream.read(),
           stream.readline(), stream.read(10), stream.tell()]
    return say(start_response, [repr(item) for item in got])


@view
def input_into(environ, start_response):
    buffer = bytearray(6)
    stream = environ["wsgi.input"]
    counts = []
    while True:
        counts.append(stream.readinto(buffer))
        if counts[-1] < len(buffer):
            break
    return say(start_response, [counts, buffer.decode()])


@view
def input_seek(environ, start_response):
    stream = environ["wsgi.input"]
    first = stream.read().decode()
    for offset in (2 ** 63 - 1, -2 ** 63):
        for whence in (1, 2):
            outcome(stream.seek, offset, whence)
    told = outcome(stream.seek, 0)
    return say(start_response, [first, stream.read().decode(), told,
                                environ.get("CONTENT_LENGTH")])


@view
def input_wrong(environ, start_response):
    stream = environ["wsgi.input"]
    told = [outcome(stream.read, "x"), outcome(stream.read, 1, 2),
            outcome(stream.readinto, b"x"), outcome(stream.read, 1.5)]
    return say(start_response, [told, stream.read(None).decode()])


@view
def input_json(environ, start_response):
    """As a library that wants a text stream does it."""
    text = io.TextIOWrapper(io.BytesIO(environ["wsgi.input"].read()))
    return say(start_response, json.load(text))


@view
def input_in_thread(environ, start_response):
    told = []
    thread = threading.Thread(target=lambda: told.append(
        outcome(environ["wsgi.input"].read)))
    thread.start()
    thread.join()
    return say(start_response, [told, environ["wsgi.input"].read().decode()])


@view
def keep(environ, start_response):
    """Keeps everything that belongs to this request."""
    send = start_response("200 OK", PLAIN)
    KEPT.update(input=environ["wsgi.input"], start=start_response, write=send,
                errors=environ["wsgi.errors"])
    return [b"kept " + KEPT["input"].readline()]


@view
def use_kept(environ, start_response):
    """Uses it in a later request: nothing of that one may come out."""
    told = [outcome(KEPT["input"].read), outcome(KEPT["input"].readline),
            outcome(list, KEPT["input"]), outcome(KEPT["input"].tell),
            outcome(KEPT["start"], "200 OK", []), outcome(KEPT["write"], b"x"),
            outcome(KEPT["errors"].write, "kept errors\n")]
    same = [environ["wsgi.input"] is KEPT["input"],
            start_response is KEPT["start"]]
    return say(start_response, [told, same,
                                environ["wsgi.input"].read().decode()])


# ---- files ----

class Noted(io.BytesIO):
    def close(self):
        NOTES.append("closed file")
        super().close()


def test_file(data=bytes(range(256)) * 1000):
    """An open file with this content."""
    with tempfile.NamedTemporaryFile(delete=False) as made:
        made.write(data)
    opened = open(made.name, "rb")
    os.unlink(made.name)
    return opened


def wrapped_compressed():
    opened = test_file(gzip.compress(b"plain text " * 1000))
    return gzip.GzipFile(fileobj=opened)


def wrapped_seeked():
    opened = test_file()
    opened.seek(1000)
    opened.read(500)            # what is buffered is not where fileno() is
    return opened


class Reader:
    """The least that a wrapped object must have."""

    def __init__(self):
        self.left = [b"one,", b"two"]

    def read(self, size):
        return self.left.pop(0) if self.left else b""


def for_writing():
    """It has bytes, but cannot be read."""
    file = open(os.path.join(tempfile.mkdtemp(), "written"), "wb", buffering=0)
    file.write(b"written")
    file.seek(0)
    return file


FILES = {
    "plain": test_file, "seeked": wrapped_seeked, "bytes": lambda:
    Noted(b"in memory " * 5000), "gzip": wrapped_compressed,
    "reader": Reader, "raw": lambda: test_file().detach(),
    "empty": lambda: test_file(b""), "text": lambda: io.StringIO("text"),
    "proc": lambda: open("/proc/self/status", "rb"),
    "writing": lambda: for_writing(),
}


@view
def wrapped(environ, start_response):
    """A file of some kind; &length= announces it."""
    kind, _, length = environ["QUERY_STRING"].partition("&length=")
    headers = PLAIN + ([("Content-Length", length)] if length else [])
    start_response("200 OK", headers)
    return environ["wsgi.file_wrapper"](FILES[kind](), 4000)


@view
def wrapped_partly(environ, start_response):
    """The app reads from the wrapper itself."""
    start_response("200 OK", PLAIN)
    wrapper = environ["wsgi.file_wrapper"](test_file(), blksize=1000)
    told = [str(wrapper.blksize), type(wrapper.filelike).__name__,
            str(len(next(wrapper)))]
    wrapper.close()
    return [" ".join(told + [str(wrapper.filelike.closed)]).encode()]


# ---- logs, modules, contexts ----

@view
def complain(environ, start_response):
    errors = environ["wsgi.errors"]
    errors.write("first half, ")
    errors.write("second half\nanother line\n")
    errors.writelines(["in ", "pieces\n", "unfinished"])
    errors.flush()
    errors.write("at the end \u20ac \udcff")
    wsgimaster.log("by log()")
    uwsgi.log(b"by log() in bytes")
    print("printed to stdout")
    print("printed to stderr", file=sys.stderr)
    told = outcome(errors.write, b"bytes")
    return say(start_response, told)


@view
def module(environ, start_response):
    return say(start_response, {
        "same": uwsgi is wsgimaster,
        "worker_id": uwsgi.worker_id(),
        "masterpid": uwsgi.masterpid(),
        "parent": os.getppid(),
        "ready": uwsgi.ready(),
        "numproc": uwsgi.numproc,
        "cores": uwsgi.cores,
        "version": uwsgi.version.decode(),
        "version_info": len(uwsgi.version_info),
        "hostname": uwsgi.hostname.decode(),
        "opt": {key: repr(value) for key, value in uwsgi.opt.items()},
        "log": outcome(uwsgi.log, 5),
    })


VARIABLE = contextvars.ContextVar("VARIABLE", default="unset")


@view
def context(environ, start_response):
    """What it finds must never be another request's."""
    found = VARIABLE.get()
    VARIABLE.set(environ["QUERY_STRING"])
    wsgimaster.sleep(0.01)
    start_response("200 OK", PLAIN)

    def pieces():
        yield found.encode() + b" "
        wsgimaster.sleep(0.01)
        yield VARIABLE.get().encode()
    return pieces()


COPIES = []


@view
def context_kept(environ, start_response):
    """Does with its context what the next request must not notice."""
    found = [VARIABLE.get(), len(contextvars.copy_context())]
    how = environ["QUERY_STRING"]
    context = contextvars.Context() if how == "none" else \
        contextvars.copy_context()
    if how == "twice":
        for value in range(20):
            VARIABLE.set(value)
    elif how == "reset":
        VARIABLE.reset(VARIABLE.set("mine"))
    elif how == "keep":
        VARIABLE.set("mine")
        COPIES.append(contextvars.copy_context())
    elif how == "copy":
        COPIES.append(context)
    elif how == "other":
        COPIES.append(context)
        context.run(VARIABLE.set, "mine")
        found.append(context[VARIABLE])
    elif how == "value":
        COPIES.extend(context.values())
    found += [kept[VARIABLE] for kept in COPIES[-1:]
              if isinstance(kept, contextvars.Context) and VARIABLE in kept]
    return say(start_response, found)


@view
def waits(environ, start_response):
    """wait() and sleep(), and what they do not take."""
    one, two = os.pipe()
    told = [wsgimaster.wait(one, timeout=0), wsgimaster.wait(two, "w"),
            wsgimaster.wait(one, "r", 0.01), wsgimaster.wait(two, "rw", 1)]
    os.write(two, b"x")
    told += [wsgimaster.wait(one), wsgimaster.wait(one, "r", timeout=None),
             wsgimaster.sleep(0), wsgimaster.sleep(0.001)]
    os.close(two)
    told.append(wsgimaster.wait(one, timeout=1))
    os.close(one)
    with open("/dev/null", "rb") as null:
        told.append(wsgimaster.wait(null, "r", 1))
    wrong = [outcome(wsgimaster.wait, one), outcome(wsgimaster.wait, "x"),
             outcome(wsgimaster.wait, 0, "x"), outcome(wsgimaster.sleep, -1),
             outcome(wsgimaster.sleep, "x"),
             outcome(wsgimaster.wait, 0, "r", float("nan"))]
    return say(start_response, [told, wrong])


@view
def waits_in_thread(environ, start_response):
    """A thread of the app's waits by itself; the request goes on."""
    told = []
    thread = threading.Thread(target=lambda: told.append(
        [wsgimaster.sleep(0.01), wsgimaster.wait(1, "w", 1)]))
    thread.start()
    thread.join()
    return say(start_response, told)


def application(environ, start_response):
    found = VIEWS.get(environ["PATH_INFO"])
    if found is None:
        start_response("404 Not Found", PLAIN)
        return [b"not found"]
    return found(environ, start_response)
