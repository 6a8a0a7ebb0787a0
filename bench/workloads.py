"""What the servers are asked for.

"park" is not wrk's but park/park.c's: see parked.py.
"""
import hashlib


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


BODY = b"a" * 1024
HELLO = digest(b"Hello World")


class Workload:
    """A callable of apps/, the answer it must give (None: any), how wrk asks
    for it."""

    def __init__(self, wanted, note, method="GET", headers=(),
                 connections=None, call=None, path="/"):
        self.wanted, self.note, self.method = wanted, note, method
        self.path = path
        self.headers, self.connections, self.call = headers, connections, call


WORKLOADS = {
    "hello": Workload(HELLO, "11 bytes, keep-alive where there is any"),
    "hello_close": Workload(HELLO, "the same, a connection for each request",
                            headers=("Connection: close",), call="hello"),
    "hello_nolen": Workload(HELLO, "no Content-Length from the app"),
    "echo": Workload(digest(BODY), "POST of 1 KiB, sent back",
                     method="POST"),
    "big": Workload(digest(bytes(range(256)) * 4096),
                    "1 MiB in one bytes object"),
    "stream": Workload(digest((b"x" * 1023 + b"\n") * 100),
                       "a generator of 100 pieces of 1 KiB"),
    "sleep50": Workload(digest(b"slept"), "50 ms asleep in the server's own "
                        "way, 100 connections", connections=100),
    "flask": Workload(HELLO, "hello from Flask"),
    "django": Workload(HELLO, "hello from Django"),
    "park": Workload(None, "many asleep at once", path="/1000/0"),
}
for name, workload in WORKLOADS.items():
    workload.name = name
    workload.call = workload.call or name

PLAIN = ("hello", "hello_close", "hello_nolen", "echo", "big", "stream")
SLEEP = ("sleep50",)
PARK = ("park",)
FRAMEWORKS = ("flask", "django")
ALL = PLAIN + FRAMEWORKS
