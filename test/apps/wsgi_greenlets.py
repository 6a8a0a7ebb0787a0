"""What apps do with the greenlet their request runs in, well and badly."""
import contextvars
import gc
import json
import os
import socket
import time
import weakref

import greenlet
import wsgimaster

PLAIN = [("Content-Type", "text/plain")]
LATE = []                   # greenlets of requests that are over
WAITING = {}                # name -> greenlet of a request that waits
NOTES = []
VIEWS = {}
DICTS = []
LEFT = []                   # greenlets in the middle of start_response
CALLER = []                 # who has switched into one of them


def view(function):
    """Serves a function at /its-name."""
    VIEWS["/" + function.__name__.replace("_", "-")] = function
    return function


def say(start_response, value):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(value).encode()]


class Call:
    """Calls a function when it is dropped."""

    def __init__(self, function):
        self.function = function

    def __del__(self):
        self.function()


def hub():
    """The greenlet that turns the loop: the last parent, or gevent's hub."""
    found = greenlet.getcurrent()
    while found.parent is not None and not hasattr(found, "loop"):
        found = found.parent
    return found


def in_hub(function):
    """Runs a function on the loop's own stack, as an event's callback would
    be run, and comes back. What a greenlet returns goes to its parent, and
    the loop drops it."""
    me, told = greenlet.getcurrent(), []

    def call():
        try:
            told.append(function())
        except BaseException as error:
            told.append(f"{type(error).__name__}: {error}")
        me.switch()
    greenlet.greenlet(lambda: Call(call), hub()).switch()
    return told[0]


@view
def notes(environ, start_response):
    return say(start_response, NOTES)


@view
def keep(environ, start_response):
    """Makes the greenlet reachable in some way when the request is over."""
    me, how = greenlet.getcurrent(), environ["QUERY_STRING"]
    if how == "greenlet":
        LATE.append(me.switch)
        LATE.append(lambda: me.switch("late"))
    elif how == "method":
        LATE.append(me.switch)
    elif how == "throw":
        LATE.append(lambda: me.throw(ValueError("late")))
    elif how == "kill":
        LATE.append(me.throw)
    elif how == "attribute":
        me.mark = "a mark of another request"
    elif how == "weakref":
        reference = weakref.ref(me)
        LATE.append(lambda: reference() and reference().switch("late"))
    elif how == "callback":
        NOTES.append(weakref.ref(me, lambda _: None) and "callback")
    elif how == "child":
        child = greenlet.greenlet(me.switch)
        LATE.append(lambda: child.switch("late"))
    elif how == "suspended":
        child = greenlet.greenlet(lambda: child.parent.switch())
        child.switch()
        LATE.append(lambda: child.dead or child.throw())
    elif how == "parent":
        other = greenlet.greenlet(lambda value=None: "never", hub())
        me.parent = other
        LATE.append(lambda: me.switch("late"))
    return say(start_response, getattr(me, "mark", None)
               if how != "attribute" else None)


@view
def call_late(environ, start_response):
    """All late switches, on the loop's stack, again and again."""
    def call():
        for late in LATE:
            try:
                late()
            except ValueError as error:
                NOTES.append(str(error))
        return len(LATE)
    told = in_hub(call)
    if environ["QUERY_STRING"] == "forget":
        LATE.clear()
    return say(start_response, told)


@view
def call_late_here(environ, start_response):
    """One late switch by a request: it hangs until /wake, as with any
    greenlet that is over."""
    WAITING["late"] = greenlet.getcurrent()
    late = LATE.pop()
    got = late()
    return say(start_response, repr(got))


@view
def call_cost(environ, start_response):
    """The least time of 100 calls from a greenlet of the request's own."""
    def least():
        best = 1e9
        for _ in range(50):
            begin = time.perf_counter()
            for _ in range(100):
                wsgimaster.request_id()
            best = min(best, time.perf_counter() - begin)
        return best
    return say(start_response, greenlet.greenlet(least).switch())


@view
def wait_for(environ, start_response):
    """Waits for /wake in the app's own way: a switch to the parent."""
    name = environ["QUERY_STRING"]
    WAITING[name] = greenlet.getcurrent()
    got = greenlet.getcurrent().parent.switch()
    return say(start_response, [name, got])


@view
def wake(environ, start_response):
    """Wakes it; it may end inside this call."""
    name = environ["QUERY_STRING"]
    in_hub(lambda: WAITING.pop(name).switch("by " + name) and None)
    return say(start_response, "woken")


@view
def is_waiting(environ, start_response):
    return say(start_response, environ["QUERY_STRING"] in WAITING)


@view
def sleeps(environ, start_response):
    """Sleeps under a name and tells for how long, and what it has seen."""
    name, _, seconds = environ["QUERY_STRING"].partition("=")
    WAITING[name] = greenlet.getcurrent()
    begun = time.monotonic()
    try:
        wsgimaster.sleep(float(seconds))
        seen = None
    except BaseException as error:
        if name.startswith("raise"):
            raise
        seen = f"{type(error).__name__}: {error}"
    finally:
        WAITING.pop(name, None)
    return say(start_response, [name, time.monotonic() - begun, seen])


@view
def disturb(environ, start_response):
    """Switches into a request that sleeps: it must go on sleeping."""
    name = environ["QUERY_STRING"]
    for _ in range(3):
        in_hub(lambda: WAITING[name].switch("disturbed") and None)
    return say(start_response, "disturbed")


@view
def throw(environ, start_response):
    """Throws into a request that sleeps."""
    name = environ["QUERY_STRING"]
    error = {"exit": greenlet.GreenletExit, "system": SystemExit}.get(
        name.split("-")[-1], LookupError)
    in_hub(lambda: WAITING[name].throw(error("thrown")) and None)
    return say(start_response, "thrown")


@view
def child_waits(environ, start_response):
    """A greenlet that the request has started waits, reads and writes."""
    write = start_response("200 OK", PLAIN)

    def child():
        wsgimaster.sleep(0.02)
        body = environ["wsgi.input"].read()
        write(b"child " + body)
        return body.upper()

    def grandchild():
        return greenlet.greenlet(child).switch()
    return [b" parent " + greenlet.greenlet(grandchild).switch()]


@view
def child_left(environ, start_response):
    """The request ends although a greenlet of it still sleeps."""
    name = environ["QUERY_STRING"]
    WAITING[name] = greenlet.getcurrent()

    def child():
        try:
            wsgimaster.sleep(60)
        except BaseException as error:
            NOTES.append(f"{name}: {type(error).__name__}")
            raise
    child_greenlet = greenlet.greenlet(child)
    child_greenlet.switch()
    if name.startswith("away"):
        child_greenlet.parent = hub()
    try:
        wsgimaster.sleep(0.01)
        seen = None
    except RuntimeError as error:
        seen = str(error)
    if name.startswith("generator"):
        def pieces():
            yield b"one,"
            yield b"two"
        start_response("200 OK", PLAIN)
        return pieces()
    return say(start_response, seen)


class OnePiece:
    """A body that says it has one piece, a large one; when it is asked for a
    second one, a greenlet of the request is left waiting."""

    def __init__(self):
        self.pieces = [b"x" * (8 << 20)]

    def __len__(self):
        return 1

    def __iter__(self):
        return self

    def __next__(self):
        if self.pieces:
            return self.pieces.pop()
        WAITING["one-piece"] = greenlet.getcurrent()
        greenlet.greenlet(lambda: wsgimaster.sleep(60)).switch()
        raise StopIteration


@view
def one_piece(environ, start_response):
    start_response("200 OK", PLAIN)
    return OnePiece()


@view
def closed_descriptor(environ, start_response):
    """Waits for a socket that /close-descriptor closes meanwhile."""
    WAITING["pair"] = socket.socketpair()
    WAITING["closed"] = greenlet.getcurrent()
    try:
        return say(start_response, wsgimaster.wait(WAITING["pair"][0]))
    except OSError as error:
        return say(start_response, error.errno)


@view
def close_descriptor(environ, start_response):
    WAITING["pair"][0].close()
    return say(start_response, None)


@view
def child_dies(environ, start_response):
    """A greenlet whose parent is the loop ends with an exception. This
    request then waits for /wake, since nobody comes back to it."""
    def die():
        raise {"value": ValueError("of a child"), "exit": SystemExit(5),
               "interrupt": KeyboardInterrupt("of a child")}[name]
    name = environ["QUERY_STRING"]
    WAITING[name] = greenlet.getcurrent()
    return say(start_response, greenlet.greenlet(die, hub()).switch())


@view
def others_input(environ, start_response):
    """Reads another request's body, which is not its own to read."""
    if environ["QUERY_STRING"] == "keep":
        WAITING["others"] = environ["wsgi.input"]
        wsgimaster.sleep(0.3)
        return say(start_response, environ["wsgi.input"].read().decode())
    told = []
    for where in (lambda f: f(), in_hub):
        try:
            told.append(where(WAITING["others"].read))
        except RuntimeError as error:
            told.append(f"RuntimeError: {error}")
    return say(start_response, told)


@view
def count(environ, start_response):
    """How many greenlets there are."""
    gc.collect()
    return say(start_response, sum(isinstance(thing, greenlet.greenlet)
                                   for thing in gc.get_objects()))


@view
def same(environ, start_response):
    """Is this the greenlet of the request before?"""
    me = id(greenlet.getcurrent())
    told = WAITING.get("same") == me
    WAITING["same"] = me
    return say(start_response, told)


SEEN = contextvars.ContextVar("seen", default=None)
SWITCHES = []


@view
def block(environ, start_response):
    """Holds up the whole worker, so that others become ready together."""
    if environ["QUERY_STRING"] == "trace":
        SWITCHES.clear()
        greenlet.settrace(lambda event, _: SWITCHES.append(event))
    time.sleep(0.3)
    return say(start_response, None)


@view
def mine(environ, start_response):
    """Tells its name, and what a request before has left in the context."""
    before = SEEN.get()
    SEEN.set(environ["QUERY_STRING"])
    return say(start_response, [environ["QUERY_STRING"], before])


@view
def switches(environ, start_response):
    """How many switches there were since /block?trace."""
    greenlet.settrace(None)
    return say(start_response, len(SWITCHES))


@view
def forks(environ, start_response):
    """The child returns as if it were the server."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return mine(environ, start_response)


def waits():
    """A wait that ends by its timeout."""
    wsgimaster.async_sleep(0.001)
    wsgimaster.suspend()
    NOTES.append("waited")


class Littering:
    """A body whose close() leaves garbage that waits when it is collected,
    by the server's next allocations."""

    def __init__(self, body):
        self.body = body

    def __iter__(self):
        return iter(self.body)

    def close(self):
        gc.disable()
        DICTS.extend({} for _ in range(100))    # none is left to be reused
        gc.set_threshold(1, 1000, 1000)
        litter = Call(waits)
        litter.itself = litter
        del litter
        gc.enable()


@view
def litters(environ, start_response):
    """Whether a wait has timed out, right at the beginning."""
    gc.set_threshold(700, 10, 10)
    late = bool(environ["x-wsgiorg.fdevent.timeout"])
    return Littering(say(start_response, late))


class Parting(str):
    """Its repr() goes to the parent greenlet and may never come back."""

    def __repr__(self):
        greenlet.getcurrent().parent.switch()
        return "'parting'"


@view
def leaves_start_response(environ, start_response):
    """A greenlet of the request's is left in the middle of a bad call."""
    def call():
        try:
            start_response("200 OK", [(Parting("no token"), "x")])
        except ValueError as error:
            NOTES.append(str(error))
        CALLER.pop().switch()
    child = greenlet.greenlet(call)
    child.switch()
    LEFT.append(child)
    return say(start_response, None)


@view
def goes_on_with_it(environ, start_response):
    """Lets it end behind this request's own start_response."""
    answer = say(start_response, len(LEFT))
    CALLER.append(greenlet.getcurrent())
    if LEFT:
        LEFT.pop().switch()
    return answer


@view
def raises(environ, start_response):
    raise ValueError("raised: " + environ["QUERY_STRING"])


@view
def deep(environ, start_response):
    """Parks with a deep stack, so that much must be copied away."""
    def down(n):
        if n == 0:
            wsgimaster.sleep(0.05)
            return 0
        return max([n], key=lambda n: n) - n + down(n - 1) + 1
    return say(start_response, down(int(environ["QUERY_STRING"])))


class Noted:
    """A body whose close() is noted."""

    def __init__(self, name):
        self.name = name

    def __iter__(self):
        yield b"x"

    def close(self):
        NOTES.append("closed " + self.name)


@view
def sleeps_and_closes(environ, start_response):
    """For a client that leaves meanwhile."""
    wsgimaster.sleep(0.3)
    start_response("200 OK", PLAIN)
    return Noted("left")


def application(environ, start_response):
    return VIEWS[environ["PATH_INFO"]](environ, start_response)
