"""What is written in Python for asyncio: loop, policy, await_.

Compiled into the program; runs in the module _wsgimaster_asyncio, where C has
put Selector, Waiter, on_loop_thread, in_request, may_wait, is_guest, is_forked
and signal_fd before, and wake with prepare_guest.
"""
import abc
import asyncio
import contextvars
import os
import selectors
import signal
import threading

import wsgimaster

abc.ABCMeta.register(selectors.BaseSelector, Selector)

# Seconds that the app's tasks have, when they are cancelled at the end.
FINISH_SECONDS = 5

# The loop that turns the worker's base, or is the base's guest; or None.
server = None


class Loop(asyncio.SelectorEventLoop):
    """The server's event loop, one a worker."""

    def run_until_complete(self, future):
        """In a request the loop runs already: the request waits for it."""
        if in_request():
            return _await_in_request(future, None)
        return super().run_until_complete(future)

    def remove_signal_handler(self, sig):
        """asyncio turns the wake-up off with the last of its handlers."""
        removed = super().remove_signal_handler(sig)
        watch_signals()
        return removed


class GuestLoop(Loop):
    """The server's loop where it does not turn the base: a turn at a time."""

    def call_soon(self, *args, **kwargs):
        handle = super().call_soon(*args, **kwargs)
        wake()
        return handle

    def call_at(self, *args, **kwargs):
        handle = super().call_at(*args, **kwargs)
        wake()
        return handle

    def run_forever(self):
        """What is left when somebody else has turned it is the base's."""
        try:
            super().run_forever()
        finally:
            wake()


try:
    EpollSelector = selectors.EpollSelector
except AttributeError:      # gevent's patching takes it away
    from gevent.monkey import get_original
    EpollSelector = get_original("selectors", "EpollSelector")


class RequestSelector(EpollSelector):
    """Of a loop that a request runs itself: parks it instead of blocking."""

    def select(self, timeout=None):
        if (timeout is None or timeout > 0) and may_wait():
            wsgimaster.wait(self.fileno(), "r", timeout)
            timeout = 0
        return super().select(timeout)


class RequestLoop(asyncio.SelectorEventLoop):
    """A loop that is not the server's, like asyncio.run()'s."""

    def __init__(self):
        super().__init__(RequestSelector())

    def remove_signal_handler(self, sig):
        removed = super().remove_signal_handler(sig)
        watch_signals()
        return removed


class Policy(asyncio.DefaultEventLoopPolicy):
    """The thread's loop is the server's; a request may set one for itself.

    asyncio.run() sets a loop and, at its end, none: other requests, and what
    comes after it, must not notice.
    """

    _of_request = contextvars.ContextVar("wsgimaster_loop", default=None)
    _of_thread = None

    def get_event_loop(self):
        if not on_loop_thread():
            return super().get_event_loop()
        loop = self._of_request.get() if in_request() else None
        return (loop or self._of_thread or server or
                super().get_event_loop())

    def set_event_loop(self, loop):
        if not on_loop_thread():
            super().set_event_loop(loop)
        elif in_request():
            self._of_request.set(loop)
        else:
            self._of_thread = loop
            super().set_event_loop(loop)

    def new_event_loop(self):
        if not on_loop_thread():
            return super().new_event_loop()
        return RequestLoop()


def prepare():
    """Makes the server's loop the thread's, before the app is imported."""
    global server
    server = Loop(Selector())
    asyncio.set_event_loop_policy(Policy())
    asyncio.set_event_loop(server)
    return server


def prepare_guest():
    """Makes the loop, in a worker, for another engine's base."""
    global server
    selector = Selector()
    server = GuestLoop(selector)
    return selector


def install_policy():
    """asyncio.run() parks requests, unless the app has ideas of its own."""
    policy = asyncio.events._event_loop_policy
    if policy is None or type(policy) is asyncio.DefaultEventLoopPolicy:
        asyncio.set_event_loop_policy(Policy())


def turn():
    """The guest's loop does what is due, and does not wait."""
    if not server.is_closed():
        server.stop()
        server.run_forever()


def next_turn():
    """Seconds until there is something to do; -1: a descriptor will tell."""
    if server.is_closed():
        return -1
    if server._ready:
        return 0
    if server._scheduled:
        return max(0, server._scheduled[0]._when - server.time())
    return -1


def fork():
    """The loop in a new worker: nothing of the spawner's threads is there."""
    server._default_executor = None
    watch_signals()


def watch_signals():
    """A signal wakes the loop, so that its Python handler runs at once."""
    if on_loop_thread():
        fd = server._csock.fileno() if not is_guest() else signal_fd()
        signal.set_wakeup_fd(fd, warn_on_full_buffer=False)


def finish():
    """Ends what the app has left running on the loop."""
    tasks = asyncio.all_tasks(server)
    for task in tasks:
        task.cancel()
    if tasks:
        server.run_until_complete(asyncio.wait(tasks, timeout=FINISH_SECONDS))
    for task in tasks:
        if not task.done():
            server.call_exception_handler({
                "message": "task goes on although it was cancelled at the end",
                "task": task,
            })
        elif not task.cancelled() and task.exception() is not None:
            server.call_exception_handler({
                "message": "exception in a task that was cancelled at the end",
                "exception": task.exception(),
                "task": task,
            })
    server.run_until_complete(server.shutdown_asyncgens())


async def _limited(awaitable, timeout):
    if timeout is None:
        return await awaitable
    return await asyncio.wait_for(awaitable, timeout)


def _await_in_request(awaitable, timeout):
    """The loop does it, and the request is parked meanwhile."""
    if timeout is not None:
        awaitable = _limited(awaitable, timeout)
    future = asyncio.ensure_future(awaitable, loop=server)
    waiter = Waiter()
    future.add_done_callback(waiter.wake)
    try:
        waiter.park()
    except BaseException:
        future.remove_done_callback(waiter.wake)
        if future is not awaitable:
            future.cancel()
        raise
    return future.result()


class _OwnLoop:
    """A loop that nobody else turns; closed with its thread."""

    def __init__(self):
        self.loop = RequestLoop()
        self.pid = os.getpid()

    def __del__(self):
        if self.pid == os.getpid():
            self.loop.close()


_own = threading.local()


def _await_alone(awaitable, timeout):
    """On a loop of this thread's, which waits as wsgimaster.wait() does."""
    own = getattr(_own, "loop", None)
    if own is None or own.pid != os.getpid():
        own = _own.loop = _OwnLoop()
    task = own.loop.create_task(_limited(awaitable, timeout))
    try:
        return own.loop.run_until_complete(task)
    except BaseException:
        if not task.done():
            task.cancel()
            own.loop.run_until_complete(
                asyncio.wait([task], timeout=FINISH_SECONDS))
        raise


def await_(awaitable, timeout=None):
    """await_(awaitable, timeout=None): what it comes to, from plain code.

    The server's loop runs it; other requests go on meanwhile. Raises what it
    raises, and TimeoutError (it is cancelled then) after so many seconds.
    """
    here = on_loop_thread()
    if here and server is not None and in_request() and not is_forked():
        return _await_in_request(awaitable, timeout)
    if not here and not is_guest() and server.is_running() and not is_forked():
        return asyncio.run_coroutine_threadsafe(
            _limited(awaitable, timeout), server).result()
    if asyncio._get_running_loop() is not None:
        if asyncio.iscoroutine(awaitable):
            awaitable.close()
        raise RuntimeError("await_() is for plain code; here, use await")
    if here and server is not None and not is_forked():
        return server.run_until_complete(_limited(awaitable, timeout))
    return _await_alone(awaitable, timeout)
