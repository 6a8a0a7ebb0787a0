"""Checks of the Django project, as a browser with cookies would see it."""
import hashlib
import http.cookiejar
import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request

from wire import PATIENCE, run

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Browser:
    """Keeps cookies, follows redirects, fills in the CSRF token."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def open(self, path, data=None, headers=None):
        """(status, final path, text) of a request."""
        request = urllib.request.Request(self.base + path, data=data,
                                         headers=headers or {})
        try:
            answer = self.opener.open(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            path = urllib.parse.urlsplit(answer.geturl()).path
            return answer.status, path, answer.read().decode("utf-8")

    def token(self, path):
        return TOKEN.search(self.open(path)[2]).group(1)

    def submit(self, page, path, fields):
        """Sends a form that is on a page."""
        fields = dict(fields, csrfmiddlewaretoken=self.token(page))
        return self.open(path, urllib.parse.urlencode(fields).encode())

    def upload(self, page, path, name, data):
        """Sends a file in a form."""
        mark = "=====boundary====="
        parts = (
            f'--{mark}\r\nContent-Disposition: form-data; '
            f'name="csrfmiddlewaretoken"\r\n\r\n{self.token(page)}\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{name}"\r\nContent-Type: application/octet-stream'
            '\r\n\r\n')
        body = parts.encode() + data + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        return self.open(path, body, {"Content-Type": kind})

    def log_in(self):
        return self.submit("/admin/login/", "/admin/login/?next=/admin/",
                           {"username": "admin", "password": "secret"})


def admin(port):
    """Log in, add a note in the admin, find it, log out."""
    browser = Browser(port)
    status, path, page = browser.open("/admin/")
    assert (status, path) == (200, "/admin/login/"), (status, path)
    status, path, page = browser.log_in()
    assert (status, path) == (200, "/admin/"), (status, path)
    assert "Site administration" in page
    status, path, page = browser.submit(
        "/admin/notebook/note/add/", "/admin/notebook/note/add/",
        {"text": f"in the admin {port}", "_save": "Save"})
    assert (status, path) == (200, "/admin/notebook/note/"), (status, path)
    assert "was added successfully" in page
    page = browser.open(f"/admin/notebook/note/?q=the+admin+{port}")[2]
    assert f"in the admin {port}" in page, page
    assert re.search(r"^1 note$", page, re.M), page
    browser.open("/admin/logout/")
    assert browser.open("/admin/")[1] == "/admin/login/"


def wrong_password(port):
    browser = Browser(port)
    status, path, page = browser.submit(
        "/admin/login/", "/admin/login/?next=/admin/",
        {"username": "admin", "password": "wrong"})
    assert (status, path) == (200, "/admin/login/"), (status, path)
    assert "Please enter the correct username and password" in page


def csrf(port):
    """A form without its token is refused."""
    status, _, page = Browser(port).open("/notes/add/", b"text=evil")
    assert status == 403 and "CSRF" in page, status


def session(port, workers):
    """One session, whichever worker answers."""
    browser, pids, asked = Browser(port), set(), 0
    while asked < 2000 and (len(pids) < int(workers) or asked < 10):
        asked += 1
        count, pid = browser.open("/worker/")[2].split()
        assert int(count) == asked, (count, asked)
        pids.add(pid)
    assert len(pids) >= int(workers), pids


def upload(port, mib):
    """A file goes up, and comes back the same."""
    data = b"".join(b"%09d\n" % n for n in range(int(mib) * 104858))
    browser = Browser(port)
    status, _, text = browser.upload("/", "/upload/", "big.bin", data)
    assert status == 201, (status, text[:300])
    kept = json.loads(text)
    assert kept["size"] == len(data)
    assert kept["sha256"] == hashlib.sha256(data).hexdigest()
    with urllib.request.urlopen(
            f"{browser.base}/files/{kept['id']}/", timeout=PATIENCE) as answer:
        assert answer.headers["Content-Length"] == str(len(data))
        assert answer.read() == data


def orm(port, threads, count):
    """Many write and read back at the same time; nothing is lost."""
    base, wrong = f"http://127.0.0.1:{port}", []
    notes = f"{base}/notes/"
    with urllib.request.urlopen(notes, timeout=PATIENCE) as answer:
        before = len(json.load(answer)["notes"])

    def client(name):
        for number in range(int(count)):
            text = f"{name}-{number}"
            try:
                with urllib.request.urlopen(f"{base}/write/?text={text}",
                                            timeout=PATIENCE) as answer:
                    got = answer.read().decode()
                if got != text:
                    wrong.append((text, got))
            except OSError as error:
                wrong.append((text, repr(error)))

    clients = [threading.Thread(target=client, args=(n,))
               for n in range(int(threads))]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert not wrong, wrong[:5]
    with urllib.request.urlopen(notes, timeout=PATIENCE) as answer:
        after = len(json.load(answer)["notes"])
    assert after == before + int(threads) * int(count), (before, after)


def errors(port):
    """Django's own pages for what goes wrong."""
    browser = Browser(port)
    status, _, page = browser.open("/no/such/page/")
    assert status == 404 and "<h1>Not Found</h1>" in page
    status, _, page = browser.open("/missing/")
    assert status == 404 and "<h1>Not Found</h1>" in page
    status, _, page = browser.open("/raise/")
    assert status == 500 and "<h1>Server Error (500)</h1>" in page
    assert "on purpose" not in page


def stream(port):
    status, _, page = Browser(port).open("/stream/")
    assert status == 200
    assert page == "".join(f"{n}\n" for n in range(1000))


run(globals())
