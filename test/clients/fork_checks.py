"""What becomes of children that an app forks; app: test/apps/wsgi_forks.py."""
import threading
import time

from wire import Wire, get, run


def children_do_not_serve(port):
    pid = get(port, "/").body
    with Wire(port) as idle, Wire(port) as client:
        idle.get("/")
        for path, body in (("/returns", pid), ("/raises", pid),
                           ("/generates", b"begun " + pid),
                           ("/exits", b"7"), ("/in_thread", pid)):
            assert client.get(path).body == body, path
            time.sleep(0.2)
            for _ in range(3):
                assert client.get("/").body == pid, path
                assert idle.get("/").body == pid, path
                assert get(port, "/").body == pid, path


def waits_on(port):
    """A child unwinds its parent's waiting request; the parent's waits on."""
    with Wire(port) as waiter:
        waiter.send(b"GET /waits HTTP/1.1\r\nHost: x\r\n\r\n")
        # Its child says 1: it has ended by the exception.
        assert get(port, "/throws").body == b"1"
        assert waiter.response().body == b"1"


def under_load(port, count):
    """Requests that fork, while others begin and end."""
    pid = get(port, "/").body
    wrong = []
    done = threading.Event()

    def others():
        with Wire(port) as client:
            while not done.is_set():
                body = client.get("/").body
                if body != pid or get(port, "/").body != pid:
                    wrong.append(body)

    def forks():
        with Wire(port) as client:
            for _ in range(int(count) // 4):
                body = client.get("/of_every_kind").body
                if body != b"3 4 5":
                    wrong.append(body)

    threads = [threading.Thread(target=others) for _ in range(3)]
    forkers = [threading.Thread(target=forks) for _ in range(4)]
    for thread in threads + forkers:
        thread.start()
    for thread in forkers:
        thread.join()
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:5]


if __name__ == "__main__":
    run(globals())
