"""Who holds the memory of a parked request, by massif.

The same server with few and with many requests asleep under valgrind's
massif, which tells at the peak who has allocated what: the difference, for
each request. That is memory by malloc: with the connection, the core and
what both of them hold. "Ours" is what the server's C code allocates, and
libevent for it; Python's objects (the environ, the app's own), the copies of
stacks and what CPython maps for a greenlet's frames are not.
"""
import re
import shutil
import time

import parked
from measure import Failed
from script import Scripted
from servers import Missing
from workloads import WORKLOADS

FEW, MANY = 200, 1000
SLEEP_MS = 12000
ALLOCATORS = ("malloc", "calloc", "realloc", "xmalloc", "xcalloc", "xrealloc",
              "xstrdup", "xstrndup", "strdup", "strbuf_reserve", "strbuf_add")
OURS, GREENLET, CPYTHON = "ours: ", "greenlet", "CPython"


class Massif(Scripted):
    """A server under massif; a context manager."""

    prefix = ("valgrind", "--tool=massif", "-q", "--trace-children=yes",
              "--depth=12", "--threshold=0", "--peak-inaccuracy=0.5",
              "--massif-out-file=massif.%p")

    def tree(self):
        """The lines of the greatest peak of all its processes."""
        best, lines = -1, []
        for file in self.place.tmp.glob("massif.*"):
            for part in file.read_text(errors="replace").split("#-----------"):
                found = re.search(r"^mem_heap_B=(\d+)", part, re.M)
                if found and "heap_tree=peak" in part and \
                        int(found[1]) > best:
                    best = int(found[1])
                    lines = part.split("heap_tree=peak\n")[1].splitlines()
        if not lines:
            raise Failed(f"massif wrote no peak: {self.output()}")
        return lines


def owner(frame):
    """Who owns what this frame has allocated; None: look at its caller."""
    where = re.search(r"\(in (\S*)\)|\(([\w.-]+):\d+\)", frame)
    name = re.sub(r".*?: ", "", frame, count=1).split(" (")[0]
    if name in ALLOCATORS:
        return None
    library = (where[1] or "") if where else ""
    source = (where[2] or "") if where else ""
    if "libevent" in library:
        return OURS + "libevent's"
    if "greenlet" in library:
        return GREENLET
    if source.startswith(("malloc", "dl-", "wrap_", "libc")) or \
            re.search(r"/(libc|ld)[.-]", library):
        return None
    if source:
        return OURS + name
    return CPYTHON


def read(lines):
    """{owner: bytes} of a tree: "n2: 123 0x1: function (file.c:12)"."""
    sums, rest = {}, iter(lines)

    def walk(held):
        found = re.match(r"\s*n(\d+): (\d+) (.*)", next(rest))
        children, size, frame = int(found[1]), int(found[2]), found[3]
        is_root = frame.startswith("(heap allocation")
        mine = held or (None if is_root else owner(frame))
        if held == CPYTHON and owner(frame) == GREENLET:
            mine = GREENLET         # a stack, by PyMem_Malloc
        if not children:
            name = mine or "others"
            sums[name] = sums.get(name, 0) + size
        for _ in range(children):
            walk(mine)
    walk(None)
    return sums


def run_once(name, args, count):
    """{owner: bytes} with so many asleep."""
    with Massif(name, WORKLOADS["park"], args, cores=count + 8,
                backlog=parked.BACKLOG) as server:
        server.connect().close()
        with parked.Client(server.place, args, count, SLEEP_MS, "-w") as run:
            run.until("OPEN")
            time.sleep(1)
            run.go()
            run.until("SENT")
            got = run.result()
        if got["ok"] != count or got["parked"] != count:
            raise Failed(f"{got['ok']} of {count} answered, "
                         f"{got.get('parked')} asleep at once")
        server.stop()
        return read(server.tree())


def measure(name, args):
    """{owner: bytes} of one parked request."""
    if not shutil.which("valgrind"):
        raise Missing("valgrind", ["valgrind"])
    parked.build()
    few, many = run_once(name, args, FEW), run_once(name, args, MANY)
    return {who: (many.get(who, 0) - few.get(who, 0)) / (MANY - FEW)
            for who in {*few, *many}}


def ours(held):
    return sum(size for who, size in held.items() if who.startswith(OURS))


def by_owner(held):
    """(owner, bytes), the greatest first."""
    return sorted(((who, size) for who, size in held.items() if size >= 1),
                  key=lambda pair: -pair[1])
