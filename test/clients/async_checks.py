"""uwsgi's async functions, from outside; the app is test/apps/async_api.py."""
import os
import socket
import subprocess
import threading
import time

import wire
from wire import Wire, get, until


def ask(port, path):
    response = get(port, path)
    assert response.status == 200, (path, response.status, response.body)
    return response.json()


def begin(port, path, client=None):
    """Sends a request and does not wait for the answer."""
    client = client or Wire(port)
    client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


def end(client):
    """The answer to a request that was begun."""
    response = client.response()
    client.sock.close()
    assert response.status == 200, (response.status, response.body)
    return response.json()


def busy(stats, cores):
    """So many cores are busy."""
    until(f"{cores} busy cores", lambda: sum(
        core["in_request"] for worker in wire.stats(stats)["workers"]
        for core in worker["cores"]) == cores)


def waits_for(stats, path, cores):
    """So many requests for the path wait to read; what a check that has failed
    left waiting is not this one's."""
    def seen():
        return [core for worker in wire.stats(stats)["workers"]
                for core in worker["cores"]
                if (core.get("state"), core.get("path")) == ("wait-read", path)]
    until(f"{cores} times {path} waits", lambda: len(seen()) == cores)


def registers(port):
    told = ask(port, "/registers")
    assert told == [True, True, -1, True, True, True], told


def waits(port, stats):
    """Any of several; others run meanwhile; a timeout is told."""
    for path in ("/waits", "/waits-by-yield"):
        client = begin(port, path + "?a,b,c")
        waits_for(stats, path, 1)
        ask(port, "/poke?b")
        told = end(client)
        assert told[0] == "b" and told[2] is False, (path, told)
        if path == "/waits-by-yield":
            assert told[3:] == [False, True, "b"], told
        told = ask(port, path + "?t,u=0.3")
        assert told[0] is None and 0.299 <= told[1] < 5, (path, told)
        assert told[2] is True, (path, told)
        if path == "/waits-by-yield":
            assert told[3:] == [True, False, True], told
        else:
            assert told[3] is True, told
        again(port, "b")


def again(port, name):
    ask(port, "/read?" + name)


def writable(port, stats):
    client = begin(port, "/writable")
    waits_for(stats, "/writable", 1)
    ask(port, "/drain?full")
    assert end(client) == [True, False]


def one_for_all(port, stats):
    """Several requests wait for one descriptor: all hear of it. All want to be
    the first to ask for it; whether they collide is luck, so it is done often.
    """
    for n in range(40):
        clients = [Wire(port) for _ in range(6)]
        for client in clients:
            begin(port, f"/waits?all{n}", client)
        waits_for(stats, "/waits", len(clients))
        ask(port, f"/poke?all{n}")
        for client in clients:
            assert end(client)[0] == f"all{n}"


def one_shot(port):
    told = ask(port, "/one-shot")
    assert told == [True, -1, -1, True], told


def sleeps(port):
    """Float seconds, at the same time, not shorter."""
    for path in ("/sleeps", "/sleeps-by-yield"):
        begun = time.monotonic()
        clients = [begin(port, path + "?0.3") for _ in range(4)]
        for client in clients:
            slept = end(client)
            assert 0.299 <= slept < 5, (path, slept)
        assert time.monotonic() - begun < 1.1, path
        assert ask(port, path + "?0") < 1
        assert ask(port, path + "?-1") < 1
    begun = time.monotonic()
    assert ask(port, "/sleeps-in-list") == "slept"
    assert time.monotonic() - begun >= 0.199


def errors(port):
    told = ask(port, "/errors")
    for one, expected in zip(told, ("OSError: [Errno 9]", "OSError: [Errno 9]",
                                    "TypeError", "TypeError", "ValueError",
                                    "OSError: [Errno 9]", "TypeError")):
        assert one.startswith(expected), told


def outside(port):
    told = ask(port, "/outside")
    for one in told[:2]:
        assert one.startswith("RuntimeError:") and "thread" in one, told
    for one in told[2:]:
        assert one.startswith("RuntimeError:") and "request" in one, told


def child(port, stats):
    client = begin(port, "/child")
    waits_for(stats, "/child", 1)
    ask(port, "/poke?child")
    assert end(client) is True


def fair(port, most, *paths):
    """Empty piece by empty piece, and suspend by suspend, everybody has a turn:
    of three nobody has to wait for longer than most steps."""
    for path in paths:
        ask(port, "/clear")
        clients = [begin(port, f"{path}?{name}=20000") for name in "abc"]
        for client in clients:
            client.response()
            client.sock.close()
        notes = ask(port, "/clear")
        assert len(notes) == 60000, len(notes)
        # From where all have begun to where the first is through.
        start = max(notes.index(name) for name in "abc")
        stop = min(len(notes) - notes[::-1].index(name) for name in "abc")
        middle = notes[start:stop]
        assert len(middle) > 1000, (path, start, stop)
        for name in "abc":
            gaps = [n for n, note in enumerate(middle) if note == name]
            longest = max(b - a for a, b in zip(gaps, gaps[1:]))
            assert longest <= int(most), (path, name, longest)


def spinning(port):
    """Waits until a request to /spins goes round."""
    before = ask(port, "/spun")
    until("it spins", lambda: ask(port, "/spun") > before + 2)


def spins(port):
    """Who computes and yields keeps nobody out."""
    with Wire(port) as client:
        client.send(b"GET /spins HTTP/1.1\r\nHost: x\r\n\r\n")
        reader = subprocess.Popen(["cat"], stdin=client.sock,
                                  stdout=subprocess.DEVNULL)
        try:
            spinning(port)
            begun = time.monotonic()
            for _ in range(50):
                ask(port, "/notes")
            assert time.monotonic() - begun < 10
            ask(port, "/poke?spin")
        finally:
            time.sleep(0.2)
            reader.kill()
            reader.wait()


def closed(port, stats, how):
    """What is closed while a request waits for it raises, and the number can
    be used by the next client."""
    times = []
    for path in ("/closed-while-waiting", "/closed-by-yield") * 3:
        client = begin(port, path)
        waits_for(stats, path, 1)
        begun = time.monotonic()
        # The connection that closes it stays, the next ones get its number.
        with Wire(port) as closer:
            assert isinstance(closer.get("/close-it?" + how).json(), int)
            if how == "reused":
                others = [Wire(port) for _ in range(5)]
                for other in others:
                    assert other.get("/notes").status == 200
                    other.sock.close()
            assert end(client) == "EBADF"
        times.append(time.monotonic() - begun)
        assert times[-1] < 10, times
        for _ in range(20):
            ask(port, "/notes")
    if how in ("uwsgi", "reused"):
        # At once, and not when the worker looks after all, once a second;
        # a busy machine may spoil some.
        assert sum(took < 0.35 for took in times) >= 4, times


def ngx(port):
    told = ask(port, "/ngx")
    assert told[0] is True, told
    assert told[1].startswith("RuntimeError"), told
    assert told[2] is None, told
    assert told[3] == told[4] == [1, 1], told
    assert told[5].startswith("RuntimeError"), told
    assert told[6].startswith("TypeError"), told
    assert told[7].startswith("ValueError"), told
    assert told[8] == 4, told
    assert told[9] is True and told[10] is None, told


def keys(port, count):
    found = ask(port, "/keys")
    assert len(found) == int(count), found


def leaves_registered(port):
    """Nothing is left of it for the next request of the core."""
    for _ in range(10):
        response = get(port, "/leaves-registered")
        assert response.body == b"left"
        begun = time.monotonic()
        assert ask(port, "/one-shot")[1] == -1
        assert time.monotonic() - begun < 5


def timers_under_load(port):
    """Sleeps end in time while others compute and answer all the time."""
    spinner = Wire(port)
    spinner.send(b"GET /spins HTTP/1.1\r\nHost: x\r\n\r\n")
    reader = subprocess.Popen(["cat"], stdin=spinner.sock,
                              stdout=subprocess.DEVNULL)
    try:
        spinning(port)
        for _ in range(5):
            client = begin(port, "/sleeps?0.2")
            answered = 0
            begun = time.monotonic()
            while time.monotonic() - begun < 0.2:
                ask(port, "/notes")
                answered += 1
            slept = end(client)
            assert 0.199 <= slept < 0.6, slept
            assert answered > 0
        ask(port, "/poke?spin")
    finally:
        time.sleep(0.2)
        reader.kill()
        reader.wait()
        spinner.sock.close()


def one_shot_sync(port):
    """One core: it waits, and the worker with it."""
    assert 0.299 <= ask(port, "/sleeps?0.3") < 5
    assert 0.299 <= ask(port, "/sleeps-by-yield?0.3") < 5
    assert get(port, "/count?a=100").status == 200
    assert ask(port, "/suspends?a=100") == "done"


class Echo:
    """A server that answers one line in pieces and leaves."""

    def __init__(self, sock):
        self.sock = sock
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.sock.accept()
            with client:
                line = client.makefile().readline()
                for piece in ("you said ", line):
                    time.sleep(0.05)
                    client.sendall(piece.encode())


def connects(port, folder):
    """By TCP, by name and by a unix socket; refused is -1."""
    tcp = socket.create_server(("127.0.0.1", 0))
    path = os.path.join(folder, "echo.sock")
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(path)
    unix.listen()
    Echo(tcp), Echo(unix)
    number = tcp.getsockname()[1]
    for address in (f"127.0.0.1:{number}", f"localhost:{number}", path):
        told = ask(port, "/connects?" + address)
        assert told[:4] == [True, True, "you said hello\n", 3], told
        assert told[4] is False and told[5] is None, told
        assert told[6].startswith("OSError: [Errno 9]"), told
        told = ask(port, "/connects-slowly?" + address)
        assert told[0] is True and "you said " in told[1], told
    os.unlink(path)
    closed = socket.create_server(("127.0.0.1", 0))
    nobody = closed.getsockname()[1]
    closed.close()
    assert ask(port, f"/connects?127.0.0.1:{nobody}") == -1
    assert ask(port, f"/connects-slowly?127.0.0.1:{nobody}") in (
        -1, [False, None])
    assert ask(port, "/connects?" + path) == -1
    assert get(port, "/connects?127.0.0.1:x").status == 500


def sends(port):
    told = ask(port, "/sends-much")
    assert told == [True, 3000000, True, 3000000, None], told
    with Wire(port) as client:
        client.send(b"GET /raw HTTP/1.1\r\nHost: x\r\n\r\n")
        raw = client.rest()
        assert raw == (b"HTTP/1.1 299 Raw\r\nConnection: close\r\n\r\n"
                       b"one two three"), raw
    assert get(port, "/sends-framed").body == b"one two"


def disconnects(port):
    ask(port, "/clear")
    for path in ("/disconnects", "/disconnects-list"):
        with Wire(port) as client:
            client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            response = client.response()
            assert response.body in (b"all there is", b""), response.body
            client.expect_end()
    until("both have gone on", lambda: sorted(ask(port, "/notes")) ==
          ["went on False", "went on, list"])


def client_gone(port):
    ask(port, "/clear")
    client = begin(port, "/client-gone")
    until("it runs", lambda: ask(port, "/notes") == ["there"])
    client.sock.close()
    until("it is noticed", lambda: ask(port, "/notes") == ["there", "gone"],
          5)


def post(port, path, pieces, pause=0.0, head=b"Transfer-Encoding: chunked",
         asked=None):
    """Sends pieces, with pauses, or the first one when there is a file."""
    with Wire(port) as client:
        client.send(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n" +
                    head + b"\r\n\r\n")
        if asked:
            until("it has asked", lambda: os.path.exists(asked))
            os.unlink(asked)
        for piece in pieces:
            time.sleep(pause)
            client.send(piece)
        response = client.response()
        assert response.status == 200, response.body
        return response.json()


def chunks(port):
    """Exactly the chunks that were sent, however they arrive."""
    sizes = [1, 10, 5000, 70000, 3]
    pieces = [b"%x\r\n" % size + b"c" * size + b"\r\n" for size in sizes]
    pieces.append(b"0\r\n\r\n")
    halves = [half for piece in pieces
              for half in (piece[:len(piece) // 2], piece[len(piece) // 2:])]
    for path in ("/chunks", "/chunks-nb"):
        for sent, pause in ((pieces, 0), (halves, 0.03), ([b"".join(pieces)],
                                                          0.05)):
            if path == "/chunks-nb":
                asked = os.environ["TEST_FILE"] + ".asked" if pause else ""
                told = post(port, path + "?" + asked, sent, pause,
                            asked=asked)
                assert told[1] or not pause, told
                told = told[0]
            else:
                told = post(port, path, sent, pause)
            assert told == sizes + [0], (path, told)
    told = post(port, "/chunks?[0.3]", [pieces[0]])
    assert told == [1, "TimeoutError", True], told
    told = post(port, "/chunks", [b"100001\r\n" + b"x" * 0x40000] * 1 +
                [b"x" * 0x40000] * 3 + [b"x\r\n0\r\n\r\n"])
    assert told[-2:] == ["OSError", True], told
    told = post(port, "/chunks", [b"x" * 100], 0.1, b"Content-Length: 100")
    assert told == [100, 0], told


def body_by_recv(port):
    told = post(port, "/body-by-recv", [b"x" * 9000], 0.05,
                b"Content-Length: 9000")
    assert told == [9000, 4096, 9000], told


def sends_file(port):
    with open(os.environ["TEST_FILE"], "rb") as file:
        data = file.read()
    for how in ("path", "file"):
        assert get(port, f"/sends-file?0,0,{how}").body == data
        assert get(port, f"/sends-file?7,20,{how}").body == data[7:27]
    told = ask(port, "/sends-no-file")
    assert told[0].startswith("RuntimeError"), told
    assert told[1].startswith("FileNotFoundError"), told
    assert told[2].startswith("OSError"), told


def process(port, count, loop=None):
    # A request is counted when it is over.
    told = until("two requests are counted", lambda: (
        lambda told: told if told["total"] >= 2 else None)(
            ask(port, "/process")))
    workers = told["workers"]
    assert told["tuple"] and len(workers) == int(count), told
    assert told["pid"] in [worker["pid"] for worker in workers], told
    assert told["status"] in ("b'idle'", "b'busy'"), told
    assert [worker["id"] for worker in workers] == list(
        range(1, int(count) + 1)), told
    assert "'mountpoint': b''" in workers[0]["apps"], told
    for key in ("id modifier1 mountpoint startup_time interpreter callable "
                "requests exceptions chdir").split():
        assert f"'{key}': " in workers[0]["apps"], (key, told)
    assert all(worker["rss"] > 1 << 20 for worker in workers), told
    assert sum(worker["requests"] for worker in workers) >= 2, told
    assert 1 << 20 < told["rss"] < told["vsz"], told
    assert abs(told["micros"] / 1e6 - told["now"]) < 60, told
    assert 0 <= told["now"] - told["started_on"] < 600, told
    assert told["logsize"] == told["mule"] == told["queue"] == 0, told
    assert told["no socket"].startswith("ValueError"), told
    assert told["listening"] == [1], told
    assert told["loop"] == loop and told["is_a_reload"] is False, told
    assert told["has_threads"] is True and told["buffer_size"] > 4000, told
    assert told["request_id"] >= 0, told


def renames(port):
    assert ask(port, "/renames") == ["renamed worker", "renamed worker"]


def accepting(port):
    client = begin(port, "/accepting")
    time.sleep(0.3)
    begun = time.monotonic()
    ask(port, "/notes")         # waits until it is accepted
    assert time.monotonic() - begun > 0.5
    assert end(client) == [None, False, None, True]


if __name__ == "__main__":
    wire.run(globals())
