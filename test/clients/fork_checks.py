"""What becomes of children that an app forks; app: test/apps/wsgi_forks.py."""
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


if __name__ == "__main__":
    run(globals())
