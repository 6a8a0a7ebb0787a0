"""Checks of cores and the queue before them; app: test/apps/http_probe.py."""
import os
import threading
import time

from wire import Ended, Wire, ask, get, run, stats, until

TICK = os.sysconf("SC_CLK_TCK")


def worker(address):
    return stats(address)["workers"][0]


def busy(address):
    return sum(1 for core in worker(address)["cores"] if core["in_request"])


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="latin-1") as opened:
        fields = opened.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def occupy(port, address, cores):
    """Parks so many cores at the gate."""
    wires = [ask(port, f"/gate?{n}") for n in range(int(cores))]
    until("all cores are busy", lambda: busy(address) == int(cores))
    return wires


def open_gate(gate):
    with open(gate, "w", encoding="ascii"):
        pass


def answers(wires):
    """What each connection is answered."""
    bodies = []
    for wire in wires:
        bodies.append(wire.response().body)
        wire.sock.close()
    return bodies


def in_order(port, address, gate, cores):
    """What waits for a core gets one in the order it came."""
    parked = occupy(port, address, cores)
    waiting = []
    for number in range(20):
        waiting.append(ask(port, f"/number?{number}"))
        time.sleep(0.02)
    open_gate(gate)
    assert answers(parked) == [b"%d" % n for n in range(int(cores))]
    assert answers(waiting) == [b"%d" % n for n in range(20)]
    order = get(port, "/order").json()
    assert order == [str(n) for n in range(20)], order


def all_parked(port, address, gate, cores, connections):
    """No core free and many wait: no CPU is used, and nobody is forgotten."""
    parked = occupy(port, address, cores)
    waiting = [ask(port, f"/number?{n}") for n in range(int(connections))]
    state = until("it accepts no more",
                  lambda: (lambda w: not w["accepting"] and w)(
                      worker(address)))
    before = cpu_seconds(state["pid"])
    time.sleep(3)
    used = (cpu_seconds(state["pid"]) - before) / 3
    assert used < 0.02, f"{used:.1%} of a processor used while waiting"
    assert worker(address)["accepting"] == 0
    open_gate(gate)
    answers(parked)
    assert answers(waiting) == [b"%d" % n for n in range(int(connections))]
    until("it accepts again", lambda: worker(address)["accepting"])


def queue_timeout(port, address, gate, cores):
    """Who has waited too long is told, and costs nothing later."""
    parked = occupy(port, address, cores)
    late = [ask(port, f"/number?{n}") for n in range(2)]
    begin = time.monotonic()
    for wire in late:
        response = wire.response()
        assert response.status == 503, response.status
    assert time.monotonic() - begin > 0.3
    open_gate(gate)
    answers(parked)
    seen = get(port, "/seen").json()
    assert "GET /number" not in seen, seen


def waiter_leaves(port, address, gate, cores):
    """Who leaves while waiting takes nobody's place."""
    parked = occupy(port, address, cores)
    waiting = [ask(port, f"/number?{n}") for n in range(int(cores))]
    time.sleep(0.2)
    waiting.pop(0).sock.close()
    time.sleep(0.2)
    open_gate(gate)
    answers(parked)
    assert answers(waiting) == [b"%d" % n for n in range(1, int(cores))]
    until("all cores are free", lambda: busy(address) == 0)


def together(port, count, seconds):
    """So many sleep at the same time, and all are answered."""
    count, seconds = int(count), float(seconds)
    begin = time.monotonic()
    wires = [ask(port, f"/sleep?s={seconds}") for _ in range(count)]
    assert answers(wires) == [b"slept"] * count
    took = time.monotonic() - begin
    assert took < seconds * count / 3, f"{count} took {took:.1f} s"


def one_at_a_time(port, count, seconds):
    """A worker without cores does one after the other."""
    count, seconds = int(count), float(seconds)
    begin = time.monotonic()
    wires = [ask(port, f"/sleep?s={seconds}") for _ in range(count)]
    assert answers(wires) == [b"slept"] * count
    took = time.monotonic() - begin
    assert took > seconds * count * 0.95, f"{count} took {took:.2f} s"


def workers_share(port, count, seconds):
    """Several workers: as many at a time, of different processes."""
    pids = set()
    deadline = time.monotonic() + 60
    while len(pids) < int(count) and time.monotonic() < deadline:
        holding = [ask(port, f"/sleep?s={seconds}")
                   for _ in range(int(count) - 1)]
        pids.add(get(port, "/worker").body.split()[0])
        answers(holding)
    assert len(pids) == int(count), pids


def many_clients(port, threads, requests):
    """Threads with connections of their own; no answer is another's."""
    wrong = []

    def client(name):
        try:
            with Wire(port) as wire:
                for number in range(int(requests)):
                    path = f"/number?{name}-{number}"
                    body = wire.get(path).body.decode()
                    if body != f"{name}-{number}":
                        wrong.append((name, number, body))
        except (AssertionError, Ended, OSError) as error:
            wrong.append((name, repr(error)))

    clients = [threading.Thread(target=client, args=(n,))
               for n in range(int(threads))]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert not wrong, wrong[:5]


run(globals())
