"""An app that somebody has taken over: what it does to the master.

EVIL in the environment says what: pid=N tells the master that N is a worker's
and a mule's process, from the app's import on; anything else is done at /begin. A number is
the byte that it fills shared memory with, group=N a number of four bytes.
"""

import array
import ctypes
import os
import socket
import struct
import threading
import time


def control_sockets():
    """What this process speaks to the master with."""
    for name in os.listdir("/proc/self/fd"):
        try:
            sock = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        if (sock.family, sock.type) == (socket.AF_UNIX, socket.SOCK_SEQPACKET):
            yield sock


def message(kind, slot=0, pid=0, value=0, text=b"A" * 232):
    """A struct message (shm/messages.h); its text has no end."""
    return struct.pack("=I5i232s", kind, slot, 1, 1, pid, value, text)


def tell(sock, data, descriptors=0):
    fds = array.array("i", [1] * descriptors)
    try:
        sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]
                     if descriptors else [], socket.MSG_DONTWAIT)
    except OSError:
        pass


def name_pid(pid):
    """Says for a while that the first worker is that process."""
    sockets = list(control_sockets())
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for sock in sockets:
            tell(sock, message(3, pid=pid))
            tell(sock, message(3, slot=2, pid=pid))     # mule 1
        time.sleep(0.0005)
    os._exit(0)


def send_messages():
    """Each kind that there is and some that are not, with odd values."""
    for sock in control_sockets():
        for kind in (1, 2, 3, 4, 5, 6, 7, 10, 13, 99, 2**32 - 1):
            for slot in (-1, 1, 2**31 - 1):
                tell(sock, message(kind, slot, -1, -1), 2)
                time.sleep(0.001)


def send_signals():
    """What is said of the app's signals, with odd numbers and texts."""
    texts = (b"A" * 232, b"/" * 232, b"/proc/self/mem", b"", b"%n%s" * 58,
             b"1000 1", b"1 0", b"-1 -1", b"9" * 40 + b" " + b"9" * 40,
             b"-1 -1 -1 -1 -1", b"-2147483648 -2147483648 1 1 1", b"worker99",
             b"farm99999", b"mule7", b"farm_", b"handler", b"timer", b"file")
    for sock in control_sockets():
        sock.setblocking(True)
        for kind in range(17, 24):
            for value in (-2**31, -1, 0, 1, 255, 256, 2**31 - 1):
                for text in texts:
                    sock.send(message(kind, value=value, text=text))
        for n in range(300):    # more sources than there may be
            sock.send(message(19, value=n % 256, text=b"1000 %d" % n))
            sock.send(message(20, value=n % 256, text=b"-1 -1 -1 -1 -%d" %
                              (n % 7 + 1)))
            sock.send(message(21, value=n % 256, text=b"/tmp/%d" % n))
        # For a worker that there is not: it waits for ever.
        sock.send(message(17, value=200, text=b"worker99"))
        for _ in range(5000):
            sock.send(message(18, value=200, text=b""))
        sock.setblocking(False)     # the worker's own, too


def scribble(pattern):
    """Fills all memory that is shared with it, again and again."""
    with open("/proc/self/maps", encoding="ascii") as maps:
        areas = [[int(n, 16) for n in line.split()[0].split("-")]
                 for line in maps if "rw-s" in line and "/dev/zero" in line]
    while True:
        for start, end in areas:
            ctypes.memmove(start, pattern * ((end - start) // len(pattern)),
                           end - start)
        time.sleep(0.001)


EVIL = os.environ["EVIL"]
if EVIL.startswith("pid=") and os.fork() == 0:
    name_pid(int(EVIL[4:]))


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/lock":
        ctypes.PyDLL(None).sleep(100)
    elif path == "/begin" and EVIL == "messages":
        send_messages()
    elif path == "/begin" and EVIL == "signals":
        send_signals()
    elif path == "/begin" and EVIL == "queues":
        for sock in control_sockets():
            sock.shutdown(socket.SHUT_RDWR)
    elif path == "/begin":
        pattern = (struct.pack("=i", int(EVIL[6:]))
                   if EVIL.startswith("group=") else bytes([int(EVIL)]))
        threading.Thread(target=scribble, args=(pattern,),
                         daemon=True).start()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]
