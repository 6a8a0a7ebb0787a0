"""An app that tells what it may do, and could when it was imported."""
import ctypes
import json
import os
import resource
import time

PR_GET_PDEATHSIG = 2
PR_GET_DUMPABLE = 3
STATUS = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb",
          "NoNewPrivs")


def prctl_get(what):
    number = ctypes.c_int(-1)
    ctypes.CDLL(None).prctl(what, ctypes.byref(number), 0, 0, 0)
    return number.value


def rights():
    with open("/proc/self/status") as f:
        lines = dict(line.rstrip("\n").split(":", 1) for line in f)
    told = {name: lines[name].split() for name in STATUS}
    old = os.umask(0)
    os.umask(old)
    told.update(umask=old, death=prctl_get(PR_GET_PDEATHSIG),
                fds=len(os.listdir("/proc/self/fd")) > 2,
                dumpable=ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
                limits=[resource.getrlimit(number) for number in (
                    resource.RLIMIT_AS, resource.RLIMIT_NPROC,
                    resource.RLIMIT_CORE)])
    return told


IMPORTED = rights()


def back():
    """Ways back to root; those that work."""
    ways = {"setuid": lambda: os.setuid(0), "seteuid": lambda: os.seteuid(0),
            "setgid": lambda: os.setgid(0), "setegid": lambda: os.setegid(0),
            "setgroups": lambda: os.setgroups([0]),
            "setreuid": lambda: os.setreuid(0, 0)}
    worked = []
    for name, way in ways.items():
        try:
            way()
            worked.append(name)
        except OSError:
            pass
    return worked


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/stuck":
        while True:
            time.sleep(1)
    body = json.dumps({"imported": IMPORTED, "now": rights(),
                       "back": back() if path == "/back" else None,
                       "cwd": os.getcwd(), "pid": os.getpid()}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
