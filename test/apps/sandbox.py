"""What this process may do, from its import on: tried, and told as JSON."""
import errno
import json
import mmap
import os
import signal
import subprocess
import sys
from urllib.parse import parse_qs


def tried(function, *args):
    """What a call gives, or the name of its error."""
    try:
        return function(*args)
    except OSError as error:
        return errno.errorcode[error.errno]


def read(path):
    with open(path, "rb") as file:
        return len(file.read(1)) and "read"


def write(path):
    with open(path, "a") as file:
        file.write("x")
    os.unlink(path)
    return "written"


def late(name):
    """A module that nobody has imported yet."""
    assert name not in sys.modules, name
    __import__(name)
    return "imported"


def run(path):
    """A program that reads a file."""
    return subprocess.run(["/bin/cat", path], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode


def kill(pid):
    os.kill(int(pid), signal.SIGCONT)
    return "sent"


def wx(_):
    """Memory that can be written and executed."""
    mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    return "mapped"


def chroot(path):
    os.chroot(path)
    return "changed"


def temporary(_):
    import tempfile
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    return "written"


IMPORTED = tried(read, "/etc/passwd")
WHAT = {"read": read, "write": write, "late": late, "run": run, "kill": kill,
        "temporary": temporary, "wx": wx,
        "chroot": chroot, "imported": lambda _: IMPORTED,
        "list": lambda path: sorted(os.listdir(path))[:1] and "listed"}


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        told = len(environ["wsgi.input"].read())
    else:
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        told = [tried(WHAT[what], value) for what, values in query.items()
                for value in values]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
