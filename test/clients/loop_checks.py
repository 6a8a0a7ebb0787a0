"""The loops, from outside; the app is test/apps/loop_cases.py."""
import json
import os
import signal
import threading

import wire
from wire import Wire, get, until


def ask(port, path):
    response = get(port, path)
    assert response.status == 200, (path, response.status, response.body)
    return response.json()


def begin(port, path):
    """Sends a request and does not wait for the answer."""
    client = Wire(port)
    client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


def end(client):
    response = client.response()
    client.sock.close()
    assert response.status == 200, (response.status, response.body)
    return response.json()


def at_once(port, paths):
    """All of them at the same time; the answers in that order."""
    clients = [begin(port, path) for path in paths]
    return [end(client) for client in clients]


def variables(port):
    """Nobody sees another request's, whichever core and greenlet it has."""
    failed = []

    def visit(first):
        try:
            with Wire(port) as client:
                for n in range(first, first + 40):
                    response = client.get(f"/variables?{n}")
                    assert response.status == 200, response.body
                    told = json.loads(response.body.strip())
                    assert told == [], told
        except Exception as error:
            failed.append(error)
    threads = [threading.Thread(target=visit, args=(1000 * n,))
               for n in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]
    told = ask(port, "/seen")
    assert told == [], told


def nested(port):
    for _ in range(10):
        second = begin(port, "/second")
        until("the second waits", lambda: ask(port, "/waiting?second"))
        first = begin(port, "/first")
        until("the first waits", lambda: ask(port, "/waiting?first"))
        told = ask(port, "/nested")
        assert end(first) == "first" and end(second) == "second"
        assert [each[0] for each in told] == [
            "the step", "the step later", "the request", "first", "second",
            "second's own loop", "first again", "first awaited"], told
        assert all(all(each[1:]) for each in told), told
        ask(port, "/forget")


def fails(port, path):
    response = get(port, path)
    assert response.status == 500, (path, response.status, response.body)


def thrown(port):
    """An exception ends the request and nothing else."""
    ask(port, "/forget")
    for _ in range(5):
        fails(port, "/thrown-by-task")
        fails(port, "/raises-in-step")
        fails(port, "/exits-in-step")
    told = until("the tasks go on", lambda: (
        lambda told: told if len(told) == 10 else None)(ask(port, "/seen")))
    assert sorted(set(told)) == ["the step goes on",
                                 "the task goes on: ()"], told
    ask(port, "/forget")


def never(port, stats, count):
    """Cores that nobody resumes: others serve on, their clients may leave."""
    busy = int(count)
    clients = [begin(port, "/never") for _ in range(busy)]

    def parked():
        cores = [core for worker in wire.stats(stats)["workers"]
                 for core in worker["cores"] if core["in_request"]]
        return len(cores) == busy
    until("they are parked", parked)
    for n in range(50):
        assert ask(port, "/timer?1")[1] >= 0
    for client in clients:
        client.sock.close()
    for n in range(50):
        assert ask(port, "/timer?1")[1] >= 0
    assert parked()


def timers(port, count):
    """Thousands at once: none is early, none is lost."""
    paths = [f"/timer?{(n * 7919) % 1500}" for n in range(int(count))]
    told = at_once(port, paths)
    assert len(told) == int(count)
    early = [each for each in told if each[1] < 0]
    assert not early, early[:10]
    assert {how for how, _ in told} >= {0, 1}


def loop_timers(port, count):
    fired, earliest = ask(port, f"/timers?{count}")
    assert fired == int(count), fired
    # asyncio takes what is due within its clock's resolution.
    assert earliest > -0.001, earliest


def echoes(port):
    told = at_once(port, ["/echo"] * 40)
    assert told == ["echoed"] * 40, told


def processes(port):
    told = ask(port, "/processes")
    assert len(told) >= 2 and all(told), told


def executors(port):
    told = ask(port, "/executors")
    assert told == [[True, True], [True, False]], told


def workers(port, stats, count):
    """No wake-up and no signal comes to another worker."""
    pids = {worker["id"]: worker["pid"]
            for worker in wire.stats(stats)["workers"]}
    assert len(pids) == int(count), pids
    for _ in range(5):
        told = at_once(port, ["/wake"] * 60)
        assert told == [[True, True]] * 60, told
    sent = {pid: n for n, pid in enumerate(pids.values())}
    for pid, times in sent.items():
        for n in range(times):
            os.kill(pid, signal.SIGUSR2)
            until("the signal", lambda: seen(port, pid) == [pid] * (n + 1))
    for pid, times in sent.items():
        assert seen(port, pid) == [pid] * times
    return " ".join(map(str, pids.values()))


def seen(port, pid):
    """The signals that this worker has seen."""
    def ask_it():
        told, found = ask(port, "/signals")
        return (found,) if told == pid else None
    return until(f"worker {pid} answers", ask_it)[0]


if __name__ == "__main__":
    wire.run(globals())
