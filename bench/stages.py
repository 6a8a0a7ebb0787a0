"""Where a request's instructions go: by what they are for.

Our functions belong to a stage by the file they are in. What they call of
base/, CPython and libc counts there, too; what CPython does while it runs the
app is a row of its own, without what the app calls of ours in the meantime
(start_response). greenlet and libevent change stacks and call back, so they
have rows of their own as well.
"""
import re

import results

STAGES = (
    ("accept, read, keep the connection",
     r"worker/(accept|conn|own_listeners|client_gone)"),
    ("parse the head", r"worker/http_"),
    ("core: take, run, end; park, resume",
     r"worker/(core|request|dispatch|suspend|wait|watch)|"
     r"plugins/(greenlet|threads)/"),
    ("turn the loop",
     r"worker/(loop|worker|engines|spawner)|plugins/(asyncio|tornado|gevent)/"),
    ("environ, input", r"plugins/python/py_(environ|header|strings|input)"),
    ("bridge: call, start_response, result", r"plugins/python/"),
    ("response: head, framing, send", r"worker/(response|body)"),
    ("access log", r"worker/access_log"),
    ("scoreboard", r"shm/"),
    ("the floor program", r"(py|epoll)_floor\.c"),
)
APP = "the app, in CPython"
RUNS_APP = re.compile(r"call|iternext|iter_next|evalframe|dealloc_frame",
                      re.I)
LIBRARIES = (
    ("CPython", r"libpython|^python3"),
    ("greenlet", r"greenlet"),
    ("libevent", r"libevent"),
    ("libc", r"^libc[.-]|^ld-|^libm[.-]|vgpreload|libpthread"),
)


LEAVES = ("base", "CPython", "libc")        # count where they are called


def is_named(function):
    """Is it of the server itself? Only that has names of files."""
    where, file, _ = function
    return file != "???" and bool(
        re.match(r"wsgimaster|(py|epoll)_floor", where))


def is_ours(function):
    return is_named(function) and not is_base(function)


def is_base(function):
    return is_named(function) and "base/" in function[1]


def stage_of(function):
    file = function[1]
    for stage, pattern in STAGES:
        if re.search(rf"(^|/)({pattern})", file):
            return stage
    return "the rest of ours"


def library_of(function):
    """CPython may be linked in."""
    where = function[0]
    if is_base(function):
        return "base"
    if re.match(r"wsgimaster|py_floor", where):
        return "CPython"
    for name, pattern in LIBRARIES:
        if re.search(pattern, where):
            return name
    return "other libraries"


class Sums:
    """{stage: {column: instructions}}"""

    def __init__(self):
        self.rows = {}

    def add(self, stage, column, cost):
        row = self.rows.setdefault(stage, {})
        row[column] = row.get(column, 0) + cost


def count(costs):
    """A Profile by stages: {row: {"ours", "base", "CPython", "libc"}}."""
    sums, libraries = Sums(), {}
    for function, cost in costs.own.items():
        if is_ours(function):
            sums.add(stage_of(function), "ours", cost)
        else:
            library = library_of(function)
            libraries[library] = libraries.get(library, 0) + cost
    for (caller, callee), cost in costs.calls.items():
        mine, theirs = is_ours(caller), is_ours(callee)
        if mine == theirs:
            continue
        library = library_of(callee if mine else caller)
        if library not in LEAVES:
            continue
        if theirs:                      # the app calls us
            if library == "CPython":
                sums.add(APP, library, -cost)
        elif library == "CPython" and RUNS_APP.search(callee[2]):
            sums.add(APP, library, cost)
        else:
            sums.add(stage_of(caller), library, cost)
    add_rest(sums, libraries)
    return sums.rows


def add_rest(sums, libraries):
    """What of the libraries is in no stage has rows of its own. CPython's
    calls of libc are in the stages' CPython, so the two are one."""
    rest = {}
    for library, cost in libraries.items():
        there = sum(row.get(library, 0) for row in sums.rows.values())
        name = "called by these" if library in LEAVES else library
        rest[name] = rest.get(name, 0) + cost - there
    for name, cost in rest.items():
        if abs(cost) >= 10:
            sums.add(name, "others", cost)


def table(name, costs):
    """Prints the stages of one server."""
    rows = count(costs)
    order = [stage for stage, _ in STAGES] + ["the rest of ours", APP]
    order += ["greenlet", "libevent", "other libraries", "called by these"]
    total = costs.total or 1
    cells = []
    for stage in order:
        row = rows.get(stage)
        if not row:
            continue
        row["ours"] = row.get("ours", 0) + row.get("base", 0)
        whole = sum(cost for key, cost in row.items() if key != "base")
        cells.append((stage, *(f"{round(row.get(column, 0)):,}" for column in
                               ("ours", "CPython", "libc", "others")),
                      f"{whole:,.0f}", f"{whole / total:.0%}"))
    cells.append(("all", "", "", "", "", f"{total:,.0f}", "100%"))
    print(f"### {name}\n")
    results.table(("for what", "ours", "CPython", "libc", "others", "sum",
                   "share"), cells)
    print()
