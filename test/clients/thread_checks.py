"""Checks of threads as cores; app: test/apps/thread_cases.py."""
import os
import signal
import threading
import time

from wire import HOST, Ended, Wire, ask, get, run, stats, text, until


def answers(wires):
    bodies = []
    for wire in wires:
        bodies.append(wire.response().body)
        wire.sock.close()
    return bodies


def busy(address):
    return stats(address)["workers"][0]["busy_cores"]


def blocks(port, address, cores):
    """Who blocks holds up nobody, as long as a core is free."""
    begun = time.monotonic()
    blocked = [ask(port, "/block?s=4") for _ in range(int(cores) - 1)]
    until("they are busy", lambda: busy(address) == int(cores) - 1)
    for _ in range(20):
        assert text(port, "/hello") == "hello"
    assert time.monotonic() - begun < 4
    assert answers(blocked) == [b"blocked"] * (int(cores) - 1)
    assert time.monotonic() - begun < 4 * (int(cores) - 1)


def computes(port):
    """Who computes shares the interpreter."""
    computing = [ask(port, "/compute?s=2") for _ in range(2)]
    begun = time.monotonic()
    for _ in range(5):
        assert text(port, "/hello") == "hello"
    took = time.monotonic() - begun
    assert answers(computing) == [b"computed"] * 2
    assert took < 2, took


def loop_goes_on(port, address, cores):
    """All cores are blocked: the loop accepts, refuses and times out."""
    blocked = [ask(port, "/block?s=5") for _ in range(int(cores))]
    until("they are busy", lambda: busy(address) == int(cores))
    begun = time.monotonic()
    with Wire(port) as half, Wire(port) as bad:
        half.send(b"GET / HT")
        bad.send(b"BAD\r\n\r\n")
        assert bad.response().status == 400
        late = ask(port, "/hello")
        assert late.response().status == 503
        assert half.response().status == 408
    assert time.monotonic() - begun < 5
    assert answers(blocked) == [b"blocked"] * int(cores)
    assert text(port, "/hello") == "hello"


def keeps(port, cores):
    """A core's thread is the same for all its requests."""
    counts = {}
    wires = [ask(port, "/block?s=0.5") for _ in range(int(cores))]
    answers(wires)
    for _ in range(60):
        wires = [ask(port, "/thread") for _ in range(int(cores))]
        for body in answers(wires):
            core, count, comm, name, main, multi, has = body.split()
            counts[core] = counts.get(core, 0) + 1
            assert int(count) >= 1
            assert comm == b"wm-core-" + core and name == core, body
            assert (main, multi, has) == (b"False", b"True", b"True")
    assert sum(counts.values()) == 60 * int(cores)
    for _ in range(200):
        core, count = text(port, "/thread").encode().split()[:2]
        counts[core] = counts.get(core, 0) + 1
        assert int(count) == counts[core], (core, count, counts)


def handles_signals(port):
    """At once, on the main thread, idle or with blocked cores."""
    pid = int(text(port, "/pid"))
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        before = text(port, "/signals").count("True")
        os.kill(pid, number)
        until("the handler ran", lambda: text(
            port, "/signals").count("True") == before + 1)
    blocked = ask(port, "/block?s=2")
    time.sleep(0.2)
    begun = time.monotonic()
    os.kill(pid, signal.SIGUSR1)
    until("the handler ran", lambda: text(port, "/signals").count("True") == 3)
    assert time.monotonic() - begun < 1.5
    answers([blocked])
    assert text(port, "/signals") == "[True, True, True]"


def forks_in_handler(port):
    """The child does not go on as a server, the parent does."""
    pid = int(text(port, "/pid"))
    for _ in range(5):
        os.kill(pid, signal.SIGWINCH)
        until("the child has left", lambda: zombies(pid) == 1)
        for _ in range(20):
            assert text(port, "/pid") == str(pid)
        assert text(port, "/reap") == "1"
    assert text(port, "/signals") == "[]"


def zombies(parent):
    """How many children have ended; none may live."""
    with open(f"/proc/{parent}/task/{parent}/children",
              encoding="ascii") as opened:
        children = opened.read().split()
    states = []
    for child in children:
        with open(f"/proc/{child}/stat", encoding="latin-1") as opened:
            states.append(opened.read().rpartition(")")[2].split()[0])
    return states.count("Z")


def runs(port):
    """What a thread of its own allows."""
    assert text(port, "/subprocesses") == "-15 set()"
    assert text(port, "/runs-asyncio") == "42"
    assert text(port, "/guests") == "closed"
    assert text(port, "/brief-guests") == "gone"
    assert get(port, "/exits").status == 500


def stack(port, size):
    assert text(port, "/stack") == size


def starts_daemons(port):
    assert text(port, "/daemon") == "started"


def finishes(port, pid):
    """A stop lets blocked requests end."""
    blocked = [ask(port, "/block?s=2") for _ in range(3)]
    assert text(port, "/hello") == "hello"
    os.kill(int(pid), signal.SIGTERM)
    assert answers(blocked) == [b"blocked"] * 3


def stuck(port, address):
    """A request that never ends."""
    ask(port, "/block?s=600")
    until("it is busy", lambda: busy(address) == 1)


def reloads(port, pid):
    """No request is lost over three reloads."""
    wrong, done = [], threading.Event()

    def client(number):
        while not done.is_set():
            n = number
            try:
                with Wire(port) as wire:
                    for n in range(number, number + 20):
                        response = wire.get(f"/mixed?{n}")
                        if response.body != b"%d 0" % n:
                            wrong.append((n, response.status))
                        if response.header("connection") == "close":
                            break
            except (Ended, OSError) as error:
                wrong.append((n, error))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        pids = {text(port, "/pid")}
        os.kill(int(pid), signal.SIGHUP)
        until("there is a new worker", lambda: text(port, "/pid") not in pids)
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:5]


def stress(port, address, clients, requests):
    """Everything at once, with clients that leave; nobody is forgotten."""
    wrong = []

    def one(wire, number):
        if number % 50 == 7:        # leaves in the middle of an answer
            wire.send(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
            wire.sock.recv(1000)
            return False
        if number % 50 == 8:        # and in the middle of a body
            wire.send(b"POST /mixed?0 HTTP/1.1\r\n" + HOST +
                      b"Content-Length: 100\r\n\r\nabc")
            return False
        if number % 50 == 9:        # reads slowly
            wire.send(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
            time.sleep(0.05)
            return len(wire.response().body) == 3000000
        body = b"x" * (number % 3 * 20000)
        wire.send(b"POST /mixed?%d HTTP/1.1\r\n" % number + HOST +
                  b"Content-Length: %d\r\n\r\n" % len(body))
        wire.send(body)
        told = wire.response().body
        if told != b"%d %d" % (number, len(body)):
            wrong.append((number, told))
        return True

    def client(first):
        number, end = first, first + int(requests)
        while number < end:
            with Wire(port) as wire:
                goes_on = True
                while goes_on and number < end:
                    try:
                        goes_on = one(wire, number)
                    except (Ended, OSError) as error:
                        wrong.append((number, error))
                        goes_on = False
                    number += 1

    threads = [threading.Thread(target=client, args=(1000 * n,))
               for n in range(int(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:5]
    until("all cores are free", lambda: busy(address) == 0)


if __name__ == "__main__":
    run(globals())
