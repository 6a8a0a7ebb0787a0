"""What a request does under asyncio's loop, a path a case.

Each gives text that asyncio.bats compares; a failure is a 500.
"""
import asyncio
import concurrent.futures
import contextvars
import os
import signal
import socket
import sys
import threading
import time

import greenlet
import uwsgi
import wsgimaster

LOOP = asyncio.get_event_loop()
VARIABLE = contextvars.ContextVar("variable", default="none")
imported = []
# A thread of the executor, which is not there after the fork.
if os.environ.get("EXECUTOR"):
    LOOP.run_until_complete(LOOP.run_in_executor(None, os.getpid))
LOOP.call_later(0.01, lambda: imported.append(uwsgi.worker_id()))
ticks = []
debug = []


def post_fork_hook():
    assert asyncio.get_event_loop() is LOOP
    signal.signal(signal.SIGUSR1, lambda *a: ticks.append(time.monotonic()))
    if os.environ.get("ASYNCIO_DEBUG"):
        LOOP.set_debug(True)


uwsgi.post_fork_hook = post_fork_hook


def no_running_loop():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def park(seconds):
    """The request waits by itself for a callback of the loop's."""
    me = greenlet.getcurrent()
    LOOP.call_later(seconds, me.switch)
    me.parent.switch()


async def value(seconds=0.05, result="value"):
    assert asyncio.get_running_loop() is LOOP
    await asyncio.sleep(seconds)
    return result


def case_outside(environ):
    """No loop runs, wherever the request was resumed from."""
    seen = [no_running_loop()]
    park(0.01)
    seen.append(no_running_loop())
    wsgimaster.sleep(0.01)
    seen.append(no_running_loop())
    me = greenlet.getcurrent()
    after = []

    async def step():
        await asyncio.sleep(0.01)
        task = asyncio.current_task()
        me.switch()
        after.append(asyncio.current_task() is task)
        after.append(asyncio.get_running_loop() is LOOP)
        await asyncio.sleep(0)
        after.append(asyncio.current_task() is task)

    task = asyncio.Task(step())
    me.parent.switch()
    seen.append(no_running_loop())
    seen.append(asyncio.current_task(LOOP) is None)
    wsgimaster.await_(task)
    seen.append(no_running_loop())
    return f"{all(seen)} {after}"


def case_throw(environ):
    me = greenlet.getcurrent()
    LOOP.call_later(0.01, me.throw, LookupError, "thrown")
    try:
        me.parent.switch()
    except LookupError as error:
        return f"{error} {no_running_loop()}"


def case_run(environ):
    """asyncio.run() has a loop of its own and does not hold others up."""
    async def main():
        assert asyncio.get_running_loop() is not LOOP
        assert asyncio.get_event_loop() is asyncio.get_running_loop()
        await asyncio.sleep(0.3)
        wsgimaster.sleep(0.05)
        assert asyncio.get_running_loop() is not LOOP
        await asyncio.sleep(0.01)
        return "ran"
    result = asyncio.run(main())
    assert asyncio.get_event_loop() is LOOP
    return f"{result} {no_running_loop()}"


def case_await(environ):
    VARIABLE.set("mine")

    async def read():
        await asyncio.sleep(0.01)
        return VARIABLE.get()
    out = [wsgimaster.await_(value()), wsgimaster.await_(read())]
    try:
        wsgimaster.await_(value(5), timeout=0.05)
    except asyncio.TimeoutError:
        out.append("timeout")

    async def fails():
        raise KeyError("inside")
    try:
        wsgimaster.await_(fails())
    except KeyError as error:
        out.append(str(error))
    future = LOOP.create_future()
    LOOP.call_later(0.02, future.set_result, "future")
    out.append(wsgimaster.await_(future))
    out.append(LOOP.run_until_complete(value(result="complete")))
    out.append(wsgimaster.await_(asyncio.gather(value(), value())))
    return " ".join(map(str, out))


def case_await_wrong(environ):
    async def nested():
        try:
            wsgimaster.await_(value())
        except RuntimeError as error:
            return str(error)
    return wsgimaster.await_(nested())


def case_await_thrown(environ):
    """An exception thrown into a request that waits cancels what it does."""
    me = greenlet.getcurrent()
    ended = []

    async def long():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
    LOOP.call_later(0.05, me.throw, LookupError, "thrown")
    try:
        wsgimaster.await_(long())
    except LookupError as error:
        ended.append(str(error))
    wsgimaster.sleep(0.05)
    return " ".join(ended)


def case_huge(environ):
    """A descriptor that cannot be is an error, whatever its number."""
    try:
        LOOP.add_reader(2 ** 30, print)
    except OSError as error:
        return type(error).__name__


def case_await_thread(environ):
    async def threaded():
        return await LOOP.run_in_executor(
            None, lambda: wsgimaster.await_(value(result="from a thread")))
    return wsgimaster.await_(threaded())


def case_await_child(environ):
    """From a greenlet that the request has started."""
    return greenlet.greenlet(lambda: wsgimaster.await_(value())).switch()


def case_reader(environ):
    a, b = socket.socketpair()
    a.setblocking(False)
    b.setblocking(False)
    me = greenlet.getcurrent()
    got = []
    LOOP.add_reader(a, lambda: (got.append(a.recv(9)), me.switch()))
    LOOP.call_later(0.01, b.send, b"read")
    me.parent.switch()
    assert LOOP.remove_reader(a) and not LOOP.remove_reader(a)
    LOOP.add_writer(b, lambda: (LOOP.remove_writer(b), me.switch()))
    LOOP.add_reader(b, print)
    me.parent.switch()
    LOOP.remove_reader(b)
    a.close()
    b.close()
    return got[0].decode() + " written"


def case_streams(environ):
    async def main():
        async def serve(reader, writer):
            writer.write(await reader.readline())
            await writer.drain()
            writer.close()
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"echo\n")
        line = await reader.readline()
        writer.close()
        server.close()
        await server.wait_closed()
        return line.decode().strip()
    return wsgimaster.await_(main())


def case_subprocess(environ):
    async def main():
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", "cat; exit 3", stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate(b"piped")
        return f"{out.decode()} {process.returncode}"
    return wsgimaster.await_(main())


def case_executor(environ):
    async def main():
        one = await LOOP.run_in_executor(None, threading.get_ident)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            two = await LOOP.run_in_executor(pool, threading.get_ident)
        return one != threading.get_ident() and two != threading.get_ident()
    return str(wsgimaster.await_(main()))


def case_threadsafe(environ):
    me = greenlet.getcurrent()
    begin = time.monotonic()
    threading.Timer(0.1, LOOP.call_soon_threadsafe, (me.switch,)).start()
    me.parent.switch()
    return f"{0.05 < time.monotonic() - begin < 5}"


def case_signal(environ):
    """A signal handler of Python's runs while everything waits."""
    del ticks[:]
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    begin = time.monotonic()
    wsgimaster.sleep(0.6)
    late = ticks[0] - begin - 0.1
    return f"{len(ticks)} {late < 0.3}"


def case_loop_signal(environ):
    me = greenlet.getcurrent()
    LOOP.add_signal_handler(signal.SIGUSR2, me.switch)
    LOOP.call_later(0.05, os.kill, os.getpid(), signal.SIGUSR2)
    me.parent.switch()
    LOOP.remove_signal_handler(signal.SIGUSR2)
    return case_signal(environ)


def case_exit(environ):
    """sys.exit() in a callback, and stop(): the loop goes on."""
    LOOP.call_soon(sys.exit, 3)
    wsgimaster.sleep(0.05)
    LOOP.call_soon(LOOP.stop)
    park(0.1)
    return "goes on"


def case_imported(environ):
    wsgimaster.sleep(0.05)
    return f"{imported == [uwsgi.worker_id()]}"


def case_worker(environ):
    """The worker's id, after a wake-up from another thread."""
    case_threadsafe(environ)
    return str(uwsgi.worker_id())


def case_park(environ):
    park(0.5)
    return "parked"


def case_slow(environ):
    wsgimaster.await_(value(1.5))
    return "slow"


def case_running(environ):
    """For asyncio-expose-loop."""
    return f"{asyncio.get_running_loop() is LOOP} {wsgimaster.await_(value())}"


def case_asyncgen(environ):
    """A task and a generator that are there when the worker leaves."""
    async def forever():
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            print("the task was cancelled")
            raise

    async def numbers():
        try:
            for n in range(1000):
                yield n
        finally:
            print("the generator was closed")

    async def one():
        LOOP.kept = numbers()
        return await LOOP.kept.__anext__()
    LOOP.task = asyncio.Task(forever())
    return str(wsgimaster.await_(one()))


def case_selector(environ):
    """The selector answers as the selectors module says."""
    import selectors
    selector = type(LOOP._selector)()
    assert isinstance(selector, selectors.BaseSelector)
    a, b = socket.socketpair()
    key = selector.register(a, selectors.EVENT_READ, "data")
    assert key == (a, a.fileno(), selectors.EVENT_READ, "data")
    assert selector.get_key(a) is key and selector.get_map()[a] is key
    assert len(selector.get_map()) == 1
    errors = []
    for call in (lambda: selector.register(a, 1), lambda: selector.get_key(b),
                 lambda: selector.unregister(b), lambda: selector.modify(b, 1),
                 lambda: selector.register(b, 0),
                 lambda: selector.register(b, 9),
                 lambda: selector.register("x", 1),
                 lambda: selector.register(-1, 1),
                 lambda: selector.register(10000, 1),
                 lambda: selector.select()):
        try:
            call()
            errors.append("nothing")
        except Exception as error:
            errors.append(type(error).__name__)
    assert selector.modify(a, 3, None).events == 3
    a.close()
    assert selector.unregister(a).fileobj is a
    with open(__file__) as file:
        try:
            selector.register(file, 1)
        except PermissionError:
            errors.append("PermissionError")
    selector.close()
    selector.close()
    assert selector.get_map() is None
    b.close()
    return " ".join(errors)


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/").replace("-", "_")
    body = globals()["case_" + name](environ)
    assert no_running_loop() or name == "running"
    assert asyncio.get_event_loop() is LOOP
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode() + b"\n"]
