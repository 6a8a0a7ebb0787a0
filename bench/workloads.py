"""What the servers are asked for.

"park" is not wrk's but park/park.c's: see parked.py.
"""
import hashlib


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


BODY = b"a" * 1024
HELLO = digest(b"Hello World")


class Workload:
    """A callable of apps/ (or of a module in a folder), the answer it must give (None: any), how wrk asks
    for it."""

    def __init__(self, wanted, note, method="GET", headers=(),
                 connections=None, call=None, path="/", module=None,
                 folder=None):
        self.wanted, self.note, self.method = wanted, note, method
        self.path, self.module, self.folder = path, module, folder
        self.headers, self.connections, self.call = headers, connections, call


# What a browser sends, more or less.
BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
    "Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,"
    "image/avif,image/webp,*/*;q=0.8",
    "Accept-Language: en-US,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Referer: http://www.example.org/search?q=application+server&page=2",
    "Cookie: sessionid=7c1d5f0b9a3e4c55a2f1be0d6a4e9f31; "
    "csrftoken=Zk3vQ8yWc1rT5nB7mL0pX9sD2fG4hJ6k; theme=dark; "
    "consent=analytics:0|ads:0|v:3; _ts=1763712000",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-User: ?1",
)

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
    "hello_browser": Workload(HELLO, "hello with the 12 headers of a browser",
                              headers=BROWSER, call="hello"),
    "park": Workload(None, "many asleep at once", path="/1000/0"),
}
for name, workload in WORKLOADS.items():
    workload.name = name
    workload.call = workload.call or name

PLAIN = ("hello", "hello_close", "hello_nolen", "echo", "big", "stream")
SLEEP = ("sleep50",)
PARK = ("park",)
ASKED_FOR = ("hello_browser",)      # bench/run has it only with -w
FRAMEWORKS = ("flask", "django")
ALL = PLAIN + FRAMEWORKS
