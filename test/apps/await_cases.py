"""await_() and asyncio.run() in requests, the same under every engine."""
import contextvars
import os
import socket
import sys
import threading
import time

import wsgimaster

NAME = contextvars.ContextVar("name", default="none")
CASES = {}
BEFORE = "asyncio" in sys.modules
if os.environ.get("IMPORT_ASYNCIO"):
    import asyncio


def case(function):
    CASES["/" + function.__name__.replace("_", "-")] = function
    return function


async def value(what, seconds=0.01):
    import asyncio
    await asyncio.sleep(seconds)
    return what


async def fails():
    import asyncio
    await asyncio.sleep(0.01)
    raise KeyError("inside")


@case
def ticks():
    """A task that the hook has begun goes on by itself."""
    before = len(TICKS)
    wsgimaster.sleep(0.5)
    return str(len(TICKS) > before)


@case
def imported():
    return f"{BEFORE} {'asyncio' in sys.modules}"


@case
def results():
    """Results, exceptions, timeouts, futures, tasks."""
    import asyncio
    told = [wsgimaster.await_(value("value"))]
    try:
        wsgimaster.await_(fails())
    except KeyError as error:
        told.append(str(error))
    begun = time.monotonic()
    try:
        wsgimaster.await_(value("late", 30), timeout=0.1)
    except asyncio.TimeoutError:
        told.append(f"timeout {0.09 < time.monotonic() - begun < 9}")
    told.append(wsgimaster.await_(asyncio.wait_for(value("in time"), 9)))
    told += wsgimaster.await_(gathered())
    return " ".join(told)


async def gathered():
    import asyncio
    return await asyncio.gather(value("a"), asyncio.create_task(value("b")))


@case
def context():
    """The coroutine has a copy of the request's context."""
    NAME.set("mine")

    async def look():
        before = NAME.get()
        NAME.set("changed")
        await value(1)
        return before
    return f"{wsgimaster.await_(look())} {NAME.get()}"


@case
def seen():
    """Nobody else's context is seen."""
    async def look():
        return NAME.get()
    return wsgimaster.await_(look())


@case
def slow():
    """Parked for 0.5 s: many at the same time."""
    return wsgimaster.await_(value("slow", 0.5))


@case
def runs():
    """The same by asyncio.run()."""
    import asyncio
    return asyncio.run(value("ran", 0.5))


@case
def run_twice():
    import asyncio
    try:
        asyncio.get_running_loop()
        inside = True
    except RuntimeError:
        inside = False
    return f"{asyncio.run(value('a'))} {asyncio.run(value('b'))} {inside}"


@case
def streams():
    """A server and a client of asyncio's own, in one coroutine."""
    async def echo():
        import asyncio

        async def answer(reader, writer):
            writer.write(await reader.readline())
            await writer.drain()
            writer.close()
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(
                *server.sockets[0].getsockname())
            writer.write(b"echo\n")
            told = await reader.read()
            writer.close()
        return told.decode().strip()
    return wsgimaster.await_(echo())


@case
def executor():
    async def in_thread():
        import asyncio
        return await asyncio.get_running_loop().run_in_executor(
            None, lambda: threading.current_thread() is not
            threading.main_thread())
    return str(wsgimaster.await_(in_thread()))


@case
def thread():
    """In a thread that the request has started and waits for."""
    told = []

    def run():
        told.append(wsgimaster.await_(value("from a thread")))
        told.append(wsgimaster.await_(value("twice")))
    ours, other = socket.socketpair()
    thread = threading.Thread(target=lambda: (run(), other.send(b"x")))
    thread.start()
    wsgimaster.wait(ours, "r", 20)
    thread.join()
    return " ".join(told)


@case
def wrong():
    """Not in a coroutine, and without a request."""
    async def inside():
        try:
            wsgimaster.await_(value(1))
        except RuntimeError as error:
            return str(error)
    return wsgimaster.await_(inside())


@case
def nested():
    """A task that outlives its request goes on, where the loop turns."""
    import asyncio

    async def begin():
        asyncio.create_task(later())
        return "begun"

    async def later():
        await asyncio.sleep(0.1)
        CASES["done"] = True
    return wsgimaster.await_(begin())


@case
def later_done():
    return str(CASES.get("done", False))


@case
def exits():
    """A callback that exits does not end the worker."""
    async def begin():
        import asyncio
        asyncio.get_running_loop().call_soon(sys.exit, 3)
        await asyncio.sleep(0.05)
        return "goes on"
    return wsgimaster.await_(begin())


@case
def forked():
    """A child of the app's awaits on a loop of its own."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, wsgimaster.await_(value("child")).encode())
        os._exit(0)
    os.close(writer)
    told = os.read(reader, 99).decode()
    os.close(reader)
    os.waitpid(pid, 0)
    return f"{told} {wsgimaster.await_(value('parent'))}"


@case
def many():
    """1000 short ones: none lost, and no descriptor."""
    before = len(os.listdir("/proc/self/fd"))
    total = sum(wsgimaster.await_(value(1, 0)) for _ in range(1000))
    return f"{total} {len(os.listdir('/proc/self/fd')) - before < 8}"


AT_IMPORT = wsgimaster.await_(value("at import")) if os.environ.get(
    "IMPORT_ASYNCIO") else "not tried"
HOOKED = []


TICKS = []
TASKS = []


async def tick():
    while True:
        await asyncio.sleep(0.05)
        TICKS.append(1)


async def begin_ticks():
    TASKS.append(asyncio.get_running_loop().create_task(tick()))
    return await value("in the hook")


def hook():
    if os.environ.get("IMPORT_ASYNCIO"):
        HOOKED.append(wsgimaster.await_(begin_ticks()))


wsgimaster.post_fork_hook = hook


@case
def at_import():
    return " ".join([AT_IMPORT] + HOOKED)


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [CASES[environ["PATH_INFO"]]().encode()]
