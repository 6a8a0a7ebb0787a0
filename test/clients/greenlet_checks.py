"""What becomes of requests whose greenlets somebody else switches into; the
app is test/apps/wsgi_greenlets.py."""
import errno
import time

import wire
from wire import Wire, get, until

KINDS = ("greenlet", "method", "throw", "kill", "attribute", "weakref",
         "callback", "child", "suspended", "parent", "nothing")


def ask(port, path):
    response = get(port, path)
    assert response.status == 200, (path, response.status, response.body)
    return response.json()


def begin(port, path, body=None):
    """Sends a request and does not wait for the answer."""
    client = Wire(port)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\n" if body is None else (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n")
    client.send(head.encode() + b"\r\n" + (body or b""))
    return client


def end(client):
    """The answer to a request that was begun."""
    response = client.response()
    client.sock.close()
    assert response.status == 200, (response.status, response.body)
    return response.json()


def waiting(port, name):
    until(f"{name} waits", lambda: ask(port, "/is-waiting?" + name))


def late_switches(port, rounds):
    """Requests end; their greenlets are switched into while others, on the
    same cores, sleep, wait for somebody, or run."""
    with Wire(port) as client:
        for n in range(int(rounds)):
            for kind in KINDS:
                response = client.get("/keep?" + kind)
                assert response.json() is None, (kind, response.body)
            sleeper = begin(port, f"/sleeps?s{n}=0.05")
            waiter = begin(port, f"/wait-for?w{n}")
            waiting(port, f"w{n}")
            how = "forget" if n % 3 == 2 else "keep"
            told = client.get("/call-late?" + how).json()
            assert isinstance(told, int), told
            assert ask(port, f"/is-waiting?w{n}"), "woken by the wrong one"
            client.get("/call-late?keep")
            ask(port, f"/wake?w{n}")
            assert end(waiter) == [f"w{n}", f"by w{n}"]
            name, slept, seen = end(sleeper)
            assert name == f"s{n}" and slept >= 0.049 and seen is None, \
                (name, slept, seen)


def late_switch_by_a_request(port):
    """Who switches into a greenlet that is over waits with the loop; nobody
    else is harmed."""
    ask(port, "/keep?method")
    hanging = begin(port, "/call-late-here")
    waiting(port, "late")
    for n in range(20):
        assert get(port, "/keep?nothing").json() is None
    ask(port, "/wake?late")
    assert end(hanging) == "'by late'"


def reuse(port):
    """A greenlet that nobody has kept serves the next request as well."""
    with Wire(port) as client:
        client.get("/same")
        told = [client.get("/same").json() for _ in range(100)]
    assert all(told), told


def no_leak(port):
    """Greenlets that were let go are freed once the app forgets them."""
    with Wire(port) as client:
        before = client.get("/count").json()
        for _ in range(50):
            for kind in KINDS:
                client.get("/keep?" + kind)
        client.get("/call-late?forget")
        client.get("/keep?nothing")
        after = client.get("/count").json()
        # Children that were left suspended keep nothing but themselves.
        assert after <= before + 3, (before, after)


def ends_elsewhere(port):
    """Requests that end, and park again, inside another one's frame."""
    with Wire(port) as client:
        for n in range(100):
            waiter = begin(port, f"/wait-for?e{n}")
            waiting(port, f"e{n}")
            assert client.get(f"/wake?e{n}").json() == "woken"
            assert end(waiter) == [f"e{n}", f"by e{n}"]


def disturbed(port):
    """A foreign switch does not end a sleep."""
    sleeper = begin(port, "/sleeps?d=0.4")
    waiting(port, "d")
    ask(port, "/disturb?d")
    name, slept, seen = end(sleeper)
    assert name == "d" and slept >= 0.399 and seen is None, (slept, seen)


def thrown(port):
    """A foreign throw() does, and the core is as good as before."""
    for n in range(20):
        for kind, seen in (("exit", "GreenletExit: thrown"),
                           ("system", "SystemExit: thrown"),
                           ("error", "LookupError: thrown")):
            name = f"t{n}-{kind}"
            sleeper = begin(port, f"/sleeps?{name}=30")
            waiting(port, name)
            ask(port, "/throw?" + name)
            told = end(sleeper)
            assert told[0] == name and told[1] < 25 and told[2] == seen, told
        slept = ask(port, "/sleeps?after=0.01")[1]
        assert 0.009 <= slept < 5, slept


def thrown_and_not_caught(port):
    """Then the exception is the app's: 500."""
    sleeper = begin(port, "/sleeps?raise-error=30")
    waiting(port, "raise-error")
    ask(port, "/throw?raise-error")
    assert sleeper.response().status == 500


def children(port):
    """A greenlet that a request has started is part of the request."""
    clients = [begin(port, "/child-waits", b"body%d" % n) for n in range(6)]
    for n, client in enumerate(clients):
        assert client.response().body == b"child body%d parent BODY%d" % (n, n)
        client.sock.close()


def children_left(port):
    """A request may end although a greenlet of it still waits."""
    for n in range(10):
        for kind in ("list", "generator", "away"):
            name = f"{kind}{n}"
            client = begin(port, "/child-left?" + name)
            waiting(port, name)
            ask(port, "/wake?" + name)
            response = client.response()
            client.sock.close()
            assert response.status == 200, response.body
            if kind == "generator":
                assert response.body == b"one,two"
            else:
                assert "waits already" in response.json(), response.body
            assert f"{name}: GreenletExit" in ask(port, "/notes")
    assert ask(port, "/sleeps?after=0.01")[2] is None


def children_die(port):
    """Exceptions that arrive in the loop are logged, and that is all."""
    for name in ("value", "exit", "interrupt"):
        client = begin(port, "/child-dies?" + name)
        waiting(port, name)
        ask(port, "/wake?" + name)
        assert end(client) == "by " + name


def others_input(port):
    client = begin(port, "/others-input?keep", b"mine")
    until("it is kept", lambda: ask(port, "/is-waiting?others"))
    told = ask(port, "/others-input?read")
    assert all("RuntimeError" in text for text in told), told
    assert end(client) == "mine"


def one_piece(port):
    """The server sends while a greenlet of the request waits."""
    client = Wire(port, receive_buffer=4096)
    client.send(b"GET /one-piece HTTP/1.1\r\nHost: x\r\n\r\n")
    waiting(port, "one-piece")
    ask(port, "/wake?one-piece")
    time.sleep(0.2)
    assert len(client.response().body) == 8 << 20
    client.sock.close()


def closed_descriptor(port):
    """A client gets the number of a descriptor that a core still waits for:
    its second request is seen all the same."""
    waiter = begin(port, "/closed-descriptor")
    waiting(port, "closed")
    ask(port, "/close-descriptor")
    clients = [Wire(port) for _ in range(3)]
    for _ in range(2):
        for client in clients:
            assert client.get("/notes").status == 200
    assert end(waiter) == errno.EBADF
    for client in clients:
        client.sock.close()


def parked_together(port, count):
    """So many sleep at the same time."""
    begun = time.monotonic()
    clients = [begin(port, f"/sleeps?p{n}=1") for n in range(int(count))]
    for n, client in enumerate(clients):
        assert end(client)[0] == f"p{n}"
    assert time.monotonic() - begun < 10


def together(port, paths, how=""):
    """Asks for all of them while the worker is held up; the answers."""
    clients = [Wire(port) for _ in paths]
    for client in clients:          # they are accepted and known
        client.get("/mine?first")
    with Wire(port) as blocker:
        blocker.send(f"GET /block?{how} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.1)
        for client, path in zip(clients, paths):
            client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert blocker.response().status == 200
        answers = [client.response() for client in clients]
    for client in clients:
        client.sock.close()
    return answers


def ready_together(port, count):
    """Few switches serve for many requests, each with a context of its own."""
    names = [f"r{n}" for n in range(int(count))]
    answers = together(port, ["/mine?" + name for name in names], "trace")
    assert [a.json() for a in answers] == [[name, None] for name in names]
    switches = ask(port, "/switches")
    assert switches < int(count), switches


def ready_of_every_kind(port, rounds):
    """Among those that are ready together some keep their greenlet, park, fork,
    fail, or end inside another one's frame: each is answered as if alone."""
    for n in range(int(rounds)):
        waiters = [begin(port, f"/wait-for?e{n}-{i}") for i in range(2)]
        for i in range(2):
            waiting(port, f"e{n}-{i}")
        paths = []
        for i, kind in enumerate(KINDS):
            paths += [f"/keep?{kind}", f"/mine?{i}", f"/sleeps?z{i}=0.05",
                      f"/mine?{i}", f"/raises?{i}"]
            if i % 5 == 1:
                paths += [f"/forks?f{i}", f"/wake?e{n}-{i // 5 % 2}"]
        answers = together(port, paths[:55])
        for path, answer in zip(paths, answers):
            view, _, query = path.partition("?")
            assert answer.status == (500 if view == "/raises" else 200), path
            if view in ("/mine", "/forks"):
                assert answer.json() == [query, None], (path, answer.body)
            elif view == "/keep":
                assert answer.json() is None, (path, answer.body)
            elif view == "/sleeps":
                assert answer.json()[1] >= 0.049, (path, answer.body)
                assert answer.json()[2] is None, (path, answer.body)
        for i, waiter in enumerate(waiters):
            assert end(waiter) == [f"e{n}-{i}", f"by e{n}-{i}"]
        assert isinstance(ask(port, "/call-late?forget"), int)


def late_start_response(port):
    """What is left of one request's call says nothing about the next one."""
    for n in range(1, 11):
        assert ask(port, "/leaves-start-response") is None
        assert ask(port, "/goes-on-with-it") == 1
        told = [note for note in ask(port, "/notes") if "'parting'" in note]
        assert len(told) == n, told


def waits_before(port):
    """What a finalizer waited for before the app was called is not the
    request's: each has another head, so that its environ is made anew."""
    for n in range(40):
        response = get(port, "/litters", b"X-N: %d\r\n" % n)
        assert response.json() is False, n
    assert ask(port, "/notes").count("waited") > 5


def deep_stacks(port):
    clients = [begin(port, f"/deep?{n * 5}") for n in range(1, 30)]
    for n, client in enumerate(clients, 1):
        assert end(client) == n * 5


def client_leaves(port, stats):
    """It is noticed when the request goes on; the core is free again."""
    for _ in range(3):
        begin(port, "/sleeps-and-closes").sock.close()
    until("the bodies are closed",
          lambda: ask(port, "/notes").count("closed left") == 3)
    until("the cores are free", lambda: all(
        worker["status"] == "idle" for worker in wire.stats(stats)["workers"]))


def drains(port, stop):
    """Parked requests are answered while the server stops."""
    clients = [begin(port, f"/sleeps?x{n}=0.5") for n in range(5)]
    for n in range(5):
        waiting(port, f"x{n}")
    with open(stop, "w"):
        pass
    for n, client in enumerate(clients):
        assert end(client)[0] == f"x{n}"


def call_cost(few, many):
    """A call costs the same in a server with many cores; looking at each of
    them took 30 times as long."""
    least, most = ask(few, "/call-cost"), ask(many, "/call-cost")
    assert most < 8 * least, f"{least * 1e6:.0f} and {most * 1e6:.0f} us"


if __name__ == "__main__":
    wire.run(globals())
