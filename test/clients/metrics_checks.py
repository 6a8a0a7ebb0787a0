"""Checks of /metrics, read with Prometheus' own parsers.

metrics_checks.py CHECK ADDRESS...: a port, or the path of a unix socket.
"""
import math
import os
import re
import signal
import threading
import time
from urllib.parse import quote

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

from wire import HOST, Wire, get, run, stats, until

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# As Prometheus sends it.
ACCEPT = (b"Accept: application/openmetrics-text;version=1.0.0;q=0.75,"
          b"text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n")
DOC = os.path.join(os.path.dirname(__file__), "../../doc/monitoring.md")


def scrape(address, accept=b""):
    """The families, by name."""
    with Wire(address) as wire:
        wire.send(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n" + accept
                  + b"\r\n")
        answer = wire.response()
    assert answer.status == 200, answer.status
    assert answer.get("content-type") == (OPEN if accept else PLAIN)
    read = openmetrics if accept else parser
    families = list(read.text_string_to_metric_families(answer.body.decode()))
    names = [family.name for family in families]
    assert len(set(names)) == len(names), names
    return {family.name: family for family in families}


def values(address):
    """Every sample's value, by its name and labels."""
    return {(sample.name, *sorted(sample.labels.items())): sample.value
            for family in scrape(address).values()
            for sample in family.samples}


def value(address, name, **labels):
    return values(address)[("wsgimaster_" + name, *sorted(labels.items()))]


def is_value(address, wanted, name, *labels):
    """is-value ADDRESS 3 requests_total mount=/ code=2xx: comes to be so."""
    pairs = dict(label.split("=", 1) for label in labels)

    def is_so():
        got = values(address).get(("wsgimaster_" + name,
                                   *sorted(pairs.items())))
        return got is not None and got == float(wanted)
    until(f"{name} {labels} is {wanted}", is_so)


def forms(address):
    """Both forms are read by their parsers and say the same."""
    plain, other = scrape(address), scrape(address, ACCEPT)
    assert set(plain) == set(other), set(plain) ^ set(other)
    for name, family in plain.items():
        assert re.fullmatch(r"wsgimaster(_[a-z]+)+", name), name
        assert family.documentation and family.type != "unknown", name
        assert family.type == other[name].type, name
        assert family.documentation == other[name].documentation
        assert family.samples, name
        for sample in family.samples:
            assert math.isfinite(sample.value) and sample.value >= 0, sample
            assert (family.type == "counter") == \
                sample.name.endswith("_total"), sample.name


def documented(address):
    """Each metric stands in the manual's table, and no other."""
    with open(DOC, encoding="utf-8") as f:
        cells = re.findall(r"^\| ([^|]*)", f.read(), re.M)
    told = set(re.findall(r"`(wsgimaster_\w+)", " ".join(cells)))
    there = {name + ("_total" if family.type == "counter" else "")
             for name, family in scrape(address).items()}
    # Only after a reload.
    there |= {"wsgimaster_last_reload_" + what for what in
              ("success", "timestamp_seconds", "duration_seconds")}
    assert told == there, told ^ there


def histogram(address, port):
    """Steps that double; a request falls into the one of its time."""
    before = values(address)
    for seconds in ("0.01", "0.3"):
        assert get(port, "/sleep/" + seconds).status == 200
    name, mount = "wsgimaster_request_duration_seconds", ("mount", "/")
    until("both are counted", lambda: values(address)[
        (name + "_count", mount)] == before[(name + "_count", mount)] + 2)
    after = values(address)
    limits = sorted((float(dict(key[1:])["le"]), key) for key in after
                    if key[0] == name + "_bucket" and mount in key)
    assert len(limits) == 22 and limits[-1][0] == math.inf
    for (low, _), (high, _) in zip(limits, limits[1:-1]):
        assert abs(high / low - 2) < 1e-9
    grown = [after[key] - before[key] for _, key in limits]
    assert grown == sorted(grown) and grown[-1] == 2
    for limit, key in limits:
        if limit < 0.01:
            assert after[key] == before[key], limit
        elif limit < 0.3:
            assert after[key] - before[key] <= 1, limit
    took = after[(name + "_sum", mount)] - before[(name + "_sum", mount)]
    assert 0.31 <= took < 30, took


def busy(address, port):
    """Busy time grows while a request runs, and is kept if it is killed."""
    name = ("wsgimaster_worker_core_busy_seconds_total", ("worker", "1"))
    for _ in range(2):
        with Wire(port) as wire:
            wire.send(b"GET /sleep/60 HTTP/1.1\r\n" + HOST + b"\r\n")
            until("it runs",
                  lambda: value(address, "requests_in_flight") == 1)
            begin = time.monotonic()
            first = values(address)[name]
            time.sleep(0.5)
            second = values(address)[name]
            passed = time.monotonic() - begin
            assert 0.4 < second - first <= passed + 0.1, (first, second)
            assert value(address, "worker_cores_busy", worker="1") == 1
            os.kill(stats(address)["workers"][0]["pid"], signal.SIGKILL)
        until("it is over",
              lambda: value(address, "requests_in_flight") == 0)
        assert values(address)[name] >= second
        until("another worker is there",
              lambda: value(address, "workers", state="ready") == 1)


def queue(address, port):
    """Two cores: the third request waits, and that can be seen."""
    go = os.path.abspath("go")
    assert value(address, "queue_length") == 0
    assert value(address, "queue_age_seconds") == 0
    with Wire(port) as one, Wire(port) as two, Wire(port) as three:
        for wire in one, two:
            wire.send(b"GET /until/%s HTTP/1.1\r\n" % quote(
                go, safe="").encode() + HOST + b"\r\n")
        until("they run", lambda: value(address, "requests_in_flight") == 2)
        three.send(b"GET /sleep/0 HTTP/1.1\r\n" + HOST + b"\r\n")
        until("it waits", lambda: value(address, "queue_length") == 1)
        until("for longer", lambda: value(
            address, "queue_age_seconds") > 0.3)
        with open(go, "w"):
            pass
        for wire in one, two, three:
            assert wire.response().status == 200
    until("no more", lambda: value(address, "queue_length") == 0)
    assert value(address, "queue_age_seconds") == 0


def lagged(address):
    """Something held the loop for 0.7 seconds."""
    until("it is counted",
          lambda: value(address, "worker_loop_lags_total", worker="1") > 0)
    assert value(address, "worker_loop_lag_seconds", worker="1") < 60


def cut(address, port):
    """A client that leaves in the middle."""
    with Wire(port, receive_buffer=4096) as wire:
        wire.send(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n")
        wire.take(10000)
    until("it is counted", lambda: value(address, "responses_cut_total") == 1)


def refused(address, port):
    with Wire(port) as wire:
        wire.send(b"GET / HTTP/1.1\r\nA : b\r\n\r\n")
        assert wire.response().status == 400
    until("it is counted",
          lambda: value(address, "requests_refused_total") == 1)


def never_down(address, port, generation):
    """Counters only grow, whatever happens to the workers.

    Requests run, workers are killed, and the server is told to reload; mounts
    may move in that.
    """
    over = threading.Event()

    def load():
        while not over.is_set():
            for path in ("/one/sleep/0", "/two/status/404", "/status/302"):
                try:
                    with Wire(port) as wire:
                        wire.get(path)
                except Exception:           # its worker was killed
                    pass
    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        # A worker that is killed in a reload may have been about to leave.
        last, kills, doubtful, rounds = {}, 0, 0, 0
        while rounds < 10 or stats(address)["generation"] < int(generation):
            now = values(address)
            for key, was in last.items():
                if re.search("_(total|bucket|sum|count)$", key[0]):
                    assert now.get(key, -1) >= was, (key, was, now.get(key))
            last = now
            state = stats(address)
            pids = [worker["pid"] for worker in state["workers"]
                    if worker["state"] == "ready"]
            if pids and rounds % 3 == 1 and kills < 4:
                kills += 1
                doubtful += rounds > 5
                try:
                    os.kill(pids[kills % len(pids)], signal.SIGKILL)
                except ProcessLookupError:
                    assert rounds > 5, pids
            if rounds == 5:
                os.kill(state["pid"], signal.SIGHUP)
            rounds += 1
            assert rounds < 600
            time.sleep(0.1)
        for mount, code in (("/one", "2xx"), ("/two", "4xx"), ("/", "3xx")):
            got = {dict(key[1:])["code"]: count
                   for key, count in values(address).items()
                   if key[0] == "wsgimaster_requests_total"
                   and ("mount", mount) in key}
            assert got.pop(code) > 0, (mount, got)
            assert not any(got.values()), (mount, got)
        until("the deaths are counted", lambda: kills - doubtful <= value(
            address, "worker_endings_total", reason="died") <= kills)
    finally:
        over.set()
        for thread in threads:
            thread.join()


run(globals())
