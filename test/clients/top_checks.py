"""wsgimaster ctl top in a terminal: a pty, and what it shows on it.

top_checks.py CHECK WSGIMASTER SOCKET
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = 30
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"
ESCAPE = re.compile(rb"\x1b\[[?0-9;]*[A-Za-z]")


class Terminal:
    """A pty with a process on it, and all that it has written."""

    def __init__(self, args, columns=80, lines=24, term="xterm"):
        self.master, self.slave = pty.openpty()
        self.resize(columns, lines, None)
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in (0, 1, 2):
                os.dup2(self.slave, fd)
            os.environ["TERM"] = term
            os.environ.pop("COLUMNS", None)
            # What runs the tests in the background ignores these.
            for number in (signal.SIGINT, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)
            os.execv(args[0], args)
        self.status = None

    def resize(self, columns, lines, pid):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text)

    def read(self, seconds):
        """Reads what comes; False when nothing did."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.output += os.read(self.master, 65536)
        return True

    def until(self, what, done):
        """Reads until done() is true."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, (what, self.output[-3000:])
            self.read(0.1)

    def screen(self):
        """The lines of the last whole frame, without escapes."""
        frames = self.output.split(b"\x1b[H")
        if len(frames) < 3:
            return []
        text = ESCAPE.sub(b"", frames[-2]).decode()
        return [line.strip("\r") for line in text.split("\n")]

    def shows(self, text):
        self.until(f"{text!r} on the screen",
                   lambda: any(text in line for line in self.screen()))

    def fresh(self):
        """From here on only what is written from now on counts."""
        while self.read(0):
            pass
        self.output = b""

    def wait(self):
        """The exit status, as os.waitpid gives it; reads meanwhile."""
        def ended():
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
            return pid
        self.until("its end", ended)
        while self.read(0):
            pass
        return self.status

    def restored(self):
        """Is the terminal as it was, and its screen given back?"""
        assert termios.tcgetattr(self.slave) == self.before
        assert LEAVE in self.output, self.output[-500:]
        assert SHOW_CURSOR in self.output
        assert not ENTER in self.output[self.output.rindex(LEAVE):]


def top(*more, **size):
    wsgimaster, path = sys.argv[2:4]
    return Terminal([wsgimaster, "ctl", "-s", path, "top", "-d", "0.2",
                     *more], **size)


def raw(terminal):
    """The terminal gives single keys now."""
    return not termios.tcgetattr(terminal.slave)[3] & termios.ICANON


def keys():
    """Frames come; keys sort; q leaves and gives the terminal back."""
    t = top()
    t.shows("workers    2 of 2 ready")
    assert raw(t)
    t.shows("GET /park/")
    t.shows("q quit")
    assert len(t.screen()) == 24, len(t.screen())
    assert all(len(line) <= 80 for line in t.screen())
    for key in b"bimrl x":
        t.type(bytes([key]))
        t.fresh()
        t.shows("PID  STATE  GEN")
    t.type(b"q")
    assert t.wait() == 0
    t.restored()


def sorting():
    """The busiest worker comes first, or the first one."""
    def first(terminal):
        lines = terminal.screen()
        for at, line in enumerate(lines[:-1]):
            if line.startswith("ID "):
                return lines[at + 1].split()[0]
        return None
    t = top()
    t.until("by id", lambda: first(t) == "1")
    t.type(b"b")
    t.until("by busy cores", lambda: first(t) == "2")
    t.type(b"i")
    t.until("by id", lambda: first(t) == "1")
    t.type(b"q")
    assert t.wait() == 0
    t.restored()
    t = top("--sort", "busy")
    t.until("by busy cores", lambda: first(t) == "2")
    t.type(b"q")
    t.wait()


def resize():
    """A new size is used at once."""
    t = top("--delay", "30")
    t.until("a frame", lambda: b"q quit" in t.output)
    t.fresh()
    t.resize(50, 10, t.pid)
    t.until("a smaller frame", lambda: t.output.count(b"\x1b[H") >= 1
            and b"q quit" in t.output)
    frame = ESCAPE.sub(b"", t.output.split(b"\x1b[H")[1]).decode()
    lines = [line.strip("\r") for line in frame.split("\n")]
    assert len(lines) == 10, lines
    assert max(map(len, lines)) <= 50, lines
    t.resize(200, 60, t.pid)
    t.fresh()
    t.type(b" ")
    t.until("a larger frame", lambda: b"q quit" in t.output)
    # The smallest there can be does no harm.
    for columns, height in ((1, 1), (5, 3), (79, 2)):
        t.resize(columns, height, t.pid)
        t.fresh()
        t.type(b" ")
        t.until("a frame", lambda: b"\x1b[H" in t.output)
    t.type(b"q")
    assert t.wait() == 0
    t.restored()


def signals():
    """However it is ended, the terminal is given back."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                   signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT):
        t = top()
        t.shows("workers    2 of 2 ready")
        os.kill(t.pid, number)
        status = t.wait()
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, (
            number, status)
        t.restored()
    t = top()
    t.shows("workers    2 of 2 ready")
    t.type(b"\x03")
    assert os.WTERMSIG(t.wait()) == signal.SIGINT
    t.restored()


def stopped():
    """^Z gives the terminal back; afterwards it goes on."""
    t = top()
    t.shows("workers    2 of 2 ready")
    t.fresh()
    os.kill(t.pid, signal.SIGTSTP)
    t.until("its stop", lambda: os.waitpid(
        t.pid, os.WNOHANG | os.WUNTRACED)[0])
    while t.read(0):
        pass
    assert not raw(t)
    t.restored()
    t.fresh()
    os.kill(t.pid, signal.SIGCONT)
    t.shows("workers    2 of 2 ready")
    assert raw(t)
    t.type(b"q")
    assert t.wait() == 0
    t.restored()


def dumb():
    """On a terminal that cannot move its cursor there are no escapes."""
    t = top("-n", "2")
    assert t.wait() == 0
    assert b"\x1b" not in t.output
    t = top(term="dumb")
    t.until("two frames", lambda: t.output.count(b"wsgimaster ") >= 2)
    assert b"\x1b" not in t.output
    os.kill(t.pid, signal.SIGTERM)
    t.wait()


def hangup():
    """It does not outlive its terminal."""
    t = top()
    t.shows("workers    2 of 2 ready")
    os.close(t.slave)
    os.close(t.master)
    deadline = time.monotonic() + PATIENCE
    while not os.waitpid(t.pid, os.WNOHANG)[0]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def server_leaves():
    """Says that the server is gone, and shows the next one when it comes."""
    t = top()
    t.shows("workers    2 of 2 ready")
    print("shown", flush=True)
    t.shows("no server")
    print("missed", flush=True)
    t.shows("workers    2 of 2 ready")
    t.type(b"q")
    assert t.wait() == 0
    t.restored()


globals()[sys.argv[1]]()
