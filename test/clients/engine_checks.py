"""The table "engine x API function"; the app is test/apps/engine_table.py.

Each engine's results are a file NAME.json in a folder; "show" prints the
table, and fails when two engines differ in a function, or when one fails.
"""
import json
import os
import sys

import wire
from wire import Wire, get, until

BODY = b"body"


def ask(port, path):
    """A request with a body; the answer, however it ends."""
    with Wire(port) as client:
        client.send(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 4\r\n\r\n" + BODY)
        try:
            return client.response().body.decode("latin-1")
        except wire.Ended as error:
            return f"ended {error.data!r}"


def one(port, name):
    text = ask(port, "/case/" + name)
    if name == "sendfile":
        return "ok" if text == '"""E' else text
    if name == "disconnect":
        assert text.startswith("ended"), text
        until("the note", lambda: os.path.exists(os.environ["NOTES"]))
        with open(os.environ["NOTES"]) as notes:
            text = notes.read()
        os.remove(os.environ["NOTES"])
        return text
    return text


def expected(kind, name, names):
    """What a function says in a thread or a task: None is "ok"."""
    if kind == "thread" and name in names["client"]:
        return "another thread"
    if kind == "thread" and name in ("env", "start_response"):
        return "has no attribute"
    if kind == "task" and name in names["waits"]:
        return "use await"
    if kind == "task" and name in ("ready_fd",):
        return "use await"      # its case waits
    return None


def elsewhere(port, kind, name, names):
    text = ask(port, f"/{kind}/{name}")
    want = expected(kind, name, names)
    if name == "disconnect" and kind == "task":
        return "ok" if text.startswith("ended") else text
    if want is None:
        return text
    raised = text.startswith(("RuntimeError: ", "AttributeError: "))
    return "refused" if raised and want in text else text


def collect(port, engine, folder):
    """Runs everything once under one engine."""
    names = get(port, "/names").json()
    missing = set(names["module"]) - set(names["cases"])
    assert not missing, f"functions without a case: {missing}"
    result = {}
    for name in names["cases"]:
        if engine != "none" or name not in names["parks"]:
            result[name] = one(port, name)
        if name in names["yields"]:
            continue
        for kind in ("thread", "task"):
            # There a coroutine runs on the request's own stack.
            if not (kind == "task" and engine in ("none", "threads")):
                result[f"{kind}: {name}"] = elsewhere(port, kind, name, names)
    with open(os.path.join(folder, engine + ".json"), "w") as out:
        json.dump(result, out)


def late(port):
    """A task that outlives its request never reaches the next one."""
    assert ask(port, "/late/key") == "begun"
    for _ in range(20):         # that core's next requests
        ask(port, "/case/cl")
    found = until("the task", lambda: [
        found for found in [get(port, "/found/key").json()]
        if found and len(found) == 5])[0]
    assert found[:2] == ["ok", "ok"], found
    assert all("RuntimeError" in text and "is over" in text
               for text in found[2:]), found


def asks(port, what):
    assert ask(port, "/ask/" + what) == "True"


def show(port, folder, *engines):
    """Prints the table; fails unless all agree, and all is well."""
    tables = {}
    for engine in engines:
        with open(os.path.join(folder, engine + ".json")) as table:
            tables[engine] = json.load(table)
    names = []
    for table in tables.values():
        names += [name for name in table if name not in names]
    bad = []
    print(f"{'':30}" + "".join(f"{engine:12}" for engine in engines))
    for name in sorted(names, key=lambda name: (":" in name, name)):
        cells = [tables[engine].get(name, "-") for engine in engines]
        print(f"{name:30}" + "".join(f"{cell[:11]:12}" for cell in cells))
        bad += [f"{engine}: {name}: {cell}" for engine, cell in
                zip(engines, cells) if cell not in ("ok", "refused", "-")]
        if len(set(cells) - {"-"}) > 1:
            bad.append(f"{name} differs: {cells}")
    if bad:
        sys.exit("\n".join(bad))


if __name__ == "__main__":
    wire.run(globals())
