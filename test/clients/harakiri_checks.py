"""Requests that take too long; the app is test/apps/harakiri_cases.py.

The server's limit is LIMIT, and two seconds to clean up; none below /free, less
below /soon.
"""
import concurrent.futures
import os
import select
import time

from wire import Ended, Wire, get, until

NOTES = os.environ["NOTES"]
LATE = b"Gateway Timeout"
LIMIT = 0.5
# A machine that is busy is slower than this, the server then as well.
LONG = 30


def notes(path):
    """What the request of that path (with its query) has noted."""
    try:
        with open(NOTES) as lines:
            found = [line.rstrip("\n").split(" ", 1) for line in lines]
    except FileNotFoundError:
        return []
    return [words for name, words in found if name == path]


def together(check, items):
    """check(item) of all items at once; the first failure is raised."""
    with concurrent.futures.ThreadPoolExecutor(len(items)) as pool:
        for done in [pool.submit(check, item) for item in items]:
            done.result()


def record(log, path):
    """The log's record about a request: its lines."""
    lines = until(f"{path}: the record", lambda: [
        n for n, line in enumerate(log_lines(log))
        if f"harakiri: GET {path} of " in line])
    all_lines = log_lines(log)
    end = lines[0] + 1
    while end < len(all_lines) and all_lines[end].startswith(("its", "  ")):
        end += 1
    return all_lines[lines[0]:end]


def log_lines(log):
    with open(log) as lines:
        return lines.read().splitlines()


def late(port, path, log, times):
    """One request: 504 on a connection that is kept, and all is cleaned up."""
    start = time.monotonic()
    name = path.strip("/").split("?")[0]
    own_id = f"late-{name}-{len(path)}"
    with Wire(port) as client:
        response = client.get(path, b"X-Request-ID: %s\r\n" % own_id.encode())
        took = time.monotonic() - start
        assert response.status == 504, (path, response.status, response.body)
        assert LATE in response.body, (path, response.body)
        assert own_id.encode() in response.body, (path, response.body)
        assert LIMIT - 0.1 < took < LONG, (path, took)
        if not response.closes:
            response = client.get("/free/ping")
            assert response.body == b"pong", (path, response.body)
    told = notes(path)
    assert told.count("closed") == 1, (path, told)
    assert "not to be seen" not in str(told), (path, told)
    name = path.strip("/").split("?")[0]
    if "called" not in path:
        assert len([n for n in told if n.startswith("harakiri")]) == times, (
            path, told)
    if name in ("await_", "run"):
        assert "coroutine cancelled" in told, told
    lines = record(log, path)
    assert "has had core " in lines[0] and own_id in lines[0], lines
    if name == "by_yield":
        assert "between two calls" in lines[-1], lines
    else:
        assert any(line.endswith(f", in {name}") for line in lines), lines


def ends(port, log, *paths):
    """Each of these ends at its time, alone."""
    together(lambda path: late(port, "/" + path, log, 1), paths)
    assert get(port, "/free/ping").body == b"pong"


def one_by_one(port, log, *paths):
    """The same with one core: who waits for it has no deadline meanwhile."""
    for path in paths:
        late(port, "/" + path, log, 1)
    start = time.monotonic()
    with Wire(port) as first, Wire(port) as second:
        first.send(b"GET /sleep?called HTTP/1.1\r\nHost: x\r\n\r\n")
        until("it has begun", lambda: "begun" in notes("/sleep?called"))
        second.send(b"GET /answers HTTP/1.1\r\nHost: x\r\n\r\n")
        assert first.response().status == 504
        response = second.response()
    assert response.status == 503, response.status
    assert time.monotonic() - start >= 2 * LIMIT, "its deadline began in the queue"


def cut(port, log):
    """With the head out the client sees that the response is not whole."""
    def chunked(path):
        with Wire(port) as client:
            try:
                client.get(path)
            except Ended as ended:
                assert ended.data == b"", ended.data
            else:
                raise AssertionError(f"{path} looks whole")

    def old(path):
        """HTTP/1.0, where the connection's end would be the body's."""
        with Wire(port) as client:
            client.send(b"GET %s HTTP/1.0\r\n\r\n" % path.encode())
            try:
                data = b""
                while True:
                    piece = client.sock.recv(65536)
                    if not piece:
                        break
                    data += piece
            except ConnectionResetError:
                return
        raise AssertionError(f"{path} looks whole: {data}")

    def length(path):
        with Wire(port) as client:
            try:
                client.get(path)
            except Ended as ended:
                assert ended.data == b"one\ntwo\n", ended.data
            else:
                raise AssertionError(f"{path} looks whole")

    jobs = {"/sleep?chunked": chunked, "/wait?length": length,
            "/sleep?old": old}
    together(lambda path: jobs[path](path), list(jobs))
    for path in jobs:
        assert "closed" in until(path, lambda: notes(path)[2:]), notes(path)


def by_client(port):
    """Reading the body, and sending to who reads nothing."""
    with Wire(port) as client:
        client.send(b"POST /by_body HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 1000000\r\n\r\nsome of it")
        response = client.response()
        assert response.status == 504, response.status
        assert response.closes
        try:
            client.take(1)
        except Ended:
            pass
    assert notes("/by_body") == ["begun", "harakiri", "closed"]
    with Wire(port, receive_buffer=4096) as client:
        client.send(b"GET /by_write HTTP/1.1\r\nHost: x\r\n\r\n")
        until("write() raises", lambda: "closed" in notes("/by_write"))
        assert notes("/by_write") == ["begun", "harakiri", "closed"]
        try:
            client.response()
        except Ended:
            return
        raise AssertionError("it looks whole")


def by_close(port, log):
    """A response that is whole stays so; the server's own record is enough."""
    with Wire(port) as client:
        response = client.get("/by_close")
        assert (response.status, response.body) == (200, b"all"), response
        record(log, "/by_close")
        response = client.get("/free/ping")
        assert response.body == b"pong", response.body


def drips(port):
    """Uploads whose bytes come one by one, to threads that want the lock."""
    def drip(n):
        time.sleep(n * 0.3)
        with Wire(port) as client:
            client.send(b"POST /busy_body HTTP/1.1\r\nHost: x\r\n"
                        b"Content-Length: 1000000\r\n\r\n")
            start = time.monotonic()
            while not select.select([client.sock], [], [], 0.1)[0]:
                assert time.monotonic() - start < LONG, "it goes on"
                client.send(b"x")
            assert client.response().status == 504
    together(drip, list(range(8)))


def answers(port):
    """An app may catch it and answer by itself."""
    response = get(port, "/answers")
    assert response.status == 503 and b"the request has run for " in response.body, (
        response.status, response.body)
    assert get(port, "/wraps").status == 504


def user(port):
    """uwsgi.set_user_harakiri and the decorator."""
    def said(path, *words):
        response = get(port, path)
        assert response.status == 200, (path, response.status)
        heard = response.body.decode().split(", ")
        assert len(heard) == len(words), (path, heard)
        for word, expected in zip(heard, words):
            if not expected.startswith("harakiri "):
                assert word == expected, (path, heard)
                continue
            took = float(word.split()[1])
            assert float(expected.split()[1]) - 0.1 <= took < LONG, (
                path, heard)

    cases = [
        # Ends the wait, and the request may go on.
        ("/free/user?set=0.3&sleep=60&set=0&sleep=0.6", "harakiri 0.3",
         "slept"),
        # Cleared in time.
        ("/free/user?set=0.3&set=0&sleep=0.5", "slept"),
        # Counted from when it is set, again.
        ("/free/user?set=0.6&sleep=0.3&set=0.6&sleep=0.4&sleep=60", "slept",
         "slept", "harakiri 0.2"),
        # Told once more after the grace, if it is not cleared.
        ("/free/user?set=0.3&sleep=60&sleep=60", "harakiri 0.3",
         "harakiri 2.0"),
        # No longer than the server's own.
        ("/user?set=60&sleep=60", "harakiri 0.5"),
        ("/user?set=0&sleep=60", "harakiri 0.5"),
        ("/free/decorated", "slept", "harakiri"),
    ]
    together(lambda case: said(*case), cases)
    assert get(port, "/free/undecorated").status == 504


def neighbours(port, count):
    """Others in the midst of their responses lose not a byte."""
    def stream(n):
        with Wire(port) as client:
            body = client.get(f"/free/many?n{n}").body
            expected = b"".join(b"n%d %d\n" % (n, i) for i in range(20))
            assert body == expected, (n, body)
            assert client.get("/free/ping").body == b"pong"

    def end(path):
        assert get(port, path).status == 504, path

    together(lambda item: end(item) if isinstance(item, str) else stream(item),
             list(range(int(count))) + ["/wait"])


def neighbour(port):
    """One that takes longer than whatever happens beside it."""
    assert get(port, "/free/user?sleep=2.5").body == b"slept"


def again(port, rounds, *paths):
    """Cores that ended so serve the next requests, which nothing reaches."""
    def one(n):
        path = paths[n % len(paths)]
        with Wire(port) as client:
            assert client.get(f"/soon/{path}").status == 504, path
            for i in range(10):
                text = f"{n}-{i}"
                response = client.get(f"/quick?{text}")
                assert response.status == 200, (path, response.status)
                assert response.body.decode() == text, (path, response.body)

    for _round in range(int(rounds)):
        together(one, range(8))


if __name__ == "__main__":
    import wire
    wire.run(globals())
