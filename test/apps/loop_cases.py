"""What must be the same whichever loop turns: who sees whose variables, what
comes out of switches by tasks and callbacks, timers. A path a case; JSON."""
import asyncio
import concurrent.futures
import contextvars
import gc
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
import weakref

import greenlet
import uwsgi
import wsgimaster

HAS_LOOP = uwsgi.loop is not None       # asyncio's or Tornado's
LOOP = asyncio.get_event_loop() if HAS_LOOP else None
VARIABLE = contextvars.ContextVar("variable", default="nobody's")
WEAK, STRONG = weakref.WeakKeyDictionary(), {}
WAITING = {}                # name -> greenlet of a request
SEEN = []
SIGNALS = []


def post_fork_hook():
    if HAS_LOOP:
        LOOP.add_signal_handler(signal.SIGUSR2, SIGNALS.append, os.getpid())


uwsgi.post_fork_hook = post_fork_hook


def task_now():
    """The current task, None also where no loop runs."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


# Who sees whose variables.

def mine(name, told, where):
    """Notes what of others' is in view; then it is ours."""
    me = greenlet.getcurrent()
    for kind, value in (("context", VARIABLE.get()),
                        ("attribute", getattr(me, "mark", name)),
                        ("weak", WEAK.get(me, name)),
                        ("strong", STRONG.get(me, name))):
        if value not in (name, "nobody's"):
            told.append(f"{where}: {kind} of {value} in {name}")
    if where != "start" and VARIABLE.get() != name:
        told.append(f"{where}: {VARIABLE.get()} in the context of {name}")


class Body:
    """A body whose pieces and whose end look around as well."""

    def __init__(self, name, told):
        self.name, self.told, self.left = name, told, 3

    def __iter__(self):
        return self

    def __next__(self):
        mine(self.name, self.told, "piece")
        self.left -= 1
        if self.left > 1:
            wsgimaster.sleep(random.random() / 100)
            mine(self.name, self.told, "piece, slept")
            return b"\n"
        if self.left == 1:
            uwsgi.async_sleep(random.random() / 100)
            return b"\n"
        if self.left == 0:
            return json.dumps(self.told).encode()
        raise StopIteration

    def close(self):
        mine(self.name, self.told, "close")
        SEEN.extend(self.told)


def case_variables(name):
    """Sets them in all ways, waits, has tasks and greenlets look."""
    told = []
    mine(name, told, "start")
    VARIABLE.set(name)
    how = int(name) % 4
    me = greenlet.getcurrent()
    if how == 1:
        me.mark = name
    elif how == 2:
        WEAK[me] = name
    elif how == 3:
        STRONG[me] = name
    wsgimaster.sleep(random.random() / 50)
    mine(name, told, "slept")
    uwsgi.async_sleep(random.random() / 50)
    uwsgi.suspend()
    mine(name, told, "suspended")
    if HAS_LOOP:
        async def look():
            mine(name, told, "task")
            await asyncio.sleep(random.random() / 50)
            mine(name, told, "task, slept")
            VARIABLE.set("changed by a task")
        wsgimaster.await_(look())
        mine(name, told, "awaited")

        async def step():
            me.switch()
        asyncio.Task(step())
        me.parent.switch()
        mine(name, told, "resumed by a task")
        LOOP.call_soon(me.switch)
        me.parent.switch()
        mine(name, told, "resumed by a callback")
    if how == 3 and int(name) % 8 == 3:
        del STRONG[me]
    return Body(name, told)


def case_seen(name):
    """What was seen in close(), too late for a response."""
    return SEEN


# Switches by tasks.

def case_nested(name):
    """A task's step wakes request 1, which in that step wakes request 2, which
    parks again and ends; each sees no task but its own."""
    told = []
    outer = greenlet.getcurrent()

    async def step():
        task = asyncio.current_task()
        await asyncio.sleep(0.01)
        WAITING["first"].switch()
        told.append(("the step", asyncio.current_task() is task,
                     asyncio.get_running_loop() is LOOP))
        await asyncio.sleep(0.25)
        told.append(("the step later", asyncio.current_task() is task))
        outer.switch()
    asyncio.Task(step())
    outer.parent.switch()
    told.append(("the request", task_now() is None))
    told.extend(WAITING.pop("told"))
    return told


def case_first(name):
    """Is woken by a task, and wakes the second one on its stack."""
    me = WAITING["first"] = greenlet.getcurrent()
    me.parent.switch()
    told = WAITING["told"] = [("first", task_now() is None)]
    # The second one goes to the loop when it parks or ends, not back to us.
    LOOP.call_later(0.02, me.switch)
    WAITING["second"].switch()
    told.append(("first again", task_now() is None))
    wsgimaster.await_(asyncio.sleep(0.01))
    told.append(("first awaited", task_now() is None))
    return "first"


def case_second(name):
    me = WAITING["second"] = greenlet.getcurrent()
    me.parent.switch()
    WAITING["told"].append(("second", task_now() is None))

    async def own():
        return asyncio.current_task() is not None
    WAITING["told"].append(("second's own loop", asyncio.run(own()),
                            task_now() is None))
    return "second"


def case_waiting(name):
    return name in WAITING


def case_thrown_by_task(name):
    """A request does not catch what a task throws into it: 500, and the task
    goes on."""
    me = WAITING["thrower"] = greenlet.getcurrent()

    async def throws():
        await asyncio.sleep(0.01)
        got = me.throw(LookupError, "thrown by a task")
        SEEN.append(f"the task goes on: {got}")
    asyncio.Task(throws())
    me.parent.switch()


def case_raises_in_step(name):
    """The request raises while a task's step is below it."""
    me = greenlet.getcurrent()

    async def step():
        me.switch()
        SEEN.append("the step goes on")
    asyncio.Task(step())
    me.parent.switch()
    raise LookupError("raised in a step")


def case_exits_in_step(name):
    me = greenlet.getcurrent()
    asyncio.get_event_loop().call_soon(me.switch)
    me.parent.switch()
    raise SystemExit(3)


def case_never(name):
    """Nobody will ever resume it."""
    greenlet.getcurrent().parent.switch()


def case_forget(name):
    told, SEEN[:] = list(SEEN), []
    WAITING.clear()
    gc.collect()
    return told


# Timers and descriptors.

def case_timer(name):
    """Sleeps so many ms in one of the ways; how much too early or late."""
    seconds = int(name) / 1000
    begun = time.monotonic()
    how = random.randrange(4 if HAS_LOOP else 2)
    if how == 0:
        wsgimaster.sleep(seconds)
    elif how == 1:
        uwsgi.async_sleep(seconds)
        uwsgi.suspend()
    elif how == 2:
        wsgimaster.await_(asyncio.sleep(seconds))
    else:
        me = greenlet.getcurrent()
        LOOP.call_later(seconds, me.switch)
        me.parent.switch()
    return [how, time.monotonic() - begun - seconds]


def case_timers(name):
    """Thousands at once in one request: by the loop, all in order."""
    count, fired = int(name), []

    async def sleeper(n, seconds):
        begun = time.monotonic()
        await asyncio.sleep(seconds)
        fired.append((n, time.monotonic() - begun - seconds))

    async def sleepers():
        await asyncio.gather(*(sleeper(n, random.random())
                               for n in range(count)))
    wsgimaster.await_(sleepers())
    return [len({n for n, _ in fired}), min(late for _, late in fired)]


def case_echo(name):
    """A conversation over a pair of sockets, whose other end a thread has;
    now and then both directions are waited for."""
    ours, other = socket.socketpair()
    ours.setblocking(False)

    def answer():
        with other:
            while True:
                data = other.recv(65536)
                if not data:
                    return
                other.sendall(data)
    thread = threading.Thread(target=answer)
    thread.start()
    sent, got, data = 0, 0, bytes(range(256)) * 400
    while got < len(data):
        if sent < len(data):
            uwsgi.wait_fd_write(ours, 10)
        uwsgi.wait_fd_read(ours, 10)
        uwsgi.suspend()
        if uwsgi.ready_fd() == -1:
            return "timeout"
        try:
            if sent < len(data):
                sent += ours.send(data[sent:sent + 5000])
        except BlockingIOError:
            pass
        try:
            piece = ours.recv(65536)
            if piece != data[got:got + len(piece)]:
                return "other bytes"
            got += len(piece)
        except BlockingIOError:
            pass
    ours.close()
    thread.join()
    return "echoed"


# Processes and threads under asyncio.

def case_processes(name):
    """Children at once, by each of asyncio's watchers and by subprocess."""
    async def child(n):
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", f"sleep 0.05; cat; exit {n}",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate(b"%d" % n)
        return int(out) == process.returncode == n

    async def children():
        return all(await asyncio.gather(*map(child, range(20))))
    told = [wsgimaster.await_(children(), 60)]
    # Not FastChildWatcher, which loses statuses under asyncio's own loop, too,
    # when several children are started at once.
    for kind in ("PidfdChildWatcher", "SafeChildWatcher"):
        if not hasattr(asyncio, kind):
            continue
        watcher = getattr(asyncio, kind)()
        before = asyncio.get_child_watcher()
        asyncio.set_child_watcher(watcher)
        watcher.attach_loop(LOOP)
        with watcher:
            told.append(wsgimaster.await_(children(), 60))
        watcher.close()
        asyncio.set_child_watcher(before)
    told.append(subprocess.run(["/bin/sh", "-c", "exit 7"]).returncode == 7)
    return told


def square(n):
    return n * n, os.getpid()


def case_executors(name):
    """Threads and forked processes work for a request; others go on."""
    async def all_of(pool):
        results = await asyncio.gather(*(
            LOOP.run_in_executor(pool, square, n) for n in range(20)))
        return ([n for n, _ in results] == [n * n for n in range(20)],
                os.getpid() in {pid for _, pid in results})
    told = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        told.append(wsgimaster.await_(all_of(pool), 60))
    pool = concurrent.futures.ProcessPoolExecutor(2)
    told.append(wsgimaster.await_(all_of(pool), 60))
    wsgimaster.await_(LOOP.run_in_executor(None, pool.shutdown))
    return told


def case_wake(name):
    """Wakes itself from a thread and through the executor; who did it?"""
    me, pid = greenlet.getcurrent(), os.getpid()
    told = []

    def woken(by):
        told.append(os.getpid() == pid and by == pid)
        me.switch()
    threading.Thread(target=LOOP.call_soon_threadsafe,
                     args=(woken, pid)).start()
    me.parent.switch()
    told.append(wsgimaster.await_(
        LOOP.run_in_executor(None, os.getpid)) == pid)
    return told


def case_signals(name):
    """This worker's pid, and the signals that it has seen."""
    return [os.getpid(), SIGNALS]


# The end.

def case_leave_tasks(name):
    """What is there when the worker leaves: a task that ends well, one that
    raises, one that takes its time, a generator, a timer."""
    async def ends():
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0.1)
            print("the task has ended")

    async def raises():
        try:
            await asyncio.sleep(1000)
        finally:
            raise LookupError("a task at the end")

    async def starts_another():
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0.02))
            print("the task has awaited others")

    async def numbers():
        try:
            yield 1
        finally:
            await asyncio.sleep(0.01)
            print("the generator has ended")

    async def begin():
        LOOP.kept = [asyncio.ensure_future(f()) for f in
                     (ends, raises, starts_another)]
        LOOP.numbers = numbers()
        await asyncio.sleep(0)
        return await LOOP.numbers.__anext__()
    LOOP.call_later(1000, print, "never")
    return wsgimaster.await_(begin())


def case_leave_stubborn(name):
    async def stubborn():
        while True:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                print("not yet")

    async def begin():
        LOOP.stubborn = asyncio.ensure_future(stubborn())
        await asyncio.sleep(0)
    return wsgimaster.await_(begin())


def case_slow(name):
    """Waits in each of the ways, first until there is a file of that name."""
    end = time.monotonic() + 60
    while not os.path.exists(name) and time.monotonic() < end:
        wsgimaster.sleep(0.05)
    uwsgi.async_sleep(0.2)
    uwsgi.suspend()
    if HAS_LOOP:
        wsgimaster.await_(asyncio.sleep(0.2))
        me = greenlet.getcurrent()
        LOOP.call_later(0.2, me.switch)
        me.parent.switch()
    return "slow"


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/").replace("-", "_")
    body = globals()["case_" + name](environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "application/json")])
    if isinstance(body, Body):
        return body
    return [json.dumps(body).encode()]
