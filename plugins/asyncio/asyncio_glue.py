"""What of the asyncio engine is written in Python: loop, policy, await_.

Compiled into the program; runs in the module _wsgimaster_asyncio, where C has
put Selector, Waiter, on_loop_thread, in_request and may_wait before.
"""
import abc
import asyncio
import contextvars
import selectors
import signal

import wsgimaster

abc.ABCMeta.register(selectors.BaseSelector, Selector)

# Seconds that the app's tasks have, when they are cancelled at the end.
FINISH_SECONDS = 5


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


class RequestSelector(selectors.EpollSelector):
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
        return loop or self._of_thread or server

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
    wsgimaster.await_ = await_
    return server


def fork():
    """The loop in a new worker: nothing of the spawner's threads is there."""
    server._default_executor = None
    watch_signals()


def watch_signals():
    """A signal wakes the loop, so that its Python handler runs at once."""
    if on_loop_thread():
        signal.set_wakeup_fd(server._csock.fileno(), warn_on_full_buffer=False)


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


def await_(awaitable, timeout=None):
    """await_(awaitable, timeout=None): what it comes to, from plain code.

    The server's loop runs it; other requests go on meanwhile. Raises what it
    raises, and TimeoutError (it is cancelled then) after so many seconds.
    """
    if in_request():
        return _await_in_request(awaitable, timeout)
    if not on_loop_thread():
        return asyncio.run_coroutine_threadsafe(
            _limited(awaitable, timeout), server).result()
    if asyncio._get_running_loop() is not None:
        if asyncio.iscoroutine(awaitable):
            awaitable.close()
        raise RuntimeError("await_() is for plain code; here, use await")
    return server.run_until_complete(_limited(awaitable, timeout))
