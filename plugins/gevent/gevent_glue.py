"""What of the gevent engine is written in Python: loop, child, stat.

Compiled into the program; runs in the module _wsgimaster_gevent, where C has
put EVENTS, base_loop, callback, the watchers, on_loop_thread and note_fork
before. It is also what gevent.core shows, so it has libev's names.
"""
import os
import select
import signal as signals
import sys
import time as times
import traceback
import warnings

# gevent patches these later; the loop wants the plain ones.
from contextvars import copy_context
from os import close as _close, stat as _stat, waitpid as _waitpid
from time import time

UNDEF, NONE, READ, WRITE = -1, 0, 1, 2
READWRITE = READ | WRITE
_IOFDSET = 0x80
TIMER, PERIODIC, SIGNAL, CHILD = 0x100, 0x200, 0x400, 0x800
STAT, IDLE, PREPARE, CHECK = 0x1000, 0x2000, 0x4000, 0x8000
EMBED, FORK, CLEANUP, ASYNC = 0x10000, 0x20000, 0x40000, 0x80000
CUSTOM, ERROR = 0x1000000, 0x80000000
MINPRI, MAXPRI = -2, 2

_events = [(READ, "READ"), (WRITE, "WRITE"), (_IOFDSET, "_IOFDSET"),
           (TIMER, "TIMER"), (PERIODIC, "PERIODIC"), (SIGNAL, "SIGNAL"),
           (CHILD, "CHILD"), (STAT, "STAT"), (IDLE, "IDLE"),
           (PREPARE, "PREPARE"), (CHECK, "CHECK"), (EMBED, "EMBED"),
           (FORK, "FORK"), (CLEANUP, "CLEANUP"), (ASYNC, "ASYNC"),
           (CUSTOM, "CUSTOM"), (ERROR, "ERROR")]

__all__ = ["get_version", "get_header_version", "supported_backends",
           "recommended_backends", "embeddable_backends", "time", "loop"]

# Seconds between two looks at a file, when nobody says; and the fewest.
STAT_SECONDS = 1.0
STAT_SECONDS_MIN = 0.1


def _events_to_str(events):
    names = []
    for flag, name in _events:
        if events & flag:
            names.append(name)
            events &= ~flag
    if events:
        names.append(hex(events))
    return "|".join(names)


def get_version():
    return "wsgimaster-libevent"


get_header_version = get_version


def supported_backends():
    return ["libevent"]


recommended_backends = embeddable_backends = supported_backends


def watcher_repr(self):
    """repr() of any watcher, after libev's; callbacks may lead back to it."""
    if self in _shown:
        return "<...>"
    _shown.append(self)
    try:
        text = "<%s at 0x%x%s" % (type(self).__name__, id(self),
                                  getattr(self, "_format", str)())
        if isinstance(self, io):
            text += " fd=%d events=%s" % (self.fd, _events_to_str(self.events))
        if self.active:
            text += " active"
        if self.pending:
            text += " pending"
        if self.callback is not None:
            text += " callback=%r" % (self.callback,)
        if self.args is not None:
            text += " args=%r" % (self.args,)
        return text + ">"
    finally:
        _shown.remove(self)


_shown = []


class _Child(python_watcher):
    """Waits for a process (0: any); rpid and rstatus are what waitpid() says.

    A pidfd tells of its end, so nobody else's children are reaped. Where the
    system has none, and for any process, SIGCHLD does.
    """

    def __init__(self, loop, pid, trace=0, ref=True):
        if not loop.default:
            raise TypeError(
                "child watchers are only available on the default loop")
        loop.install_sigchld()
        super().__init__(loop, ref)
        self.pid = pid
        self.rpid = 0
        self.rstatus = 0
        self._inner = self._fd = None

    def start(self, callback, *args):
        self._open()
        super().start(callback, *args)
        self.loop._children.append(self)
        if self._fd is None:
            self._look()

    def _open(self):
        if self._inner is not None:
            return
        try:
            if self.pid <= 0:
                raise OSError
            self._fd = os.pidfd_open(self.pid)
            self._inner = self.loop.io(self._fd, READ, ref=False)
        except (OSError, AttributeError):
            self._inner = self.loop.signal(signals.SIGCHLD, ref=False)
        self._inner.start(self._look)

    def stop(self):
        super().stop()
        if self in self.loop._children:
            self.loop._children.remove(self)
        if self._inner is not None:
            self._inner.stop()
            self._inner = None
        if self._fd is not None:
            _close(self._fd)
            self._fd = None

    def _look(self):
        """Something has ended: who waits for it?"""
        pid = self.pid
        if pid == 0:
            pid = self._first_ended()
            if pid == 0:
                return
        try:
            pid, status = _waitpid(pid, os.WNOHANG)
        except ChildProcessError:   # somebody else has its status
            status = 255 << 8
        if pid == 0:
            return
        for child in list(self.loop._children):
            if child.pid in (pid, 0) and not child.rpid:
                child.rpid, child.rstatus = pid, status
                child.feed(CHILD, child.callback, *child.args)

    def _first_ended(self):
        try:
            info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG |
                             os.WNOWAIT)
        except ChildProcessError:
            return 0
        return info.si_pid if info is not None else 0

    def _format(self):
        return " pid=%r rstatus=%r" % (self.pid, self.rstatus)


class _Stat(python_watcher):
    """Looks at a file now and then; attr and prev are what stat() says."""

    def __init__(self, loop, path, interval=0.0, ref=True, priority=None):
        super().__init__(loop, ref, priority)
        self.path = path
        self._paths = os.fsencode(path)
        self.interval = interval
        self.attr = self.prev = self._timer = None

    def _stat(self):
        try:
            return _stat(self.path)
        except OSError:
            return None

    def start(self, callback, *args):
        super().start(callback, *args)
        if self._timer is not None:
            return
        if self.interval <= 0:
            self.interval = STAT_SECONDS
        self.interval = max(self.interval, STAT_SECONDS_MIN)
        self.attr = self.prev = self._stat()
        self._timer = self.loop.timer(self.interval, self.interval, ref=False)
        self._timer.start(self._look)

    def stop(self):
        super().stop()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _look(self):
        now = self._stat()
        if _changed(now, self.attr):
            self.prev, self.attr = self.attr, now
            self.feed(STAT, self.callback, *self.args)


def _changed(a, b):
    if a is None or b is None:
        return a is not b
    return a[:7] != b[:7] or a.st_mtime_ns != b.st_mtime_ns or \
        a.st_ctime_ns != b.st_ctime_ns


_Child.__name__ = "child"
_Stat.__name__ = "stat"


class loop(base_loop):
    """gevent's ILoop; what is not in C."""

    approx_timer_resolution = 0.00001
    MINPRI, MAXPRI = MINPRI, MAXPRI
    WatcherType = watcher
    backend = "libevent"
    backend_int = 0
    origflags_int = 0
    origflags = ()

    def __new__(cls, flags=None, default=None, ptr=0):
        """Flags are libev's: which poller there is, is not to be chosen."""
        if default is None:
            default = True
        self = super().__new__(cls, bool(default))
        self._children = []
        return self

    def __init__(self, flags=None, default=None, ptr=0):
        pass

    def handle_error(self, context, type, value, tb):
        if type is HubDestroyed:
            self.clear_callbacks()
            self.break_()
            return
        handler = self.error_handler
        if handler is not None:
            getattr(handler, "handle_error", handler)(context, type, value, tb)
        else:
            self._default_handle_error(context, type, value, tb)

    def _default_handle_error(self, context, type, value, tb):
        traceback.print_exception(type, value, tb)
        if self.ptr:
            self.break_()

    def child(self, pid, trace=0, ref=True):
        return _Child(self, pid, trace, ref)

    def stat(self, path, interval=0.0, ref=True, priority=None):
        return _Stat(self, path, interval, ref, priority)

    def callback(self, priority=None):
        return callback(None, ())

    def install_sigchld(self):
        """Children that are ignored leave no status."""
        if on_loop_thread() and \
                signals.getsignal(signals.SIGCHLD) == signals.SIG_IGN:
            _signal(signals.SIGCHLD, signals.SIG_DFL)

    def reset_sigchld(self):
        """libev's handler comes back; there is none here."""

    def verify(self):
        pass

    def fileno(self):
        return None

    def _format(self):
        if not self.ptr:
            return "destroyed"
        return "%s%s pending=%d ref=%d" % (
            self.backend, " default" if self.default else "",
            self.pendingcnt, self.activecnt)

    def __repr__(self):
        return "<%s at 0x%x %s>" % (type(self).__name__, id(self),
                                    self._format())


_signal = signals.signal


def prepare(early_patch, late_patch):
    """Makes the server's loop gevent's, before the app is imported."""
    global gevent, HubDestroyed
    if early_patch:
        _patch()
    import gevent
    import gevent.hub
    from gevent.exceptions import HubDestroyed
    from gevent._interfaces import ILoop, ICallback
    from zope.interface import classImplements
    classImplements(loop, ILoop)
    classImplements(callback, ICallback)
    gevent.config.loop = loop
    gevent.Greenlet.add_spawn_callback(_inherit)
    os.register_at_fork(after_in_child=note_fork)
    if late_patch and not early_patch:
        _patch()
    return gevent.get_hub()


def _inherit(greenlet):
    """What is spawned belongs to the request that does so, as with asyncio's
    tasks: it begins with a copy of its context variables."""
    if greenlet.gr_context is None:
        greenlet.gr_context = copy_context()


def _patch():
    from gevent import config, monkey
    config.loop = loop
    monkey.patch_all()


def fork():
    """In a new worker: the hub, made ready for this process."""
    hub = gevent.get_hub()
    if not isinstance(hub.loop, loop) or not hub.loop.default:
        raise RuntimeError("the app has replaced gevent's hub or loop")
    gevent.reinit(hub)
    signals.set_wakeup_fd(hub.loop.wake_fd, warn_on_full_buffer=False)
    return hub


def leave(hub):
    """On the hub: back to who has switched to it first."""
    hub.parent.switch()


def finish(hub, seconds):
    """Waits for everything that the hub still has to do."""
    if not hub.join(timeout=seconds):
        warnings.warn("gevent's hub is left with something to do")
