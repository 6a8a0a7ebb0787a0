"""Are the statistics what the tools for uWSGI read?

uwsgi_tools.py CHECK ADDRESS. The keys and their types are those that the
tools take; they are named here, not copied: uwsgi_exporter 1.3 decodes into
Go structs, where a number must be an integer and null or a float is wrong;
uwsgitop 0.12 reads with json and formats with %d.
"""
import json

from wire import Wire, run

# Structs of pkg/collector/stats.go: a key, and what it is decoded into.
SOCKET = {"name": str, "proto": str, "queue": int, "max_queue": int,
          "shared": int, "can_offload": int}
APP = {"id": int, "modifier1": int, "mountpoint": str, "startup_time": int,
       "requests": int, "exceptions": int, "chdir": str}
CORE = {"id": int, "requests": int, "static_requests": int,
        "routed_requests": int, "offloaded_requests": int,
        "write_errors": int, "read_errors": int, "in_request": int,
        "vars": [str]}
WORKER = {"id": int, "pid": int, "accepting": int, "requests": int,
          "delta_requests": int, "exceptions": int, "harakiri_count": int,
          "signals": int, "signal_queue": int, "status": str, "rss": int,
          "vsz": int, "running_time": int, "last_spawn": int,
          "respawn_count": int, "tx": int, "avg_rt": int, "apps": [APP],
          "cores": [CORE]}
SERVER = {"version": str, "listen_queue": int, "listen_queue_errors": int,
          "signal_queue": int, "load": int, "pid": int, "uid": int,
          "gid": int, "cwd": str, "sockets": [SOCKET], "workers": [WORKER],
          "caches": [{}]}
STATUSES = {"busy", "idle", "cheap"}


def raw(address):
    """As both tools read it: connect, say nothing, read to the end."""
    with Wire(address) as wire:
        return wire.rest()


def check_type(value, wanted, where):
    if isinstance(wanted, dict):
        assert isinstance(value, dict), where
        for key, kind in wanted.items():
            assert key in value, f"{where}.{key} is missing"
            check_type(value[key], kind, f"{where}.{key}")
        # Go takes a key that differs in its case only.
        for key in value:
            assert key in wanted or key.lower() not in wanted, key
    elif isinstance(wanted, list):
        assert isinstance(value, list), where
        for number, item in enumerate(value):
            check_type(item, wanted[0], f"{where}[{number}]")
    else:
        # bool is an int to Python, not to Go.
        assert type(value) is wanted, f"{where} is {value!r}"
        assert wanted is not int or -1 << 63 <= value < 1 << 63, where


def no_key_twice(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


def exporter(address):
    """Each key of the exporter's structs has its type."""
    data = raw(address)
    state = json.loads(data, object_pairs_hook=no_key_twice)
    check_type(state, SERVER, "stats")
    for worker in state["workers"]:
        assert worker["status"] in STATUSES
        assert worker["id"] > 0
        if worker["pid"]:
            assert worker["cores"]


def exporter_http(address):
    """Its HTTP reader wants this type exactly, and status 200."""
    for path in (b"/", b"/stats"):
        with Wire(address) as wire:
            wire.send(b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1:9191\r\n"
                      b"User-Agent: Go-http-client/1.1\r\n"
                      b"Accept-Encoding: gzip\r\n\r\n")
            answer = wire.response()
        assert answer.status == 200
        assert answer.get("content-type") == "application/json"
        check_type(json.loads(answer.body), SERVER, "stats")


def uwsgitop(address):
    """What it prints of the server, each worker and each core."""
    with Wire(address) as wire:
        text = ""
        while True:
            data = wire.sock.recv(4096)
            if len(data) < 1:
                break
            text += data.decode("utf8", "ignore")
    state = json.loads(text)
    assert "vassals" not in state
    line = "%s %d %d %d %d" % tuple(state[key] for key in (
        "cwd", "uid", "gid", "pid", "listen_queue"))
    assert line and state["version"]
    for worker in state["workers"]:
        line = "%s %d %d %d %d %s %d %d %d %d %s %s %s" % tuple(
            worker[key] for key in (
                "id", "pid", "requests", "exceptions", "signals", "status",
                "avg_rt", "rss", "vsz", "tx", "respawn_count",
                "harakiri_count", "running_time"))
        assert "None" not in line
        assert worker["last_spawn"] >= 0
        for core in worker.get("cores", []):
            merged = {**worker, **core}     # as its mode "merge" does
            assert merged["status"] in STATUSES
            assert core["in_request"] in (0, 1) and core["requests"] >= 0
            assert core["id"] < 100000


run(globals())
