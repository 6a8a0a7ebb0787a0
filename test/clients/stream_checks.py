"""Bodies in pieces; the app is test/apps/stream_cases.py."""
import os
import statistics
import time

from wire import Ended, Wire, get, run, stats, until

NOTES = os.environ["NOTES"]
PIECES = 100_000


def told(name):
    return os.path.exists(os.path.join(NOTES, name))


def tell(name):
    with open(os.path.join(NOTES, name), "w"):
        pass


def ask(client, path, version=b"1.1"):
    client.send(b"GET " + path.encode() + b" HTTP/" + version
                + b"\r\nHost: x\r\n\r\n")


def see(client, text):
    """Reads until that text has come."""
    while text not in client.data:
        client._more()


def waits(port, path, *hows):
    """No piece is held back, however the app takes its time."""
    for how in hows:
        for version in b"1.1", b"1.0":
            name = f"{os.getpid()}{path}{how}{version.decode()}"
            with Wire(port) as client:
                ask(client, f"/{path}?{how}={name}", version)
                for n in range(5):
                    see(client, b"piece %d\n" % n)
                    tell(f"{name}.{n}")
                body = client.response().body
            assert body == b"".join(b"piece %d\n" % n for n in range(5)), body


def counted(port, path):
    """What is sent while the app blocks is in the statistics meanwhile."""
    name = f"{os.getpid()}counted"

    def is_there():
        cores = stats(path)["workers"][0]["cores"]
        return any(core.get("bytes", 0) > 8 for core in cores)
    with Wire(port) as client:
        ask(client, f"/wait?sleep={name}")
        see(client, b"piece 0\n")
        until("the statistics count what was sent", is_there)
        for n in range(5):
            tell(f"{name}.{n}")
        client.response()


def full(port, *hows):
    """Neither what the socket did not take at once."""
    for how in hows:
        name = f"{os.getpid()}full{how}"
        with Wire(port, receive_buffer=4096) as client:
            ask(client, f"/full?{how}={name}")
            time.sleep(0.2)
            see(client, b"piece 0\n")
            tell(f"{name}.0")
            body = client.response().body
        lines = body.split(b"\n")
        assert len(lines) == 502 and lines[500] == b"piece 0", len(lines)
        for n, line in enumerate(lines[:500]):
            assert line == b"%5d" % n + b"x" * 1018, (n, line)


def soon(port):
    """Each comes soon; most of them at least, since a machine may be busy."""
    late = []
    with Wire(port) as client:
        ask(client, "/late")
        client.head()
        while True:
            size = int(client.line(), 16)
            if size == 0:
                break
            late.append(time.monotonic() - float(client.take(size)))
            client.take(2)
    assert len(late) == 9 and statistics.median(late) < 0.1, late


def many(port):
    """Nothing is lost or mixed, though the client is slow."""
    with Wire(port, receive_buffer=4096) as client:
        ask(client, "/many")
        for _ in range(20):
            time.sleep(0.01)
            client._more()
        client.head()
        got = bytearray(client.data)
        while not got.endswith(b"\r\n0\r\n\r\n"):
            client.data = b""
            client._more()
            got += client.data
    lines = (b"%d\n" % n for n in range(PIECES))
    assert got == b"".join(b"%x\r\n%s\r\n" % (len(line), line)
                           for line in lines) + b"0\r\n\r\n"


def sizes(port):
    """Whatever their sizes, with and without a length."""
    told_sizes = [1, 16383, 16384, 16385, 49000, 65535, 65536, 65537, 1,
                  300000, 16384, 16384, 16384, 16384, 1, 15, 16, 255, 256,
                  4095, 4096]
    wanted = b"".join(bytes([97 + n]) * size
                      for n, size in enumerate(told_sizes))
    with Wire(port) as client:
        for _ in range(3):
            response = client.get("/sizes")
            assert response.chunks == told_sizes, response.chunks
            assert response.body == wanted
            response = client.get("/sizes?length")
            assert response.chunks is None and response.body == wanted
            client.send(b"HEAD /sizes HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.response(b"HEAD").body == b""
        ask(client, "/sizes", b"1.0")
        assert client.response().body == wanted


def raises(port):
    """What came before an exception is sent, and the body has no end."""
    with Wire(port) as client:
        ask(client, "/raises")
        try:
            client.response()
        except Ended:
            pass
        else:
            raise AssertionError("the body has an end")
    with Wire(port) as client:
        ask(client, "/raises")
        data = client.rest()
        assert data.endswith(b"6\r\nfirst\n\r\n7\r\nsecond\n\r\n"), data


def leaves(port):
    """A client that leaves midway ends its request."""
    for n in range(3):
        name = f"{os.getpid()}left{n}"
        with Wire(port) as client:
            ask(client, f"/endless?{name}")
            see(client, b"and so on\n")
        until("close()", lambda: told(name))
    assert get(port, "/pid").status == 200


def forks(port):
    """A child's pieces go nowhere, the parent's are whole."""
    body = get(port, "/forks").body
    assert body == b"".join(b"parent %d\n" % n for n in range(20)), body


def shares(port, pieces):
    """Who streams without a pause lets others have their turns."""
    get(port, "/order")
    clients = [Wire(port) for _ in "abc"]
    for client, name in zip(clients, "abc"):
        ask(client, f"/turns?{name}={pieces}", b"1.0")
    for client in clients:
        assert len(client.response().body) == int(pieces)
        client.sock.close()
    order = get(port, "/order").body.decode()
    for name in "abc":
        assert order.count(name) >= 5, order


def crowd(port, streams):
    """Nor do many of them, together, hold the others up for long."""
    clients = [Wire(port) for _ in range(int(streams))]
    for n, client in enumerate(clients):
        ask(client, f"/endless?{n}")
    for client in clients:
        see(client, b"and so on\n")
    took = []
    for _ in range(5):
        begin = time.monotonic()
        get(port, "/order")
        took.append(time.monotonic() - begin)
    for client in clients:
        client.sock.close()
    assert statistics.median(took) < 0.25, took


def pushers(pid):
    """The status files of the process's threads that push."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm") as comm:
            if comm.read().strip() == "wm-pusher":
                found.append(f"/proc/{pid}/task/{task}/status")
    return found


def switches(status):
    with open(status) as lines:
        return [line for line in lines if "voluntary_ctxt" in line]


def thread(port):
    """There is one when something was held, and it sleeps then."""
    pid = int(get(port, "/pid").body)
    assert pushers(pid) == [], "there is a thread that nobody needs"
    get(port, "/many")
    found = pushers(pid)
    assert len(found) == 1, found

    def sleeps():
        before = switches(found[0])
        time.sleep(0.5)
        return switches(found[0]) == before

    until("it sleeps", sleeps)


def stops(port, log):
    """A body that is under way when the server stops comes whole."""
    name = f"{os.getpid()}stop"
    with Wire(port) as client:
        ask(client, f"/wait?sleep={name}")
        see(client, b"piece 0\n")
        tell("stop")

        def stopping():
            with open(log) as lines:
                return "stopping (SIGTERM)" in lines.read()

        until("it stops", stopping)
        for n in range(5):
            see(client, b"piece %d\n" % n)
            tell(f"{name}.{n}")
        body = client.response().body
    assert body == b"".join(b"piece %d\n" % n for n in range(5)), body


if __name__ == "__main__":
    run(globals())
