"""Checks of scripts: cgi_checks.py CHECK PORT [ARGUMENT...]; see cgi.bats."""
import hashlib
import json
import os
import signal
import threading
import time

from wire import Ended, Wire, get, run

CGI = "/cgi-bin"


def wait_for(what, question, seconds=30):
    """Asks until the answer is true."""
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def gone(pid):
    """Does no process of this pid exist, not even a zombie?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def pids_in(name):
    """The pids that a script writes to a file, when it has."""
    wait_for(name, lambda: os.path.exists(name))
    with open(name) as f:
        pids = [int(word) for word in f.read().split()]
    os.unlink(name)
    return pids


def raw(port, output, extra=b""):
    """The response to an output of these bytes."""
    with Wire(port) as wire:
        return wire.post(CGI + "/raw.sh", output, extra)


def environ(port, folder):
    """Every variable, and its value."""
    with Wire(port) as wire:
        client = wire.sock.getsockname()
        wire.send(b"POST " + CGI.encode() + b"/env.py/a/b%20c%2Fd?x=1&y HTTP"
                  b"/1.1\r\nHost: a.example:8042\r\nContent-Length: 3\r\n"
                  b"Content-Type: text/x\r\nX-Twice: 1\r\nProxy: evil\r\n"
                  b"Cookie: a=1\r\nX-Twice: 2\r\nCookie: b=2\r\n"
                  b"Authorization: Basic eDp5\r\nX_Under: no\r\n"
                  b"Expect: 100-continue\r\n\r\nabc")
        got = wire.response().json()
    have = got["environ"]
    for inherited in ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LC_CTYPE",
                      "LD_LIBRARY_PATH", "LANGUAGE"):
        have.pop(inherited, None)
    assert len(have.pop("REQUEST_ID")) >= 16
    assert have.pop("SERVER_SOFTWARE").startswith("wsgimaster/")
    wanted = {
        "AUTH_FROM_ENV": "given",
        "CONTENT_LENGTH": "3", "CONTENT_TYPE": "text/x",
        "DOCUMENT_ROOT": folder, "GATEWAY_INTERFACE": "CGI/1.1",
        "HTTP_AUTHORIZATION": "Basic eDp5", "HTTP_COOKIE": "a=1; b=2",
        "HTTP_HOST": "a.example:8042", "HTTP_X_TWICE": "1, 2",
        "PATH_INFO": "/a/b c/d", "PATH_TRANSLATED": folder + "/a/b c/d",
        "QUERY_STRING": "x=1&y", "REDIRECT_STATUS": "200",
        "REMOTE_ADDR": client[0], "REMOTE_PORT": str(client[1]),
        "REQUEST_METHOD": "POST", "REQUEST_SCHEME": "http",
        "REQUEST_URI": CGI + "/env.py/a/b%20c%2Fd?x=1&y",
        "SCRIPT_FILENAME": folder + "/env.py",
        "SCRIPT_NAME": CGI + "/env.py", "SERVER_NAME": "a.example",
        "SERVER_PORT": str(port), "SERVER_PROTOCOL": "HTTP/1.1",
    }
    assert have == wanted, sorted(set(have.items()) ^ set(wanted.items()))
    plain = get(port, CGI + "/env.py").json()["environ"]
    for name in ("PATH_INFO", "PATH_TRANSLATED", "CONTENT_LENGTH", "HTTPS",
                 "CONTENT_TYPE", "HTTP_PROXY", "UNSET_ME"):
        assert name not in plain, name
    assert plain["QUERY_STRING"] == ""


def process(port, folder):
    """Nothing of the worker's is in the script's process."""
    got = get(port, CGI + "/env.py").json()
    # The fourth is that of the folder that lists them.
    assert got["descriptors"] == ["0", "1", "2", "3"], got
    assert got["pid"] == got["sid"] == got["pgid"], got
    assert got["cwd"] == folder, got
    # Python itself ignores two; this is a shell's.
    bits = get(port, CGI + "/signals.sh").body.split()
    assert bits == [b"SigBlk:", b"0" * 16, b"SigIgn:", b"0" * 16], bits
    wait_for("the script's end", lambda: gone(got["pid"]))


def arguments(port):
    """Words of a query without "=", or none."""
    def argv(query, path=CGI + "/env.py"):
        return get(port, path + "?" + query).json()["argv"][1:]

    assert argv("a+b%20c+d%3De") == ["a", "b c", "d=e"]
    assert argv("$(touch+x);`y`") == ["$(touch", "x);`y`"]
    for query in ("a=b", "a+-s", "%2ds", "", "a+%zz"):
        assert argv(query) == [], query
    with Wire(port) as wire:
        got = wire.post(CGI + "/env.py?a+b", b"x").json()
    assert got["argv"][1:] == [], got["argv"]


def heads(port):
    """What scripts may write, and what comes of it."""
    def check(output, status, body=None, **fields):
        response = raw(port, output)
        assert response.status == status, (output, response.status)
        assert body is None or response.body == body, response.body
        for name, value in fields.items():
            got = response.get(name.replace("_", "-"))
            assert got == value, (output, name, got)
        return response

    check(b"Content-Type: a/b\n\nbody", 200, b"body", content_type="a/b")
    check(b"Content-Type: a/b\r\n\r\nbody\n", 200, b"body\n")
    got = check(b"Status: 404 Not Here\nX-A: b\n\n", 404, b"", x_a="b")
    assert got.reason == "Not Here" and got.get("status") is None
    assert check(b"Status: 403\nX: y\n\n", 403).reason == "Forbidden"
    check(b"Location: /x\n\n", 302, b"", location="/x")
    check(b"Location: http://a/\nStatus: 307 Go\n\nthere", 307, b"there",
          location="http://a/")
    check(b"Content-Length: 4\nX: y\n\nbody", 200, b"body",
          content_length="4", transfer_encoding=None)
    # More than announced is dropped.
    check(b"Content-Length: 4\nX: y\n\nbodymore", 200, b"body")
    check(b"X: y\nConnection: close\nKeep-Alive: 5\nTrailer: X\n\nz", 200,
          b"z", keep_alive=None, trailer=None, connection=None)
    response = check(b"Set-Cookie: a\nSet-Cookie: b\n\n", 200)
    assert [v for k, v in response.fields if k == "set-cookie"] == ["a", "b"]
    for output in (b"", b"\n", b"no head\n\n", b"X: y\n", b"X: a\0b\n\n",
                   b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n", b"X: y\n z\n\n",
                   b"Transfer-Encoding: chunked\n\n0\r\n\r\n",
                   b"Status: 100\n\n", b"Content-Length: 1x\n\n",
                   b"X: " + b"y" * 70000 + b"\n\n"):
        check(output, 502)
    check(b"X: " + b"y" * 60000 + b"\n\n", 200)
    # Fewer than announced: the client must see it.
    try:
        raw(port, b"Content-Length: 40\nX: y\n\nbody")
    except Ended as ended:
        assert ended.data == b"body", ended.data
    else:
        assert False, "a short body was taken for a whole one"


def methods(port):
    """HEAD has no body; the connection stays."""
    with Wire(port) as wire:
        for _ in range(2):
            response = wire.get(CGI + "/env.py", method=b"HEAD")
            assert response.status == 200
            assert response.get("content-type") == "application/json"
        got = wire.get(CGI + "/env.py").json()
        assert got["environ"]["REQUEST_METHOD"] == "GET"
        assert wire.post(CGI + "/hello.pl", b"Perl ").body == b"Perl Perl "


def find(port, folder):
    """Which script, or none."""
    def status(path):
        return get(port, path).status

    for path in ("/nothing.sh", "/nothing/x", "/", "/..", "/../secret.sh",
                 "/folder/../env.py", "/%2e%2e/secret.sh", "/..%2fsecret.sh",
                 "/folder/%2e%2e/%2e%2e/secret.sh", "/./env.py",
                 "/" + "a" * 5000, "/env.py/../../secret.sh"):
        assert status(CGI + path) == 404, (path, status(CGI + path))
    for path in ("/noexec.sh", "/outside.sh", "/outside/secret.sh", "/pipe",
                 "/up.sh"):
        assert status(CGI + path) == 403, (path, status(CGI + path))
    assert status(CGI + "/missing.sh") == 500
    assert status(CGI + "x/env.py") == 404     # another component
    for path in ("/env.py", "/inside.py", "/absolute.py", "/safe/safe.py",
                 "//env.py"):
        assert status(CGI + path) == 200, (path, status(CGI + path))
    name = get(port, CGI + "/inside.py").json()["environ"]
    assert name["SCRIPT_FILENAME"] == folder + "/env.py", name
    assert name["SCRIPT_NAME"] == CGI + "/inside.py", name
    for path in ("", "/folder"):
        response = get(port, CGI + path + "?a=b")
        assert response.status == 301, response.status
        assert response.get("location") == CGI + path + "/?a=b"
    got = get(port, CGI + "/folder/").body.decode()
    assert got == f"{CGI}/folder/index.sh||{folder}/folder\n", got
    got = get(port, CGI + "/folder/index.sh/more").body.decode()
    assert got == f"{CGI}/folder/index.sh|/more|{folder}/folder\n", got
    # The longest prefix; this one is a script.
    got = get(port, CGI + "/one/a/b").body.decode()
    assert got == f"{CGI}/one|/a/b|{folder}/folder\n", got


def php(port):
    """php-cgi by its helper, without any option of a client's."""
    with Wire(port) as wire:
        response = wire.post(CGI + "/hello.php/info?q=1", b"body")
        assert response.body == b"php:/info:1:body", response.body
        assert response.get("x-method") == "POST"
        for query in ("-s", "-d+allow_url_include%3don", "a+b"):
            response = wire.get(CGI + "/hello.php?" + query)
            assert response.body == b"php:::", (query, response.body)


def bodies(port):
    """Bodies of all sizes and framings arrive, and their length."""
    for size in (0, 1, 65536, 300000):
        body = bytes(n * 7 % 251 for n in range(1000)) * (size // 1000) + \
            b"e" * (size % 1000)
        with Wire(port) as wire:
            response = wire.post(CGI + "/echo.py", body)
            assert response.body == body, size
            # What had not come when the head went out is not promised.
            assert size > 100000 or not response.closes
        with Wire(port) as wire:
            wire.send(b"POST %s/echo.py HTTP/1.1\r\nHost: a\r\nTransfer-"
                      b"Encoding: chunked\r\n\r\n" % CGI.encode())
            for at in range(0, size, 40000):
                piece = body[at:at + 40000]
                wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            wire.send(b"0\r\n\r\n")
            assert wire.response().body == body, size
    with Wire(port) as wire:
        wire.send(b"POST %s/env.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:"
                  b" chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
                  % CGI.encode())
        got = wire.response().json()["environ"]
    assert got["CONTENT_LENGTH"] == "5", got
    assert "HTTP_TRANSFER_ENCODING" not in got
    # One that does not want it is answered all the same.
    with Wire(port) as wire:
        assert wire.post(CGI + "/hello.php", b"x" * 9 + b"y").status == 200


def large(port, size):
    """So many bytes each way at once, through a script that echoes."""
    size = int(size)
    block = os.urandom(1 << 20)
    sent, got = hashlib.sha256(), hashlib.sha256()

    def send(wire):
        wire.send(b"POST %s/echo.py HTTP/1.1\r\nHost: a\r\nContent-Length: "
                  b"%d\r\n\r\n" % (CGI.encode(), size))
        for at in range(0, size, len(block)):
            piece = block[:size - at]
            sent.update(piece)
            wire.send(piece)

    with Wire(port) as wire:
        thread = threading.Thread(target=send, args=(wire,))
        thread.start()
        response = wire.response()
        thread.join()
    got.update(response.body)
    assert len(response.body) == size
    assert got.digest() == sent.digest()


def limit(port):
    """limit-post counts for chunks, too."""
    with Wire(port) as wire:
        wire.send(b"POST %s/echo.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:"
                  b" chunked\r\n\r\n" % CGI.encode())
        wire.send(b"3000\r\n" + b"x" * 0x3000 + b"\r\n0\r\n\r\n")
        assert wire.response().status == 413


def gone_client(port, name):
    """A client leaves: its script ends, and its script's child."""
    with Wire(port) as wire:
        wire.send(b"GET %s/sleep.sh?1000 HTTP/1.1\r\nHost: a\r\nX-File: %s"
                  b"\r\n\r\n" % (CGI.encode(), name.encode()))
        pids = pids_in(name)
    for pid in pids:
        wait_for(f"{pid} to end", lambda: gone(pid))


def deadline(port, name, path, head=""):
    """The request's time is over: 504, or cut off; and the script ended."""
    extra = b"X-File: " + name.encode() + b"\r\n"
    if head:
        extra += b"X-Head: yes\r\n"
    try:
        response = get(port, path + "/sleep.sh?1000", extra)
    except Ended as ended:
        assert head, ended
    else:
        assert not head and response.status == 504, response.status
    for pid in pids_in(name):
        wait_for(f"{pid} to end", lambda: gone(pid))


def after(port, name, stubborn=""):
    """One that runs on behind its answer has some time, then it is ended."""
    extra = b"X-File: " + name.encode() + b"\r\n"
    if stubborn:
        extra += b"X-Stubborn: yes\r\n"
    begin = time.monotonic()
    with Wire(port) as wire:
        assert wire.get(CGI + "/after.sh", extra).body == b"done\n"
        pids = pids_in(name)
        assert not gone(pids[0])
        # Its core is free, also if it is the only one.
        assert wire.get(CGI + "/env.py").status == 200
    for pid in pids:
        wait_for(f"{pid} to end", lambda: gone(pid))
    assert time.monotonic() - begin > 0.9


def left(port, name):
    """A child that holds the output open does not hold the request."""
    response = get(port, CGI + "/left.sh",
                   b"X-File: " + name.encode() + b"\r\n")
    assert response.body == b"left\n", response.body
    for pid in pids_in(name):
        wait_for(f"{pid} to end", lambda: gone(pid))


def dies(port):
    """A script that is killed leaves no response that looks whole."""
    try:
        response = get(port, CGI + "/dies.sh")
    except Ended:
        return
    assert False, f"taken for a whole one: {response.body}"


def many(port, count):
    """So many scripts at the same time, in the time of one."""
    statuses = []

    def one():
        statuses.append(get(port, CGI + "/sleep.sh?2").body)

    begin = time.monotonic()
    threads = [threading.Thread(target=one) for _ in range(int(count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [b"slept\n"] * int(count), statuses
    # One after the other they would need two seconds each.
    assert time.monotonic() - begin < int(count), "not at the same time"


def killed(port, name, worker):
    """The worker is killed: so are its scripts."""
    with Wire(port) as wire:
        wire.send(b"GET %s/sleep.sh?1000 HTTP/1.1\r\nHost: a\r\nX-File: %s"
                  b"\r\n\r\n" % (CGI.encode(), name.encode()))
        pids = pids_in(name)
        os.kill(int(worker), signal.SIGKILL)
        for pid in pids:
            wait_for(f"{pid} to end", lambda: gone(pid))
    wait_for("another worker", lambda: get(port, CGI + "/env.py").status
             == 200)


def after_stop(port, name):
    """One is left running on when this returns; its pids are in the file."""
    response = get(port, CGI + "/after.sh",
                   b"X-File: " + name.encode() + b"\r\n")
    assert response.body == b"done\n"
    wait_for(name, lambda: os.path.exists(name))


def reloads(port, master):
    """Clients ask all the time, and the server reloads twice."""
    end, wrong, answered = threading.Event(), [], []

    def ask():
        while not end.is_set():
            body = os.urandom(20000)
            try:
                with Wire(port) as wire:
                    if wire.post(CGI + "/echo.py", body).body != body:
                        wrong.append("another body")
                answered.append(time.monotonic())
            except (OSError, Ended, AssertionError) as error:
                wrong.append(repr(error))

    def workers():
        return {get(port, CGI + "/env.py").json()["ppid"] for _ in range(20)}

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        before = workers()
        os.kill(int(master), signal.SIGHUP)
        wait_for("new workers", lambda: not before & workers(), 60)
    end.set()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
    assert len(answered) > 20, len(answered)


def uwsgi(port, modifier, variables, body=b""):
    """The body of the answer to a uwsgi packet, and its status."""
    packet = b""
    if isinstance(variables, dict):
        variables = variables.items()
    for name, value in variables:
        for text in (name.encode(), value.encode()):
            packet += len(text).to_bytes(2, "little") + text
    with Wire(port) as wire:
        wire.send(bytes([modifier]) + len(packet).to_bytes(2, "little")
                  + b"\0" + packet + body)
        response = wire.response()
    return response.status, response.body


def gateway(port, folder, docroot=""):
    """uwsgi's modifier1 9 asks for a script, with the gateway's variables."""
    variables = {
        "REQUEST_METHOD": "POST", "REQUEST_URI": CGI + "/env.py/a?x=1",
        "PATH_INFO": CGI + "/env.py/a", "QUERY_STRING": "x=1",
        "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_LENGTH": "3",
        "HTTP_HOST": "b.example", "SERVER_NAME": "c.example",
        "SERVER_PORT": "81", "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_PORT": "1234", "HTTP_PROXY": "evil", "LD_PRELOAD": "evil.so",
        "PYTHONPATH": "/evil", "PATH": "/evil", "BASH_ENV": "/evil",
        "OWN": "passed", "SCRIPT_FILENAME": "/bin/sh",
        "DOCUMENT_ROOT": folder, "BASH_FUNC_x%%": "() { :; }",
    }
    if docroot:
        variables["PATH_INFO"] = "/env.py/a"
    twice = [("TWICE", "1"), ("HTTP_X_TWICE", "1"), ("HTTP_COOKIE", "a=1"),
             ("TWICE", "2"), ("HTTP_X_TWICE", "2"), ("HTTP_COOKIE", "b=2"),
             ("GIT_EXEC_PATH", "/evil"), ("GLIBC_TUNABLES", "x=y"),
             ("AUTH_FROM_ENV", "of the gateway")]
    status, body = uwsgi(port, 9, [*variables.items(), *twice], b"abc")
    assert status == 200, status
    have = json.loads(body)["environ"]
    for name in ("HTTP_PROXY", "LD_PRELOAD", "PYTHONPATH", "BASH_ENV",
                 "BASH_FUNC_x%%", "GIT_EXEC_PATH", "GLIBC_TUNABLES"):
        assert name not in have, name
    # Of two the last, header fields joined; none of the server's own.
    assert have["TWICE"] == "2" and have["HTTP_COOKIE"] == "a=1; b=2", have
    assert have["HTTP_X_TWICE"] == "1, 2", have["HTTP_X_TWICE"]
    assert have["AUTH_FROM_ENV"] == "given", have["AUTH_FROM_ENV"]
    assert have["PATH"] != "/evil"
    wanted = {
        "PATH_INFO": "/a", "SCRIPT_FILENAME": folder + "/env.py",
        "OWN": "passed", "REMOTE_ADDR": "192.0.2.7", "REMOTE_PORT": "1234",
        "SERVER_NAME": "c.example", "SERVER_PORT": "81",
        "SCRIPT_NAME": ("" if docroot else CGI) + "/env.py",
        "HTTP_HOST": "b.example", "CONTENT_LENGTH": "3",
        "REQUEST_METHOD": "POST", "QUERY_STRING": "x=1",
        "GATEWAY_INTERFACE": "CGI/1.1", "DOCUMENT_ROOT": folder,
    }
    for name, value in wanted.items():
        assert have.get(name) == value, (name, have.get(name))
    # The connection's port is not that of the address.
    del variables["REMOTE_PORT"]
    status, body = uwsgi(port, 9, variables, b"abc")
    assert "REMOTE_PORT" not in json.loads(body)["environ"], body
    variables["PATH_INFO"] = "/elsewhere/env.py"
    assert uwsgi(port, 9, variables, b"abc")[0] == 404
    if not docroot:
        variables["PATH_INFO"] = "/env.py"
        assert uwsgi(port, 9, variables, b"abc")[0] == 404


def proxied_gateway(port, folder):
    """What a trusted proxy in front of the gateway says counts here, too."""
    variables = {
        "REQUEST_METHOD": "GET", "REQUEST_URI": CGI + "/env.py",
        "PATH_INFO": CGI + "/env.py", "HTTP_HOST": "inner.example",
        "SERVER_NAME": "inner.example", "SERVER_PORT": "81",
        "REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "192.0.2.99",
        "HTTP_X_FORWARDED_HOST": "outer.example",
        "HTTP_X_FORWARDED_PROTO": "https",
    }
    wanted = {"REMOTE_ADDR": "192.0.2.99", "HTTP_HOST": "outer.example",
              "SERVER_NAME": "outer.example", "SERVER_PORT": "443",
              "HTTPS": "on", "DOCUMENT_ROOT": folder}
    status, body = uwsgi(port, 9, variables)
    assert status == 200, status
    have = json.loads(body)["environ"]
    for name, value in wanted.items():
        assert have.get(name) == value, (name, have.get(name))


def beside_static(port, unix):
    """A static folder above the scripts' shows none of them."""
    def ask(path):
        response = get(port, path)
        return response.status, response.body

    for path in ("/cgi/env.py", "/cgi/hello.php", "/cgi//env.py",
                 "/cgi/%65nv.py", "/cgi/folder/index.sh", "/cgi/folder/"):
        status, body = ask(path)
        assert b"#!" not in body and b"<?" not in body, (path, body)
        assert status == 200 or "php" in path, (path, status, body)
    assert ask("/cgi/notes.txt") == (200, b"notes"), ask("/cgi/notes.txt")
    assert ask("/page.sh") == (200, b"#!/bin/sh\n")
    variables = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/page.sh",
                 "PATH_INFO": "/page.sh", "SERVER_PROTOCOL": "HTTP/1.1"}
    assert uwsgi(unix, 0, variables) == (200, b"#!/bin/sh\n")
    assert uwsgi(unix, 9, variables)[0] == 404


def no_script(port):
    """An app answers modifier1 0, and never 9."""
    variables = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/environ",
                 "PATH_INFO": "/environ", "SERVER_PROTOCOL": "HTTP/1.1"}
    assert uwsgi(port, 0, variables)[0] == 200
    assert uwsgi(port, 9, variables)[0] == 404


if __name__ == "__main__":
    run(globals())
