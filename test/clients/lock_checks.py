"""Checks of locks; app: test/apps/lock_cases.py."""
import os
import signal
import threading
import time

from wire import HOST, Ended, Wire, get, run, stats, until


def text(port, path):
    response = get(port, path)
    assert response.status == 200, (path, response.status, response.body)
    return response.body.decode()


def ask(port, path):
    """Sends a request; the connection."""
    wire = Wire(port)
    wire.send(b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    return wire


def answer(wire):
    response = wire.response()
    wire.sock.close()
    assert response.status == 200, response.status
    return response.body.decode()


def cores(address, state):
    """How many cores are in a state."""
    return sum(core.get("state") == state
               for worker in stats(address)["workers"]
               for core in worker["cores"])


def excludes(port, clients="6", n="10"):
    """No increment is lost between processes, cores, threads, children."""
    before = int(text(port, "/value"))
    wires = [ask(port, "/increments?n=" + n) for _ in range(int(clients))]
    wires += [ask(port, "/threads?n=" + n), ask(port, "/children?n=" + n)]
    for wire in wires:
        assert answer(wire) == "done"
    want = before + (int(clients) + 3 + 2) * int(n)
    assert int(text(port, "/value")) == want
    assert text(port, "/state?n=0") == "False"


def parks(port, address):
    """Who waits holds up no other request of its worker."""
    holder = ask(port, "/hold?n=2")
    until("it is locked", lambda: text(port, "/state?n=2") == "True")
    waiter = ask(port, "/take?n=2")
    until("one waits", lambda: cores(address, "lock") == 1)
    for _ in range(20):
        assert text(port, "/state?n=2") == "True"
    text(port, "/release")
    assert answer(holder) == "held"
    assert answer(waiter) == "None"
    assert text(port, "/state?n=2") == "False"


def in_turn(port, address):
    """First come, first served."""
    holder = ask(port, "/hold?n=1")
    until("it is locked", lambda: text(port, "/state") == "True")
    wires = []
    for name in "abc":
        wires.append(ask(port, "/line?name=" + name))
        until("it waits", lambda: cores(address, "lock") == len(wires))
    text(port, "/release")
    for wire in wires + [holder]:
        assert answer(wire) in ("done", "held")
    assert text(port, "/told") == "abc"


def times_out(port):
    """A timeout, also one of 0; an own lock; wrong numbers."""
    holder = ask(port, "/hold?n=1")
    until("it is locked", lambda: text(port, "/state") == "True")
    begun = time.monotonic()
    assert text(port, "/take?timeout=0") == "False"
    assert text(port, "/take?timeout=0.2") == "False"
    assert time.monotonic() - begun >= 0.2
    assert text(port, "/unlock") == "None"      # another's: nothing
    assert text(port, "/state") == "True"
    text(port, "/release")
    assert answer(holder) == "held"
    assert text(port, "/take?timeout=5") == "True"
    assert "would wait for himself" in text(port, "/twice")
    assert text(port, "/state?n=0") == "False"
    assert text(port, "/wrong") == ("ValueError ValueError ValueError "
                                    "TypeError ValueError")
    assert text(port, "/imported") == "True"


def over(port):
    """A request that ends gives back what it has; who left waits no more."""
    assert text(port, "/forget") == "kept"
    # It is over a moment after its last byte has come.
    until("it is unlocked", lambda: text(port, "/state") == "False")
    assert text(port, "/take") == "None"
    holder = ask(port, "/hold?n=1")
    until("it is locked", lambda: text(port, "/state") == "True")
    gone = [ask(port, "/take") for _ in range(2)]
    time.sleep(0.1)
    for wire in gone:
        wire.sock.close()
    text(port, "/release")
    assert answer(holder) == "held"
    assert text(port, "/take?timeout=20") == "True"


def dies(port):
    """A dead owner's lock is free, for one who waits in another process."""
    victim = ask(port, "/die?n=1")
    until("it is locked", lambda: text(port, "/state") == "True")
    waiters = [ask(port, "/take") for _ in range(2)]
    text(port, "/release")
    try:
        victim.response()
        assert False, "it lives"
    except (Ended, OSError):
        pass
    told = []
    for wire in waiters:
        try:
            told.append(answer(wire))
        except (Ended, OSError):        # it was of the victim's worker
            told.append("died, too")
    assert set(told) <= {"None", "died, too"}, told
    assert text(port, "/take?timeout=20") == "True"
    assert text(port, "/child_dies") == "TrueNone"


def in_background(port, kind):
    """A mule, or spooler, excludes requests and waits for them; it gives back
    what it has when its work is over, and when it is killed."""
    def works(what):
        assert text(port, f"/{kind}?what={what}") == "True"

    def finished(n):
        return lambda: int(text(port, "/done")) == n
    done, value = int(text(port, "/done")), int(text(port, "/value"))
    works("count+0")
    wires = [ask(port, "/increments") for _ in range(3)]
    for wire in wires:
        assert answer(wire) == "done"
    until("it has counted", finished(done + 1))
    assert int(text(port, "/value")) == value + 40
    # It waits for a request's, and a request for its.
    holder = ask(port, "/hold?n=2")
    until("it is locked", lambda: text(port, "/state?n=2") == "True")
    works("take+2")
    time.sleep(0.1)
    assert finished(done + 1)(), "it has the lock of a request"
    text(port, "/release")
    assert answer(holder) == "held"
    until("it had the lock", finished(done + 2))
    works("hold+2")
    until("it is locked", lambda: text(port, "/state?n=2") == "True")
    assert text(port, "/take?n=2&timeout=0.1") == "False"
    text(port, "/release")
    until("it is over", finished(done + 3))
    assert text(port, "/take?n=2&timeout=20") == "True"
    # It ends with the lock, by an exception and by SIGKILL.
    works("forget+2")
    until("it has raised", lambda: text(
        port, "/take?n=2&timeout=20") == "True")
    works("die+3")
    until("it is locked", lambda: text(port, "/state?n=3") == "True")
    waiter = ask(port, "/take?n=3")
    text(port, "/release")
    assert answer(waiter) == "None"


def killed(port, seconds):
    """kill -9 wherever it hits: it is never lost, nor given to two."""
    begun, over = time.monotonic(), threading.Event()
    failed, done = [], []

    def client():
        while not over.is_set():
            try:
                if text(port, "/increments?n=3") == "done":
                    done.append(3)
            except (Ended, OSError):
                pass
            except AssertionError as error:
                failed.append(error)

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    kills = 0
    # A busy machine has longer for what must have been killed at least.
    while ((took := time.monotonic() - begun) < float(seconds)
           or kills < 3 and took < 60):
        time.sleep(0.15)
        try:
            os.kill(int(text(port, "/worker")), signal.SIGKILL)
            kills += 1
        except (Ended, OSError, AssertionError):
            pass
    until("an answer", lambda: sum(done) > 0)
    over.set()
    for thread in clients:
        thread.join()
    assert not failed, failed[:3]
    assert kills >= 3, kills
    assert text(port, "/take?n=0&timeout=20") == "True"
    # What is counted twice would be less; a killed request counts for itself.
    assert int(text(port, "/value")) >= sum(done)
    print(kills, "kills,", sum(done), "increments")


def decorated(port):
    """@lock: no call of another process comes between."""
    wires = [ask(port, "/decorations?n=10") for _ in range(4)]
    assert max(int(answer(wire)) for wire in wires) == 40


def shown(port, address):
    """In the statistics it has its owner."""
    holder = ask(port, "/hold?n=2")
    until("it is locked", lambda: text(port, "/state?n=2") == "True")
    told = stats(address)
    locks = {name: pid for lock in told["locks"]
             for name, pid in lock.items()}
    assert list(locks) == ["user 0", "user 1", "user 2", "user 3"], locks
    pids = [worker["pid"] for worker in told["workers"]]
    assert locks["user 2"] in pids, (locks, pids)
    assert locks["user 1"] == 0
    text(port, "/release")
    assert answer(holder) == "held"
    until("it is free", lambda: {"user 2": 0} in stats(address)["locks"])


if __name__ == "__main__":
    run(globals())
