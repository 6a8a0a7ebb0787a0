"""Attacks, each bounded in count and time; app: test/apps/http_probe.py.

Every check leaves the server as it found it: no connection, no busy core, no
descriptor, no process more or less. settled() waits for that.
"""
import os
import resource
import socket
import struct
import sys
import threading
import time
from contextlib import contextmanager

from wire import HOST, PATIENCE, Wire, chunked, get, run, stats, until

GET = b"GET /hello HTTP/1.1\r\n" + HOST + b"\r\n"
HALF_HEAD = b"GET /hello HTTP/1.1\r\n" + HOST + b"X-Half: a"
BIG = b"GET /big?size=67108864 HTTP/1.1\r\n" + HOST + b"\r\n"


def worker(address):
    """The statistics of the only worker."""
    return stats(address)["workers"][0]


def descriptors(pid):
    """What a process has open, without what it opens to look."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory(pid):
    """Bytes of a process that are its own (its share of what is shared)."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        for line in rollup:
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    raise AssertionError("no Pss")


def cpu(pid):
    """Seconds that a process has run for."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def settled(port, address):
    """Afterwards the worker is as it was, and answers."""
    assert get(port, "/hello").status == 200
    until("nobody is connected", lambda: worker(address)["connections"] == 0)
    before = worker(address)
    files = descriptors(before["pid"])
    yield before["pid"]
    until("nobody is connected", lambda: worker(address)["connections"] == 0)
    until("no core is busy", lambda: worker(address)["busy_cores"] == 0)
    after = worker(address)
    assert after["pid"] == before["pid"], "the worker was replaced"
    assert not any(core["in_request"] for core in after["cores"])
    assert get(port, "/hello").body == b"Hello World"
    until(f"{files} files are open as before",
          lambda: descriptors(before["pid"]) <= files)


def reset(wire):
    """Closes with a RST."""
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
    wire.sock.close()


def many(count):
    """How many connections there may be, of count; one descriptor each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 200:
        print(f"# {hard} files are allowed: {hard - 200} connections instead "
              f"of {count}", file=sys.stderr)
        count = hard - 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 200), hard))
    return count


@contextmanager
def crowd(port, count, data, answer=False):
    """So many connections that have sent data, and read an answer."""
    wires = []
    try:
        for _ in range(count):
            wires.append(Wire(port))
            wires[-1].send(data)
            if answer:
                assert wires[-1].response().status == 200
        yield wires
    finally:
        for wire in wires:
            reset(wire)


def cost(port, address, count, data, limit, answer=False):
    """Memory per connection; and others are served as ever."""
    count = many(int(count))
    with settled(port, address) as pid:
        with crowd(port, min(count, 300), data, answer):
            pass                    # what is kept for reuse, once
        before = memory(pid)
        alone = work(port, pid)
        with crowd(port, count, data, answer) as wires:
            until("all are connected",
                  lambda: worker(address)["connections"] == count)
            each = (memory(pid) - before) / count
            print(f"{count} connections: {each:.0f} bytes each")
            assert each <= int(limit), f"{each:.0f} bytes a connection"
            beside = work(port, pid)
            print(f"CPU time of a request: {alone * 1e6:.0f} us alone, "
                  f"{beside * 1e6:.0f} us beside them")
            assert beside < 2 * alone + 1e-4
            if answer:
                for wire in wires[::100]:
                    assert wire.get("/hello").status == 200
            else:
                for wire in wires[::100]:
                    wire.send(b"\r\n\r\n")
                    assert wire.response().status == 200


def work(port, pid):
    """CPU time of one request of a client that comes now."""
    n = 1000
    with Wire(port) as wire:
        before = cpu(pid)
        for _ in range(n):
            assert wire.get("/hello").status == 200
        return (cpu(pid) - before) / n


def idle(port, address, count, limit):
    """Connections between two requests."""
    cost(port, address, count, GET, limit, answer=True)


def half_heads(port, address, count, limit):
    """Connections that have sent a part of a head and no more."""
    cost(port, address, count, HALF_HEAD, limit)


def half_bodies(port, address, count, limit):
    """The same with a body that is collected: memory, and no core."""
    count = many(int(count))
    data = (b"POST /digest HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n"
            b"\r\n" + b"x" * 50)
    with settled(port, address) as pid:
        with crowd(port, 300, data):
            pass
        before = memory(pid)
        with crowd(port, count, data) as wires:
            until("all are connected",
                  lambda: worker(address)["connections"] == count)
            for wire in wires:      # each buffer is used again
                wire.send(b"x")
            assert get(port, "/hello").status == 200
            each = (memory(pid) - before) / count
            print(f"{count} connections: {each:.0f} bytes each")
            assert each <= int(limit), f"{each:.0f} bytes a connection"
            assert worker(address)["busy_cores"] == 0
            for wire in wires[::100]:
                wire.send(b"x" * 49)
                assert wire.response().body.startswith(b"100 ")


def crowd_beyond(port, count, data):
    """Connects and sends, whether it is accepted or not; non-blocking."""
    many(count)
    socks = []
    for _ in range(count):
        socks.append(Wire(port).sock)
        socks[-1].sendall(data)
    return socks


def flood(port, address, limit):
    """More connections than descriptors, that cannot be closed for others."""
    limit = int(limit)
    with settled(port, address) as pid:
        socks = crowd_beyond(port, 2 * limit, HALF_HEAD)
        try:
            until("it is full", lambda: worker(address)["connections"] >
                  limit * 3 // 4)
            began, used = time.monotonic(), cpu(pid)
            while time.monotonic() - began < 2:
                assert worker(address)["connections"] < limit
                time.sleep(0.1)
            used = (cpu(pid) - used) / (time.monotonic() - began)
            assert used < 0.2, f"spins: {used:.2f} of a processor"
            assert worker(address)["pid"] == pid
            # One that is in can open a file in the app. Both at once: between
            # two requests it is idle, and may have to make room.
            socks[0].sendall(b"\r\n\r\nGET /file HTTP/1.1\r\n" + HOST +
                             b"Connection: close\r\n\r\n")
            answer = b"".join(iter(lambda: socks[0].recv(4096), b""))
            assert b"\r\n\r\nHello World" in answer, answer
            assert answer.count(b"HTTP/1.1 200 ") == 2, answer
        finally:
            for sock in socks:
                sock.close()


def flood_idle(port, address, limit):
    """More idle connections than descriptors: the oldest are closed."""
    count = 3 * int(limit)
    with settled(port, address):
        with crowd(port, count, GET, answer=True) as wires:
            assert worker(address)["connections"] < int(limit)
            wires[0].expect_end()
            assert wires[-1].get("/hello").status == 200


def flood_silent(port, address, limit, path):
    """The same with connections on which nothing ever comes.

    On a unix socket: TCP's are not even accepted before something comes.
    """
    with settled(port, address):
        socks = crowd_beyond(path, 2 * int(limit), b"")
        try:
            until("it is full", lambda: worker(address)["connections"] >
                  int(limit) * 3 // 4)
            for _ in range(10):
                assert get(port, "/hello").status == 200
        finally:
            for sock in socks:
                sock.close()


def wait_busy(address):
    until("the request runs", lambda: worker(address)["busy_cores"] > 0)


# What a client sends before it leaves, and what must have begun by then.
STATES = (
    ("head, nothing sent", b"", None),
    ("head, half of it", HALF_HEAD, None),
    ("head, cut in a line's end", b"GET /hello HTTP/1.1\r", None),
    ("idle", GET, "answer"),
    ("idle, and half a head", GET + HALF_HEAD, "answer"),
    ("body, none of it", b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Content-Length: 100\r\n\r\n", None),
    ("body, half of it", b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Content-Length: 100\r\n\r\n" + b"x" * 50, None),
    ("body, half a chunk", b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", None),
    ("body, in a chunk's size", b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n5", None),
    ("body, in a trailer", b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-A", None),
    ("body, waits for 100", b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", None),
    ("body that nobody reads", b"POST /unread HTTP/1.1\r\n" + HOST +
     b"Content-Length: 100000000\r\n\r\n" + b"x" * 50, None),
    ("running", b"GET /sleep?s=0.3 HTTP/1.1\r\n" + HOST + b"\r\n", "busy"),
    ("running, another behind it", b"GET /sleep?s=0.3 HTTP/1.1\r\n" + HOST +
     b"\r\n" + GET, "busy"),
    ("writing", BIG, "busy"),
    ("writing pieces", b"GET /pieces?n=100000&size=1000 HTTP/1.1\r\n" + HOST
     + b"\r\n", "busy"),
    ("writing a file", b"GET /file HTTP/1.1\r\n" + HOST + b"\r\n", None),
    ("lingering", b"BAD\r\n\r\n", "answer"),
)


def leave(port, address, state, how):
    """Gets into a state and leaves in a way."""
    name, data, begun = state
    with Wire(port, receive_buffer=4096) as wire:
        wire.send(data)
        if begun == "answer":
            wire.response()
        elif begun == "busy":
            wait_busy(address)
        if how == "reset":
            reset(wire)
        elif how == "fin":
            wire.sock.shutdown(socket.SHUT_WR)
            wire.sock.settimeout(0.05)
            try:
                wire.sock.recv(10)
            except OSError:
                pass


def leaving(port, address, *ways):
    """Leaves at every state of a connection: reset, fin, close."""
    for how in ways:
        for state in STATES:
            try:
                with settled(port, address):
                    leave(port, address, state, how)
            except Exception:
                print(f"at {how} while: {state[0]}", file=sys.stderr)
                raise


def leaving_the_queue(port, address, cores):
    """Resets and ends of those that wait for a core."""
    slow = b"GET /sleep?s=1 HTTP/1.1\r\n" + HOST + b"\r\n"
    cores = int(cores)
    for how in ("reset", "fin", "close"):
        with settled(port, address):
            with crowd(port, cores, slow):
                wait_busy(address)
                for _ in range(5):
                    leave(port, address, ("queued", GET, None), how)


def end_after_request(port):
    """A client that says it sends no more is answered all the same."""
    for data in (GET, b"POST /echo HTTP/1.1\r\n" + HOST +
                 b"Content-Length: 5\r\n\r\nHello", GET + GET):
        with Wire(port) as wire:
            wire.send(data)
            wire.sock.shutdown(socket.SHUT_WR)
            for _ in range(data.count(b"HTTP/1.1")):
                assert wire.response().body.startswith(b"Hello")
            wire.expect_end()


ENDLESS = (
    ("request line", 414, b"GET /", b"a" * 65536),
    ("method", 414, b"", b"A" * 65536),
    ("field", 431, b"GET / HTTP/1.1\r\n" + HOST + b"X: ", b"a" * 65536),
    ("field name", 431, b"GET / HTTP/1.1\r\n" + HOST, b"a" * 65536),
    ("fields", 431, b"GET / HTTP/1.1\r\n" + HOST, b"X: y\r\n" * 10000),
    ("large fields", 431, b"GET / HTTP/1.1\r\n" + HOST,
     (b"X: " + b"y" * 1000 + b"\r\n") * 64),
    ("empty lines", 400, b"", b"\r\n" * 10000),
    ("white space", 400, b"GET / HTTP/1.1\r\n" + HOST + b" ", b" " * 65536),
    ("chunk size", 400, b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536),
    ("chunk extension", 400, b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 65536),
    ("chunk extensions", 400, b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n",
     (b"1;" + b"a" * 200 + b"\r\nx\r\n") * 300),
    ("trailer", 431, b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: ", b"a" * 65536),
    ("trailers", 431, b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X: y\r\n" * 9999),
    ("chunked body", 413, b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n", chunked(b"x" * (2 << 20), 65536)[:-5]),
    ("announced body", 413, b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Content-Length: 9223372036854775807\r\n\r\n", b"x" * 65536),
    ("absurd length", 400, b"POST /digest HTTP/1.1\r\n" + HOST +
     b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n", b"x" * 65536),
)


def never_ending(port, address, begin, piece):
    """Sends for as long as it is taken, up to 16 MiB; what came back."""
    with Wire(port) as wire:
        left = 16 << 20
        try:
            wire.send(begin)
            while left > 0:
                wire.send(piece)
                left -= len(piece)
        except OSError:
            pass
        assert left > 0, "all of it was taken"
        return wire.rest()


def oversized(port, address):
    """Whatever never ends is refused, and costs no memory."""
    with settled(port, address) as pid:
        never_ending(port, address, *ENDLESS[0][2:])
        before = memory(pid)
        for name, status, begin, piece in ENDLESS:
            for _ in range(3):
                answer = never_ending(port, address, begin, piece)
                # It may be lost where the client did not stop sending.
                assert not answer or answer.startswith(
                    b"HTTP/1.1 %d " % status), (name, answer[:80])
        grown = memory(pid) - before
        assert grown < 8 << 20, f"grew by {grown} bytes"


def refused(port, address):
    """The same, with no more than it takes: the status arrives."""
    for name, status, begin, piece in ENDLESS:
        with Wire(port) as wire:
            try:
                wire.send(begin + piece)
            except OSError:
                pass
            got = wire.response()
            assert got.status == status, (name, got.status)


def pipelined(port, address, limit):
    """Thousands of requests in one go, whose answers nobody reads at first."""
    n = 5000
    with settled(port, address) as pid:
        before = memory(pid)
        with Wire(port) as wire:
            data = b"".join(b"GET /number?%d HTTP/1.1\r\n" % i + HOST + b"\r\n"
                            for i in range(n))
            sender = threading.Thread(target=wire.send, args=(data,))
            sender.start()
            time.sleep(0.5)
            for i in range(n):
                assert wire.response().body == b"%d" % i
            sender.join()
        grown = memory(pid) - before
        assert grown < int(limit), f"grew by {grown} bytes"


def others_go_on(port, address, data, byte, seconds=1.5):
    """Clients that drip: no core is held, and others are answered."""
    with settled(port, address):
        with crowd(port, 50, data) as wires:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for wire in wires:
                    wire.send(byte)
                assert worker(address)["busy_cores"] == 0
                assert get(port, "/hello").status == 200
                time.sleep(0.2)


def drip_bodies(port, address):
    """Bodies in drips, with post-buffering."""
    others_go_on(port, address, b"POST /digest HTTP/1.1\r\n" + HOST +
                 b"Content-Length: 1000\r\n\r\n", b"x")


def drip_chunks(port, address):
    others_go_on(port, address, b"POST /digest HTTP/1.1\r\n" + HOST +
                 b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")


def drip(wire, piece, pause=0.05, seconds=40):
    """Sends a piece again and again; how long that went well."""
    began = time.monotonic()
    wire.sock.settimeout(pause)
    try:
        while time.monotonic() - began < seconds:
            wire.send(piece)
            try:
                wire.data += wire.sock.recv(65536)
                break
            except socket.timeout:
                pass
    except OSError:
        pass
    wire.sock.settimeout(PATIENCE)
    return time.monotonic() - began


def too_slow_body(port, address):
    """Below client-min-rate (1000) for longer than body-timeout (1): 408."""
    for fields, piece in ((b"Content-Length: 100000", b"x"),
                          (b"Transfer-Encoding: chunked", b"1\r\nx\r\n")):
        with settled(port, address), Wire(port) as wire:
            wire.send(b"POST /digest HTTP/1.1\r\n" + HOST + fields +
                      b"\r\n\r\n")
            took = drip(wire, piece)
            assert 0.8 < took < 30, took
            assert wire.response().status == 408


def fast_enough_body(port, address):
    """Above it for much longer than body-timeout: read to its end."""
    with settled(port, address), Wire(port) as wire:
        wire.send(b"POST /digest HTTP/1.1\r\n" + HOST +
                  b"Content-Length: 15000\r\n\r\n")
        wire.drip(b"x" * 15000, 0.1, 1000)
        assert wire.response().body.startswith(b"15000 ")


def too_slow_reader(port, address):
    """Takes a little now and then: write-timeout (1) is all it has."""
    with settled(port, address), Wire(port, receive_buffer=4096) as wire:
        wire.send(BIG)
        wait_busy(address)
        began = time.monotonic()
        while worker(address)["busy_cores"] > 0:
            assert time.monotonic() - began < 30, "holds its core for ever"
            try:
                wire.sock.recv(2048)
            except OSError:
                break
            time.sleep(0.1)


run(globals())
