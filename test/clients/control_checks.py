"""Checks of the control socket, from a client that says what it likes.

control_checks.py CHECK SOCKET
"""
import json
import os
import select
import socket
import subprocess
import sys
import time

STRANGER = 65534


def connect(path, limit=30):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)        # waits while the queue is full
    client.settimeout(limit)
    return client


def rest(client):
    """All up to the end."""
    data = b""
    while True:
        more = client.recv(65536)
        if not more:
            return data
        data += more


def ask(path, line):
    """The answer to a line as it is."""
    with connect(path) as client:
        client.sendall(line)
        return json.loads(rest(client))


def ping(path):
    answer = ask(path, b'{"command": "ping"}\n')
    assert answer["ok"] and answer["result"]["state"] == "running", answer


def refused(answer, why):
    assert answer["ok"] is False and why in answer["error"], answer


def garbage(path):
    """Whatever the line is, there is an answer."""
    refused(ask(path, b"\n"), "no JSON")
    refused(ask(path, b"GET / HTTP/1.1\r\n\r\n"), "no JSON")
    refused(ask(path, b"\x00\xff\xfe\x80\n"), "no JSON")
    refused(ask(path, b"[1, 2]\n"), "no JSON object")
    refused(ask(path, b"{}\n"), 'no "command"')
    refused(ask(path, b'{"command": 7}\n'), 'no "command"')
    refused(ask(path, b'{"command": "x\\u0000y"}\n'), "")
    refused(ask(path, b'{"command": "relod"}\n'), 'did you mean "reload"')
    refused(ask(path, b"[" * 4000 + b"\n"), "no JSON")
    refused(ask(path, '{"command": "ü%s"}\n'.encode() % (b"\xc3\xbc" * 99)),
            "unknown command")
    for text in (b'"worker": -1', b'"worker": "x"', b'"oldest": 1e99',
                 b'"oldest": -5', b'"all": 1', b'"worker": 99999999999'):
        assert ask(path, b'{"command": "cores", %s}\n' % text)["ok"]
    ping(path)


def huge(path):
    """A request without an end is refused when it is too long."""
    with connect(path) as client:
        try:
            for _ in range(1000):
                client.sendall(b"x" * 10000)
        except OSError:
            pass
        refused(json.loads(rest(client)), "too long")
    refused(ask(path, b'{"command": "%s"}\n' % (b"x" * 5000)), "too long")
    assert ask(path, b'{"command": "ping", "x": "%s"}\n'
               % (b"x" * 4000))["ok"]
    ping(path)


def half_closed(path):
    """Who closes its side after the request still gets the answer."""
    with connect(path) as client:
        client.sendall(b'{"command": "reload"}\n')
        client.shutdown(socket.SHUT_WR)
        answer = json.loads(rest(client))
        assert answer["ok"] and answer["result"]["generation"] > 1, answer
    with connect(path) as client:
        client.sendall(b'{"command": "ping"}')
        client.shutdown(socket.SHUT_WR)
        refused(json.loads(rest(client)), "no newline")
    with connect(path) as client:
        client.shutdown(socket.SHUT_WR)
        refused(json.loads(rest(client)), "no newline")


def slow(path):
    """A byte now and then does not keep a place for ever."""
    begin = time.monotonic()
    with connect(path) as client:
        try:
            while time.monotonic() < begin + 20:
                client.sendall(b" ")
                time.sleep(0.3)
                ping(path)
        except OSError:
            pass
        refused(json.loads(rest(client)), "no request came")
    assert time.monotonic() < begin + 15


def many(path):
    """Twenty at once, and many more than there is room for."""
    clients = [connect(path) for _ in range(20)]
    for client in reversed(clients):
        client.sendall(b'{"command": "status"}\n')
    for client in clients:
        with client:
            assert json.loads(rest(client))["result"]["workers"] == 2
    clients = []
    for _ in range(100):
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)    # waits while the queue is full
        clients.append(client)
    for client in clients:
        client.close()
    ping(path)


def no_reader(path):
    """Who does not take a long answer keeps nobody else from theirs."""
    lazy = []
    for _ in range(10):
        client = connect(path)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        client.sendall(b'{"command": "cores", "all": true}\n')
        lazy.append(client)
    for _ in range(20):
        begin = time.monotonic()
        ping(path)
        assert time.monotonic() < begin + 5
    # One of them takes it after all: nothing is missing.
    cores = json.loads(rest(lazy[0]))["result"]["cores"]
    assert len(cores) == 4000, len(cores)
    assert len({(c["worker"], c["core"]) for c in cores}) == 4000
    for client in lazy:
        client.close()


def reload_answer(path):
    """The answer to a reload; None: it is waited for."""
    with connect(path, 0.5) as client:
        client.sendall(b'{"command": "reload"}\n')
        try:
            return json.loads(rest(client))
        except TimeoutError:
            return None


def fill(path):
    """31 that wait beside the first one, all of them; none: too early."""
    clients = [connect(path) for _ in range(31)]
    for client in clients:
        client.sendall(b'{"command": "reload"}\n')
    deadline = time.monotonic() + 20
    while True:
        answer = reload_answer(path)
        if answer is not None:
            break
        assert time.monotonic() < deadline, "no limit"
    refused(answer, "too many wait")
    answered = select.select(clients, [], [], 0)[0]
    for client in clients:
        client.close()
    return not answered


def waiting(path):
    """Only so many wait at a time, and who leaves makes room."""
    with open("import.py", "w") as file:
        file.write("import time; time.sleep(20)\n")
    first = connect(path)
    first.sendall(b'{"command": "reload"}\n')
    for _ in range(2):
        deadline = time.monotonic() + 15
        while not fill(path):
            assert time.monotonic() < deadline, "no room"
    os.unlink("import.py")
    first.close()


def as_stranger(code, path):
    """Runs Python code as somebody else; its output."""
    return subprocess.run(
        ["setpriv", "--reuid", str(STRANGER), "--clear-groups",
         sys.executable, "-c", code, path],
        stdout=subprocess.PIPE, text=True, check=True).stdout


def stranger(path):
    """The file's mode keeps others out."""
    out = as_stranger(
        "import socket, sys\n"
        "try:\n"
        "    socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
        "except PermissionError:\n"
        "    print('kept out')\n", path)
    assert out == "kept out\n", out


def stranger_let_in(path):
    """And whoever gets past it is known, and told so; nothing is done."""
    out = as_stranger(
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "s.connect(sys.argv[1])\n"
        "s.settimeout(20)\n"
        "try:\n"
        "    s.sendall(b'{\"command\": \"stop\"}\\n')\n"
        "except OSError:\n"
        "    pass\n"
        "print(s.recv(10000).decode())\n", path)
    refused(json.loads(out), "root may use")
    ping(path)


globals()[sys.argv[1]](sys.argv[2])
