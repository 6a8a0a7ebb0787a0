"""Timers of 50 ms as file descriptors, for a server that can wait for those.

Descriptors are used again; arming one anew also clears its last expiry.
"""
import ctypes


class Timespec(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]


class Itimerspec(ctypes.Structure):
    _fields_ = [("interval", Timespec), ("value", Timespec)]


LIBC = ctypes.PyDLL(None, use_errno=True)   # short calls: keep the GIL
CLOCK_MONOTONIC, NONBLOCK_CLOEXEC = 1, 0o2004000
FIFTY_MS = ctypes.byref(Itimerspec(Timespec(0, 0), Timespec(0, 50_000_000)))
FREE = []


def take():
    """A descriptor that turns readable in 50 ms."""
    fd = FREE.pop() if FREE else LIBC.timerfd_create(CLOCK_MONOTONIC,
                                                     NONBLOCK_CLOEXEC)
    if fd < 0 or LIBC.timerfd_settime(fd, 0, FIFTY_MS, None) < 0:
        raise OSError(ctypes.get_errno(), "timerfd")
    return fd


def give(fd):
    FREE.append(fd)
