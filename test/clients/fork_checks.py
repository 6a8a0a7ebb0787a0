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
