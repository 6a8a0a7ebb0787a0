#!/usr/bin/env python3
"""The compatibility run: one app under uWSGI and under this server.

    compat.py [--ports N,N] [--show] [SETUP...]     (all without a name)
    compat.py --markdown                            the list, for the manual
    compat.py --documented                          is each row documented?

For each set-up both servers are started with the same options, every case of
the set-up is asked of both, and the answers are compared. A difference that
differences.txt has no row for fails, and so does a row for what no longer
differs. Environment: WSGIMASTER (the server), UWSGI (its name or path).
"""
import argparse
import concurrent.futures
import fnmatch
import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import ws_client

HERE = os.path.dirname(os.path.abspath(__file__))
MANUAL = os.path.join(HERE, "..", "..", "doc", "migrating-from-uwsgi.md")
START_SECONDS = 60
ANSWER_SECONDS = 10
# Where uWSGI never answers it is not waited for so long; since they cost it a
# core, they come at the end.
NEVER = ["suspend", "green_schedule", "async.half", "websocket_recv.plain"]
NEVER_SECONDS = 2
NOTE_SECONDS = 10       # until a handler has left a note
PLUGINS = "/usr/lib/uwsgi/plugins"
PLUGIN_LIST = "python3,greenlet_python3,rpc,cache,signal,spooler"

# What needs a subsystem, and must not be asked where it would wait for ever.
WAITING = ["mule_get_msg", "farm_get_msg", "signal_wait"]
HANDLERS = ["signal.*", "notes.*", "add_*", "set_spooler_frequency"]
ASYNC = ["async.*"]
COMMON = ["environ.*", "input.*", "page.*"]
NOT_WEBSOCKET = "page.websocket*"

# A set-up: the options of both and of this one alone, which cases are asked,
# which are not.
SETUPS = {
    "plain": dict(options=[], ask=["*"],
                  leave=[*WAITING, *HANDLERS, *ASYNC, "remote.*", "suspend",
                         "decorators.spool", "websocket_recv*", "lock*", "unlock*",
                         "is_locked*"]),
    "async": dict(options=["--async", "4", "--greenlet"],
                  ask=[*COMMON, *ASYNC, "async_*", "connect*", "cl", "cl.*",
                       "recv.*", "send.*", "close.*", "chunked_*",
                       "request_id", "cores", "loop", "suspend",
                       "wait_fd_*", "green_schedule", "ready_fd",
                       "has_threads", "env", "set_user_harakiri"],
                  leave=[]),
    "threads": dict(options=["--threads", "4", "--locks", "2"],
                    ask=[*COMMON, "lock*", "unlock*", "is_locked*",
                         "cores", "has_threads", "connect*", "rpc*",
                         "thread", "workers*", "decorators"],
                    # Whichever thread came first.
                    leave=["environ.uwsgi.core"]),
    "subsystems": dict(
        options=["--spooler", "spool", "--mules", "2", "--farm", "f:1",
                 "--queue", "5", "--sharedarea", "1", "--locks", "2",
                 "--cache2", "name=c,items=10",
                 "--cache2", "name=d,items=5", "--metric", "name=foo",
                 "--metric", "name=other", "--stats", "stats.sock"],
        ask=["has.*", "spool*", "send_to_spooler*", "SPOOL", "i_am_the_*",
             "set_spooler_frequency", "mule_*", "farm_*", "in_farm*",
             "queue_*", "sharedarea_*", "cache_*", "metric_*", "lock*",
             "unlock*", "is_locked*", "decorators", "decorators.spool",
             "notes.mule*", "notes.spooler*", "notes.fork", "applications"],
        leave=[]),
    "signals": dict(
        options=["--mules", "1", "--farm", "f:1", "--spooler", "spool",
                 "--socket", "uwsgi.sock"],
        here=["--remote-signals", "20"],
        environ={"COMPAT_TIMERS": "1"},
        ask=["register_signal*", "signal*", "add_*", "notes.signal*",
             "notes.decorated", "decorators", "decorators.lacks"],
        leave=["add_var*"]),
    # Each asks the other one: in both directions.
    "remote": dict(options=["--threads", "4", "--buffer-size", "65535",
                            "--cache2", "name=c,items=10"],
                   ask=["remote.*"], leave=[]),
    "websockets": dict(options=["--async", "4", "--greenlet"],
                       ask=["websocket_*", "notes.websocket"], leave=[]),
}

BODY = b"first line\nsecond\nlast without"
CHUNKS = [b"one", b"twotwo"]
REQUESTS = {
    "environ.*": dict(path="?a=b&c=%20", headers={"X-Probe": "value"}),
    "input.empty": {},
    "input.*": dict(method="POST", body=BODY),
    "cl": dict(method="POST", body=BODY),
    "recv.client": dict(method="POST", body=BODY),
    "chunked_*": dict(method="POST", chunks=CHUNKS),
    "page.head": dict(method="HEAD"),
}
NOT_COMPARED = {"connection", "content-length", "transfer-encoding", "date",
                "server", "keep-alive"}


def request_of(case):
    """The first row of REQUESTS that is meant."""
    for pattern, row in REQUESTS.items():
        if fnmatch.fnmatchcase(case, pattern):
            return row
    return {}


OTHERS = {"uwsgi": "here", "here": "uwsgi"}


def node(folder, name):
    """Where it can be called."""
    return os.path.join(folder, f"{name}.sock")


class Server:
    """One of the two, started in a session of its own."""

    def __init__(self, name, command, options, folder, port, environ):
        self.name = name
        self.port = port
        self.folder = os.path.join(folder, name)
        notes = os.path.join(self.folder, "notes")
        os.makedirs(notes)
        if "--spooler" in options:
            os.mkdir(os.path.join(self.folder, "spool"))
        open(os.path.join(notes, "monitored"), "w", encoding="utf-8").close()
        self.log = os.path.join(self.folder, "log")
        environ = {**os.environ, **environ, "COMPAT_NOTES": notes,
                   "COMPAT_OTHER": node(folder, OTHERS[name]),
                   "WSGIMASTER_ALLOW_ROOT": "1", "PYTHONUNBUFFERED": "1",
                   "PYTHONDONTWRITEBYTECODE": "1"}
        command = [*command, "--http-socket", f"127.0.0.1:{port}",
                   "--master", "--processes", "1", "--need-app",
                   "--enable-threads", "--env",
                   "ONE=1", "--env", "TWO=2", "--wsgi-file",
                   os.path.join(HERE, "compat_app.py"), *options]
        if "--buffer-size" in options:
            command += ["--socket", node(folder, name)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environ, stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                start_new_session=True)

    def wait(self):
        """Until it answers."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.ask("names").startswith("200"):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit(f"{self.name} did not start:\n{self.tail()}")

    def tail(self):
        """The end of its log."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-40:])

    def stop(self):
        """Asks it to leave, and then does not ask."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def ask(self, case):
        """Status, headers and body, as one text; or how it failed."""
        row = request_of(case)
        hopeless = case in NEVER and self.name == "uwsgi"
        client = http.client.HTTPConnection(
            "127.0.0.1", self.port,
            timeout=NEVER_SECONDS if hopeless else ANSWER_SECONDS)
        try:
            body = row.get("body", iter(row["chunks"])
                           if "chunks" in row else None)
            client.request(row.get("method", "GET"),
                           f"/{case}{row.get('path', '')}", body,
                           row.get("headers", {}),
                           encode_chunked="chunks" in row)
            answer = client.getresponse()
            headers = sorted(f"{key}: {value}" for key, value
                             in answer.getheaders()
                             if key.lower() not in NOT_COMPARED)
            body = answer.read()
        except TimeoutError:
            return "no answer"
        except ConnectionRefusedError:
            raise
        except (OSError, http.client.HTTPException):
            return "no answer"
        finally:
            client.close()
        text = body.decode("latin-1")
        if not case.startswith("page."):
            return f"{answer.status} {text}"
        return " | ".join([str(answer.status), *headers, text])

    def packet(self, data):
        """What a uwsgi packet is answered with."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(ANSWER_SECONDS)
            client.connect(os.path.join(self.folder, "uwsgi.sock"))
            client.sendall(data)
            return client.makefile("rb").read()

    def result(self, case):
        """What the case comes to."""
        if case in ws_client.CHECKS:
            try:
                return repr(ws_client.CHECKS[case](self.port))
            except OSError:
                return "no answer"
        if case == "signal.remote":
            return repr(self.packet(b"\x6e\0\0\x14"))
        if case == "async.together":
            begin = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                said = sorted(pool.map(self.ask, [case] * 4))
            return f"{said} at once: {time.monotonic() - begin < 3}"
        text = self.ask(case)
        text = text.removeprefix("200 ") if case[:5] != "page." else text
        text = re.sub("[0-9a-f-]{36}", "ID", text).strip()
        text = text.replace(self.folder, "FOLDER")
        return text.replace(str(self.port), "PORT")


def notes_settle(servers, case):
    """Both results of a case that others write: when they are the same, or
    have not changed for a while."""
    end = time.monotonic() + NOTE_SECONDS
    before, since = None, time.monotonic()
    while True:
        now = [server.result(case) for server in servers]
        if now != before:
            before, since = now, time.monotonic()
        quiet = time.monotonic() - since
        if now[0] == now[1] and now[0] != "[]" and quiet > 0.2:
            return now
        if quiet > 3 or time.monotonic() > end:
            return now
        time.sleep(0.1)


class Row:
    """A known difference."""

    def __init__(self, fields, line):
        self.line = line
        self.setups = fields["in"].split()
        self.case = fields["case"].split()
        self.uwsgi = fields.get("uwsgi", "*")
        self.here = fields.get("here", "*")
        self.why = fields["why"]
        self.names = fields.get("names", "").split() or [
            re.sub(r"^(has|environ\.kind|environ)\.", "", name)
            for name in self.case]

    def covers(self, setup, case):
        """Is it about that case?"""
        return setup in self.setups and any(
            fnmatch.fnmatchcase(case, pattern) for pattern in self.case)

    def fits(self, said, says):
        """Does it say what each says? Only a * stands for anything."""
        return all(re.fullmatch(
            ".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL)
            for pattern, text in ((self.uwsgi, said), (self.here, says)))


def rows():
    """differences.txt: paragraphs of "key: value" lines."""
    result, fields, begin = [], {}, 1
    path = os.path.join(HERE, "differences.txt")
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate([*file, "\n"], 1):
            line = line.rstrip("\n")
            if line.startswith("#"):
                continue
            if not line.strip():
                if fields:
                    result.append(Row(fields, begin))
                fields = {}
            elif line[0] in " \t":
                fields[key] += " " + line.strip()
            else:
                begin = begin if fields else number
                key, _, value = line.partition(":")
                fields[key] = value.strip()
    return result


def chosen(setup, names):
    """The cases that a set-up asks, in the app's order."""
    row = SETUPS[setup]
    return [name for name in sorted(names, key=lambda name: name in NEVER)
            if any(fnmatch.fnmatchcase(name, one) for one in row["ask"])
            and not any(fnmatch.fnmatchcase(name, one) for one in
                        [*row["leave"], NOT_WEBSOCKET])]


def answers(setup, ports, folder):
    """{case: (uWSGI's, ours)} of a set-up."""
    row = SETUPS[setup]
    uwsgi = [os.environ.get("UWSGI", "uwsgi"), "--plugins-dir", PLUGINS,
             "--plugins", PLUGIN_LIST]
    ours = [os.environ.get("WSGIMASTER", "wsgimaster")]
    servers = []
    try:
        for name, command, port in (("uwsgi", uwsgi, ports[0]),
                                    ("here", ours, ports[1])):
            options = row["options"] + (row.get("here", [])
                                        if name == "here" else [])
            servers.append(Server(name, command, options, folder,
                                  port, row.get("environ", {})))
        for server in servers:
            server.wait()
        there = set()
        for server in servers:
            there.update(server.ask("names")[4:].splitlines())
        names = [f"has.{name}" for name in sorted(there)]
        names += servers[1].ask("cases")[4:].splitlines()
        if setup == "signals":
            names = ["signal.remote", *names]
        if setup == "websockets":
            names = [*ws_client.CHECKS, *names]
        result = {}
        for case in chosen(setup, names):
            if case.startswith("notes."):
                result[case] = tuple(notes_settle(servers, case))
            else:
                result[case] = tuple(s.result(case) for s in servers)
        return result, [server.tail() for server in servers], sorted(there)
    finally:
        for server in servers:
            server.stop()



def run(setup, ports, known, show):
    """One set-up; the number of complaints."""
    with tempfile.TemporaryDirectory(prefix="compat.") as folder:
        result, logs, there = answers(setup, ports, folder)
    complaints, same, used = [], 0, set()
    for case, (said, says) in result.items():
        if said == says:
            same += 1
            if show:
                print(f"  {case}: {says}")
            continue
        for row in known:
            if row.covers(setup, case) and row.fits(said, says):
                used.add(row)
                break
        else:
            complaints.append(f"in: {setup}\ncase: {case}\n"
                              f"uwsgi: {said}\nhere: {says}\nwhy: ")
    for row in known:
        if setup in row.setups and row not in used:
            complaints.append(
                f"differences.txt:{row.line}: {' '.join(row.case)} in "
                f"{setup}: stale, nothing differs like that")
    print(f"{setup}: {len(result)} cases, {same} the same, "
          f"{len(result) - same} differ, {len(complaints)} complaints")
    for complaint in complaints:
        print(f"\n{complaint}")
    if complaints and show:
        print(*logs, sep="\n---\n")
    return len(complaints), there


def documented(known):
    """Rows whose names or reasons the manual lacks."""
    with open(MANUAL, encoding="utf-8") as file:
        manual = file.read()
    missing = [f"differences.txt:{row.line}: {name} is not in "
               "doc/migrating-from-uwsgi.md"
               for row in known for name in row.names
               if f"`{name}" not in manual]
    print(*missing, sep="\n")
    return len(missing)


def markdown(known):
    """The list as a table."""
    print("| case | set-up | uWSGI | here | why |\n|---|---|---|---|---|")
    for row in known:
        print("|", " | ".join(
            text.replace("|", "\\|") for text in
            (" ".join(f"`{name}`" for name in row.case),
             " ".join(row.setups), f"`{row.uwsgi}`", f"`{row.here}`",
             row.why)), "|")


def free_ports():
    """Two that nobody listens on, below those that clients get."""
    found = []
    while len(found) < 2:
        port = random.randrange(12000, 30000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found


def main():
    """The exit status: 1 when something differs that should not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ports")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--documented", action="store_true")
    parser.add_argument("setups", nargs="*", choices=[*SETUPS, []])
    args = parser.parse_args()
    known = rows()
    if args.markdown:
        markdown(known)
        return 0
    if args.documented:
        return 1 if documented(known) else 0
    if shutil.which(os.environ.get("UWSGI", "uwsgi")) is None:
        print("uwsgi is not installed (Debian: uwsgi-core)")
        return 77
    complaints, there = 0, set()
    for setup in args.setups or SETUPS:
        ports = ([int(port) for port in args.ports.split(",")]
                 if args.ports else free_ports())
        more, names = run(setup, ports, known, args.show)
        complaints += more
        there.update(names)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
