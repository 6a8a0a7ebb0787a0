"""What a client sees of test/apps/wsgi_cases.py and wsgi_validated.py."""
import json
import random
import uuid

import wire
from wire import Ended, Wire, chunked, get, until


def post(port, path, body, extra=b""):
    with Wire(port) as client:
        return client.post(path, body, extra)


def ask(port, path, body=None):
    """The JSON that a path answers."""
    response = get(port, path) if body is None else post(port, path, body)
    assert response.status == 200, (path, response.status, response.body)
    return response.json()


def notes(port):
    return ask(port, "/notes")


# ---- wsgiref.validate ----

def validated(port):
    """Each app, in each way that HTTP has to ask for it."""
    body = b"first\nsecond\nthird"
    wanted = {"/": b"simple", "/generator": b"generator", "/writes": b"writes",
              "/complains": b"complains"}
    for path, text in wanted.items():
        with Wire(port) as client:
            response = client.get(path + "?a=b", b"Cookie: x=y\r\n")
            assert (response.status, response.body) == (200, text), path
            response = client.get(path, method=b"HEAD")
            assert response.status == 200, path
            client.send(b"GET %s HTTP/1.0\r\n\r\n" % path.encode())
            response = client.response()
            assert (response.status, response.body) == (200, text), path
            client.expect_end()
    for path, text in (("/reads", b"first\n|se|cond\nthird|"),
                       ("/iterates", b"first\n|second\n|third")):
        assert post(port, path, body).body == text
        with Wire(port) as client:
            client.send(b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                        b"chunked\r\n\r\n" % path.encode() + chunked(body, 4))
            assert client.response().body == text
        assert post(port, path, b"").status == 200
        assert get(port, path).status == 200
    assert get(port, "/empty").status == 204
    assert get(port, "/caf%C3%A9%20%00x"[:-4]).status == 200
    with Wire(port) as client:
        client.send(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.response().status == 200
        client.send(b"GET http://other/abs HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.response().status == 200


# ---- environ ----

def environ(port, cores, threads="False"):
    with Wire(port) as client:
        client.send(b"PUT /environ%2Fx/../caf%C3%A9%20?a=%20b&c HTTP/1.1\r\n"
                    b"Host: example.org:8080\r\n"
                    b"Content-Length: 3\r\nContent-Type: text/x; y=z\r\n"
                    b"X-Repeated: one\r\nx-repeated: two\r\n"
                    b"X_Underscore: no\r\nProxy: no\r\n"
                    b"Cookie: a=b\r\nCookie: c=d\r\n"
                    b"X-Latin: caf\xe9\r\nX-Empty:\r\n\r\nabc")
        assert client.response().status == 404
        client.send(b"PUT /environ?a=%20b&c HTTP/1.1\r\n"
                    b"Host: example.org:8080\r\n"
                    b"Content-Length: 3\r\nContent-Type: text/x; y=z\r\n"
                    b"X-Repeated: one\r\nx-repeated: two\r\n"
                    b"X_Underscore: no\r\nProxy: no\r\n"
                    b"Cookie: a=b\r\nCookie: c=d\r\n"
                    b"X-Latin: caf\xe9\r\nX-Empty:\r\n\r\nabc")
        found = client.response().json()
        local = client.sock.getsockname()
    text = {key: value for key, (kind, value) in found.items()
            if kind == "str"}
    wanted = {
        "REQUEST_METHOD": "PUT", "SCRIPT_NAME": "", "PATH_INFO": "/environ",
        "QUERY_STRING": "a=%20b&c", "REQUEST_URI": "/environ?a=%20b&c",
        "SERVER_NAME": "example.org", "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": local[0],
        "REMOTE_PORT": str(local[1]), "CONTENT_LENGTH": "3",
        "CONTENT_TYPE": "text/x; y=z", "HTTP_HOST": "example.org:8080",
        "HTTP_X_REPEATED": "one,two", "HTTP_COOKIE": "a=b; c=d",
        "HTTP_X_LATIN": "caf\xe9", "HTTP_X_EMPTY": "",
        "wsgi.url_scheme": "http",
    }
    for key, value in wanted.items():
        assert text.get(key) == value, (key, text.get(key), value)
    for key in ("HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_PROXY",
                "HTTP_X_UNDERSCORE"):
        assert key not in found, key
    values = {key: value for key, (_, value) in found.items()}
    assert values["wsgi.version"] == "(1, 0)"
    assert values["wsgi.multithread"] == threads
    assert values["wsgi.multiprocess"] == "False"
    assert values["wsgi.run_once"] == "False"
    assert values["wsgi.input_terminated"] == "True"
    assert found["uwsgi.version"][0] == found["uwsgi.node"][0] == "bytes"
    assert ("uwsgi.core" in found) == (int(cores) > 1)
    assert uuid.UUID(text["wsgimaster.request_id"]).version == 7


# What clients repeat, and each in forms that differ a little.
FIELDS = [
    [b"Host: one.example", b"Host: two.example", b"Host: one.example:80",
     b"host: one.example"],
    [b"User-Agent: agent/1", b"User-Agent: agent/2", b"User-agent: agent/1",
     b"User-Agent:agent/1", b"User-Agent:  agent/1 ", b"User-Agent: \xe9"],
    [b"Accept: a", b"Accept: a\r\nAccept: b", b"Accept: a,b", b"Accept:", b""],
    [b"Cookie: c=1", b"Cookie: c=22", b"Cookie: c=1\r\nCookie: d=2",
     b"cookie: c=1", b"Cookie:", b""],
    [b"Authorization: Basic YTpi", b"Authorization: Basic YTpj", b""],
    [b"X-Api-Key: 1", b"X-Api-Key: 2", b""],
    [b"X-Under_score: 1", b"X-Under-Score: 1", b"Proxy: x", b""],
    [b"Referer: http://x/", b"Referer: http://y/", b""],
    [b"X-Long: " + b"l" * 900, b"X-Long: " + b"l" * 899 + b"m", b"", b""],
    [b"X-" + b"Name" * 20 + b": 1", b"", b""],
    [b"\r\n".join(b"Cookie: n=%d" % n for n in range(12)), b"", b"", b""],
]
TARGETS = [b"/environ", b"/environ?a=1", b"/environ?", b"/%65nviron",
           b"/environ-spoilt", b"/environ-spoilt?a=1"]


def environ_of(method, target, minor, lines):
    """Of a request: what it must be, as far as it says it."""
    path, _, query = target.partition(b"?")
    found = {"REQUEST_METHOD": method.decode(),
             "REQUEST_URI": target.decode(),
             "PATH_INFO": path.replace(b"%65", b"e").decode(),
             "QUERY_STRING": query.decode(), "SCRIPT_NAME": "",
             "SERVER_PROTOCOL": "HTTP/1.%d" % minor}
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        key = name.upper().replace("-", "_")
        if "_" in name or name == "Proxy":
            continue
        if not key.startswith("CONTENT_"):
            key = "HTTP_" + key
        value = value.strip()
        if key in found:
            value = found[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
        found[key] = value
    found["SERVER_NAME"] = found["HTTP_HOST"].partition(":")[0]
    return found


def environ_repeated(port):
    """Requests that are like an earlier one, nearly or in all: none gets
    anything of another one's."""
    chance, clients, last, ids = random.Random(4), [], [], []
    for number in range(1500):
        if number % 40 == 0:
            clients = [Wire(port) for _ in range(3)]
        if not last or chance.random() < 0.3:
            last = [chance.choice(forms) for forms in FIELDS]
        elif chance.random() < 0.7:
            place = chance.randrange(len(FIELDS))
            last[place] = chance.choice(FIELDS[place])
        method = chance.choice([b"GET", b"GET", b"GET", b"POST", b"PATCH"])
        target, minor = chance.choice(TARGETS), int(chance.random() < 0.9)
        body = b"x" * chance.randrange(20) if method != b"GET" else b""
        lines = [line for form in last for line in form.split(b"\r\n") if line]
        if body or method == b"POST":
            lines.insert(chance.randrange(len(lines)),
                         b"Content-Length: %d" % len(body))
        if body and chance.random() < 0.5:
            lines.append(b"Content-Type: text/x")
        if minor == 0:
            lines.append(b"Connection: keep-alive")
        client = chance.choice(clients)
        client.send(b"%s %s HTTP/1.%d\r\n%s\r\n\r\n" % (
            method, target, minor, b"\r\n".join(lines)) + body)
        got = {key: value for key, (kind, value) in
               json.loads(client.response().body).items()}
        wanted = environ_of(method, target, minor, lines)
        wanted["REMOTE_ADDR"] = "127.0.0.1"
        wanted["REMOTE_PORT"] = str(client.sock.getsockname()[1])
        wanted["SERVER_PORT"] = str(port)
        for key in set(wanted) | {key for key in got
                                  if key.startswith(("HTTP_", "CONTENT_"))}:
            assert got.get(key) == wanted.get(key), (
                number, key, got.get(key), wanted.get(key), lines)
        ids.append(got["wsgimaster.request_id"])
        assert uuid.UUID(ids[-1]).version == 7, ids[-1]
        assert number == 0 or ids[-1] > ids[-2], ids[-2:]


def blocks(port):
    """Requests leave nothing behind them."""
    def some(count):
        with Wire(port) as client:
            for n in range(count):
                client.send(
                    b"GET /body?list HTTP/1.1\r\nHost: x\r\nUser-Agent: %d\r\n"
                    b"X-%d: a\r\nCookie: c=%d\r\nReferer: http://x/%d\r\n\r\n"
                    % (n % 3, n % 7, n, n))
                assert client.response().body == b"one"
                client.send(b"POST /body?iterator-one HTTP/1.1\r\nHost: x\r\n"
                            b"Content-Length: 3\r\n\r\nabc")
                assert client.response().body == b"one"
            return client.get("/blocks").json()
    before = some(500)
    # What the memories of values hold is bounded; a leak would be thousands.
    after = some(2000)
    assert abs(after - before) < 500, (before, after)


def environ_kept(port):
    """An app may keep environs: nothing in them changes any more."""
    for _ in range(5):
        with Wire(port) as client:
            for n in range(10):
                client.send(b"GET /environ-kept HTTP/1.1\r\nHost: x%d\r\n\r\n"
                            % (n % 3))
                assert json.loads(client.response().body) == 0


def paths(port):
    """PATH_INFO is decoded bytes as latin-1; REQUEST_URI is as it was sent."""
    for sent, path in (("/environ", "/environ"), ("/%65nviron", "/environ")):
        found = ask(port, sent)
        assert found["PATH_INFO"][1] == path
        assert found["REQUEST_URI"][1] == sent
    with Wire(port) as client:
        client.send(b"GET http://other.org:81/environ?q HTTP/1.1\r\n"
                    b"Host: example.org\r\n\r\n")
        found = client.response().json()
    assert found["HTTP_HOST"][1] == "other.org:81", found["HTTP_HOST"]
    assert found["SERVER_NAME"][1] == "other.org"
    with Wire(port) as client:
        client.send(b"GET /environ HTTP/1.0\r\n\r\n")
        found = client.response().json()
    assert found["SERVER_PROTOCOL"][1] == "HTTP/1.0"
    assert found["SERVER_NAME"][1] == "127.0.0.1"
    assert "HTTP_HOST" not in found
    with Wire(port) as client:
        client.send(b"GET /environ HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n")
        assert client.response().json()["SERVER_NAME"][1] == "[::1]"


def repeated_values(port):
    """What is kept from one request to the next never leaks into it."""
    with Wire(port) as client:
        for n in range(300):
            name = b"X-N%d" % (n % 200)
            client.send(b"GET /environ HTTP/1.1\r\nHost: h%d\r\n%s: v%d\r\n"
                        b"X-Same: same\r\nAuthorization: a%d\r\n"
                        b"%s: 1\r\n\r\n" % (n // 2, name, n, n,
                                            b"Long-" * 20 + b"%d" % (n % 3)))
            found = client.response().json()
            key = name.decode().upper().replace("-", "_")
            assert found["HTTP_" + key][1] == f"v{n}", n
            assert found["HTTP_AUTHORIZATION"][1] == f"a{n}"
            assert found["HTTP_HOST"][1] == f"h{n // 2}"
            assert found["SERVER_NAME"][1] == f"h{n // 2}"
            others = [key for key in found if key.startswith("HTTP_")]
            assert len(others) == 5, others


# ---- start_response ----

# What the message must name.
NAMED = {
    "bytes-status": "TypeError: status must be str, not bytes",
    "no-digits": "ValueError: status 'OK'",
    "informational": "ValueError: status '101",
    "status-newline": "ValueError: status '200 OK",
    "status-unicode": "ValueError: status '200",
    "headers-none": "TypeError: start_response: headers must be a list",
    "headers-dict": "TypeError: start_response: headers must be a list",
    "not-a-pair": "TypeError: a header must be a tuple (name, value), not "
                  "'X-Pair'",
    "three": "TypeError: a header must be a tuple (name, value), not "
             "('X-Three', 'a', 'b')",
    "name-bytes": "TypeError: a header's name must be str, not bytes",
    "value-bytes": "TypeError: header 'X-Bytes': value must be str, not bytes",
    "value-int": "TypeError: header 'X-Int': value must be str, not int",
    "value-newline": "ValueError: header 'X-Newline': ",
    "value-nul": "ValueError: header 'X-Nul': ",
    "value-unicode": "ValueError: header 'X-Unicode': ",
    "name-space": "ValueError: header 'X Space': ",
    "name-colon": "ValueError: header 'X-Colon:': ",
    "name-empty": "ValueError: header '': ",
    "hop-by-hop": "ValueError: header 'Transfer-Encoding': ",
    "length-text": "ValueError: header 'Content-Length': ",
}


def bad_heads(port, log):
    """Each is a 500, and the log names the header."""
    for case, message in NAMED.items():
        response = get(port, "/bad-head?" + case)
        assert response.status == 500, (case, response.status)
        assert b"never" not in response.body
        with open(log, encoding="utf-8", errors="replace") as lines:
            assert message in lines.read(), (case, message)
    told = ask(port, "/bad-head-caught")
    for case, message in NAMED.items():
        assert told[case].startswith(message), (case, told[case])
    assert get(port, "/bad-head-ignored").status == 500


def heads(port):
    assert get(port, "/no-head").status == 500
    assert get(port, "/no-head-empty").status == 500
    assert get(port, "/late-head").body == b"late head"
    response = get(port, "/twice")
    assert response.status == 200
    assert response.body.startswith(b"RuntimeError: "), response.body
    assert get(port, "/status-only-digits").status == 200
    response = get(port, "/tuple-headers")
    assert (response.get("x-tuple"), response.body) == ("yes", b"tuple")


def exc_info(port):
    response = get(port, "/exc-info-replaces")
    assert response.status == 503 and response.reason == "Replaced"
    assert response.get("x-first") is None
    assert (response.get("x-second"), response.body) == ("yes", b"replaced")
    assert get(port, "/exc-info-by-name").status == 503
    assert get(port, "/exc-info-none").body == b"fine"
    with Wire(port) as client:
        try:
            client.get("/exc-info-too-late")
        except Ended as end:
            assert b"never" not in end.data
        else:
            raise AssertionError("a response that looks whole")


# ---- bodies ----

def bodies(port):
    """Content-Length where the length is known, chunks where it is not."""
    large = b"x" * 50000 + b"y" * 50000 + b"z"
    whole = {"list": b"one", "list-many": b"one,two,three", "list-empty": b"",
             "tuple": b"one,two", "bytes": b"bytes", "sized-one": b"one",
             "iterator-one": b"one", "iterator-tuple": b"one",
             "iterator-left": b"one", "list-large": large}
    pieces = {"generator": b"one,two", "iterator": b"one,two",
              "map": b"one,two", "sized-lie": b"one,two"}
    for kind, text in whole.items():
        response = get(port, "/body?" + kind)
        assert response.body == text, (kind, response.body)
        assert response.get("content-length") == str(len(text)), kind
    for kind, text in pieces.items():
        response = get(port, "/body?" + kind)
        assert response.body == text, (kind, response.body[:100])
        assert response.chunks, kind
    for kind in ("set", "sized-none"):
        assert get(port, "/body?" + kind).status == 200
    for kind, text in {**whole, **pieces}.items():
        with Wire(port) as client:
            response = client.get("/body?" + kind, method=b"HEAD")
            assert response.status == 200
            # The next answer comes right behind: no body was sent.
            assert client.get("/body?list").body == b"one"
        with Wire(port) as client:
            client.send(b"GET /body?%s HTTP/1.0\r\n\r\n" % kind.encode())
            response = client.response()
            assert response.body == text and response.chunks is None


def bad_bodies(port, log):
    for kind, message in {
            "str": "must be bytes, not str: 'text'",
            "list-str": "must be bytes, not str: 'text'",
            "list-int": "must be bytes, not int: 5",
            "list-none": "must be bytes, not NoneType: None",
            "bytearray": "must be bytes, not bytearray",
            "none": "'NoneType' object is not iterable",
            "int": "'int' object is not iterable"}.items():
        response = get(port, "/body?" + kind)
        assert response.status == 500, (kind, response.status)
        with open(log, encoding="utf-8", errors="replace") as lines:
            assert message in lines.read(), (kind, message)
    try:
        get(port, "/body?generator-str")
    except Ended:
        pass
    else:
        raise AssertionError("a response that looks whole")


def writes(port):
    response = get(port, "/write")
    assert response.body == b"written twice and returned", response.body
    assert response.chunks[:2] == [8, 6], response.chunks
    response = get(port, "/write-only")
    assert (response.body, response.chunks) == (b"whole", None)
    response = get(port, "/write-str")
    assert response.body.startswith(b"TypeError: "), response.body


def closes(port):
    """close() is called once, however it ended."""
    for how in ("well", "raises", "close-raises", "str", "no-head", "no-iter"):
        try:
            response = get(port, "/closing?" + how)
        except Ended:
            assert how in ("raises", "str"), how
        else:
            assert how not in ("raises", "str"), how
            wanted = 500 if how in ("no-head", "no-iter") else 200
            assert response.status == wanted, (how, response.status)
            if how == "close-raises":
                assert response.body == b"whole"
        told = notes(port)
        assert told.count("close() " + how) == 1, (how, told)
        if how != "no-iter":
            assert told.count("closed " + how) == 1, (how, told)


def client_leaves(port):
    """A generator is closed when the client has left, and nothing is logged
    as the app's mistake."""
    with Wire(port) as client:
        client.send(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        client.head()
    until("the generator is closed", lambda: "closed endless" in notes(port))


def client_leaves_in_body(port):
    with Wire(port) as client:
        client.send(b"POST /read-and-leave HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 100\r\n\r\nabc")
    until("the app sees it", lambda: [
        note for note in notes(port)
        if note and note.startswith("ClientGone: ")])


# ---- exceptions ----

def exceptions(port, log):
    """Whatever the app raises is a 500 and a traceback; the worker stays."""
    worker = ask(port, "/module")["masterpid"]
    for path, text in {
            "/raises?SystemExit": "SystemExit: 3",
            "/raises?KeyboardInterrupt": "KeyboardInterrupt",
            "/raises?MemoryError": "MemoryError",
            "/raises?GeneratorExit": "GeneratorExit",
            "/raises?surrogate": "ValueError: \\udcff",
            "/raises-unprintable": "Unprintable: <",
            "/recursion": "RecursionError"}.items():
        assert get(port, path).status == 500, path
        with open(log, encoding="utf-8", errors="replace") as lines:
            assert text in lines.read(), (path, text)
    assert ask(port, "/module")["masterpid"] == worker


# ---- wsgi.input ----

def inputs(port):
    body = b"first\nsecond\n\nlast"
    assert ask(port, "/input-lines", body) == \
        ["first\n", "second\n", "\n", "last"]
    assert ask(port, "/input-lines", b"") == []
    assert ask(port, "/input-lines") == []
    long = b"x" * 100000 + b"\n" + b"y" * 20000
    assert ask(port, "/input-lines", long) == \
        [line.decode() for line in long.splitlines(True)]
    assert ask(port, "/input-into", b"abcdefghij") == [[6, 4], "ghijef"]
    assert ask(port, "/input-json", b'{"a": [1, 2]}') == {"a": [1, 2]}
    told, rest = ask(port, "/input-wrong", b"still there")
    assert [text.split(":")[0] for text in told] == \
        ["TypeError", "TypeError", "BufferError", "TypeError"], told
    assert rest == "still there"
    told, rest = ask(port, "/input-in-thread", b"body")
    assert told[0].startswith("RuntimeError: "), told
    assert rest == "body"


def input_mixed(port):
    body = b"line one\nabcdef\nline three\nfour\nfive\nsix"
    wanted = [b"line one\n", b"abc", b"de", b"f\n", b"", 16,
              [b"line three\n"], [b"four\n", b"five\n", b"six"], b"", b"",
              b"", len(body)]
    with Wire(port) as client:
        for extra in range(3):
            if extra == 0:
                response = client.post("/input-mixed", body)
            elif extra == 1:
                client.send(b"POST /input-mixed HTTP/1.1\r\nHost: x\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n")
                client.drip(chunked(body, 3), 0.001, 7)
                response = client.response()
            else:
                client.send(b"POST /input-mixed HTTP/1.1\r\nHost: x\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(body))
                client.drip(body, 0.001, 1)
                response = client.response()
            assert response.json() == [repr(item) for item in wanted], \
                response.body


def seek_streamed(port):
    first, second, told, length = ask(port, "/input-seek", b"body")
    assert (first, second, length) == ("body", "", "4")
    assert told.startswith("OSError: "), told


def seek_collected(port):
    wanted = ["body", "body", None, "4"]
    assert ask(port, "/input-seek", b"body") == wanted
    with Wire(port) as client:
        client.send(b"POST /input-seek HTTP/1.1\r\nHost: x\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n"
                    + chunked(b"body", 1))
        assert client.response().json() == wanted
        big = b"0123456789" * 100000
        client.send(b"POST /input-seek HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(big) + big)
        first, second, told, _ = client.response().json()
        assert first == second == big.decode() and told is None


def kept(port):
    """What belongs to a request is dead when that is over."""
    with Wire(port) as client:
        for n in range(20):
            response = client.post("/keep", b"secret line\nsecret rest")
            assert response.body == b"kept secret line\n"
            told, same, body = client.post("/use-kept", b"mine").json()
            assert [text and text.split(":")[0] for text in told] == [
                "ValueError", "ValueError", "ValueError", "ValueError",
                "RuntimeError", "RuntimeError", None], told
            assert same == [False, False] and body == "mine"
        assert client.get("/notes").status == 200


# ---- files ----

def files(port):
    plain = bytes(range(256)) * 1000
    text = b"in memory " * 5000
    for kind, wanted in {
            "plain": plain, "seeked": plain[1500:], "bytes": text,
            "gzip": b"plain text " * 1000, "reader": b"one,two",
            "raw": plain, "empty": b""}.items():
        for _ in range(2):
            response = get(port, "/wrapped?" + kind)
            assert response.body == wanted, (kind, len(response.body))
        with Wire(port) as client:
            assert client.get("/wrapped?" + kind, method=b"HEAD").status == 200
            assert client.get("/body?list").body == b"one"
    assert get(port, "/wrapped?plain").get("content-length") == "256000"
    assert get(port, "/wrapped?proc").body.startswith(b"Name:")
    assert notes(port).count("closed file") == 3
    assert get(port, "/wrapped?text").status == 500
    assert get(port, "/wrapped?writing").status == 500
    response = get(port, "/wrapped?plain&length=1000")
    assert response.body == plain[:1000]
    try:
        get(port, "/wrapped?plain&length=300000")
    except Ended as end:
        assert len(end.data) == len(plain)
    else:
        raise AssertionError("a file shorter than announced looks whole")
    assert get(port, "/wrapped-partly").body == \
        b"1000 BufferedReader 1000 True"


# ---- logs, modules, contexts ----

def complains(port):
    assert ask(port, "/complain").startswith("TypeError: ")


def module(port, cores, processes, engine=None):
    told = ask(port, "/module")
    assert told["same"] and told["ready"]
    assert 1 <= told["worker_id"] <= int(processes)
    assert told["masterpid"] == told["parent"]
    assert told["numproc"] == int(processes)
    assert told["cores"] == int(cores)
    assert told["version_info"] == 5
    assert told["opt"]["module"] == "b'wsgi_cases'"
    for option in ("greenlet", "threads"):
        assert (option in told["opt"]) == (option == engine), option
    assert "body-timeout" not in told["opt"]
    assert told["log"].startswith("TypeError: ")


def contexts(port):
    """Many at a time, and one after the other."""
    for round in range(5):
        clients = [Wire(port) for _ in range(8)]
        for n, client in enumerate(clients):
            client.send(b"GET /context?%d HTTP/1.1\r\nHost: x\r\n\r\n" % n)
        for n, client in enumerate(clients):
            assert client.response().body == b"unset %d" % n
            client.sock.close()


def context_kept(port):
    """What a request does with its context is not seen by the next one."""
    client = Wire(port)
    named = ask(port, "/context-kept?none")[1]
    assert named in (0, 1), named
    for how in ("none", "twice", "reset", "keep", "copy", "other", "value",
                "none") * 3:
        client.send(b"GET /context-kept?%s HTTP/1.1\r\nHost: x\r\n\r\n"
                    % how.encode())
        found = json.loads(client.response().body)
        assert found[:2] == ["unset", named], (how, found)
        assert set(found[2:]) <= {"mine"}, (how, found)


def waits(port):
    told, wrong = ask(port, "/waits")
    assert told == ["", "w", "", "w", "r", "r", None, None, "r", "r"], told
    assert [text.split(":")[0] for text in wrong] == \
        ["OSError", "TypeError", "ValueError", "ValueError", "TypeError",
         "ValueError"], wrong
    assert ask(port, "/waits-in-thread") == [[None, "w"]]


if __name__ == "__main__":
    wire.run(globals())
