"""The servers of the benchmark: a row each, how it is started.

A row's function takes a Place (measure.py: port, environment, workload, its
temporary folder) and returns the command, or raises Missing.
"""
import os
import shutil
import subprocess
from pathlib import Path

from workloads import ALL, ASKED_FOR, FRAMEWORKS, PARK, PLAIN, SLEEP

HERE = Path(__file__).resolve().parent
APPS = HERE / "apps"
FLOOR = Path(os.environ.get("FLOOR_BUILD", HERE / "floor" / "build"))
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
PLUGINS = Path("/usr/lib/uwsgi/plugins")
CORES = "{cores}"       # what place.cores says


class Missing(Exception):
    """A server cannot run here: what is missing, and the Debian packages
    that bring it, or what else is to be done.
    """

    def __init__(self, what, packages=(), remedy=None):
        remedy = remedy or "Debian: " + " ".join(packages)
        super().__init__(f"{what} is missing ({remedy})")
        self.packages = packages


class Refused(Missing):
    """This build of the server does not take the options."""

    def __init__(self, text):
        Exception.__init__(self, "refused: " + " ".join(text.split())[-200:])
        self.packages = ()


def target(place, sleep="sleep_thread"):
    """(module, callable) of a workload."""
    if place.workload.module:
        return place.workload.module, place.workload.call
    module = {"sleep50": sleep, "park": sleep, "flask": "flask_hello",
              "django": "django_hello"}.get(place.workload.name, "wsgi_apps")
    if place.workload.name in FRAMEWORKS:
        needs_module(place.workload.name)
    return module, place.workload.call


def filled(options, place):
    """Options with the number of cores in its place."""
    return [option.format(cores=place.cores) for option in options]


def program(name, package):
    path = shutil.which(name)
    if not path:
        raise Missing(name, [package])
    return path


def needs_module(name):
    if subprocess.run([PYTHON, "-c", f"import {name}"],
                      stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode:
        package = "gunicorn" if name == "gunicorn" else f"python3-{name}"
        raise Missing(f"{PYTHON}'s module {name}", [package])


def wsgimaster_binary():
    """WSGIMASTER, or what was built here, or what is installed."""
    named = os.environ.get("WSGIMASTER")
    built = HERE.parent / "build"
    for path in (named, HERE.parent / "wsgimaster", built / "wsgimaster",
                 built / "server" / "wsgimaster", shutil.which("wsgimaster")):
        if path and os.access(path, os.X_OK) and not os.path.isdir(path):
            return str(path)
    raise Missing("wsgimaster", remedy="build it, or set WSGIMASTER")


def wsgimaster(*options, sleep="sleep_thread"):
    def command(place):
        module, call = target(place, sleep)
        argv = [wsgimaster_binary(), "--http-socket", place.address,
                "--processes", "1", "--listen", str(place.backlog),
                "--disable-logging", "--pythonpath", str(APPS),
                "--module", f"{module}:{call}", *filled(options, place)]
        if place.workload.folder:
            argv += ["--pythonpath", place.workload.folder]
        check = subprocess.run([*argv, "--check"], capture_output=True,
                               text=True)
        if check.returncode:
            raise Refused(check.stderr or check.stdout)
        return argv
    return command


def floor(name, wsgi):
    def command(place):
        path = FLOOR / name
        if not path.exists():
            raise Missing(name, remedy="run make -C bench/floor")
        argv = [str(path), str(place.port), "1"]
        return argv + [":".join(target(place))] if wsgi else argv
    return command


def uwsgi(*options, plugins=(), router=False, sleep="sleep_thread"):
    def command(place):
        module, call = target(place, sleep)
        binary = program("uwsgi-core", "uwsgi-core")
        for plugin in ("python3", *plugins):
            if not (PLUGINS / f"{plugin}_plugin.so").exists():
                package = "uwsgi-plugin-" + plugin.replace("_", "-")
                raise Missing(f"uWSGI's plugin {plugin}", [package])
        argv = [binary, "--plugins-dir", str(PLUGINS),
                "--plugins", ",".join(("python3", *plugins))]
        if router:      # another process, which keeps clients' connections
            argv += ["--http", place.address, "--http-keepalive",
                     "--http-auto-chunked",
                     "--socket", f"127.0.0.1:{place.spare_port()}"]
        else:           # closes after a response; without saying so by itself
            argv += ["--http-socket", place.address,
                     "--add-header", "Connection: close"]
        return argv + ["--master", "--processes", "1", "--disable-logging",
                       "--need-app", "--die-on-term",
                       "--listen", str(place.backlog),
                       "--pythonpath", str(APPS), "--module", module,
                       "--callable", call, *filled(options, place)]
    return command


def gunicorn(*options, module=None, sleep="sleep_thread"):
    def command(place):
        needs_module("gunicorn")
        if module:
            needs_module(module)
        return [PYTHON, "-m", "gunicorn", "--bind", place.address,
                "--workers", "1", "--backlog", str(place.backlog),
                "--log-level", "error", "--keep-alive", "65",
                "--worker-connections", str(max(2000, 2 * place.cores)),
                *filled(options, place), ":".join(target(place, sleep))]
    return command


def library(name, sleep="sleep_thread"):
    def command(place):
        needs_module(name)
        if place.workload.name == "sleep50":
            place.env["BENCH_THREADS"] = str(place.cores)
        return [PYTHON, str(APPS / "serve.py"), name, str(place.port),
                ":".join(target(place, sleep))]
    return command


def aiohttp(place):
    needs_module("aiohttp")
    return [PYTHON, str(APPS / "aiohttp_apps.py"), str(place.port),
            place.workload.call]


def uvicorn(place):
    needs_module("uvicorn")
    return [PYTHON, "-m", "uvicorn", "--host", "127.0.0.1",
            "--port", str(place.port), "--loop", "asyncio", "--no-access-log",
            "--log-level", "error", "--backlog", "1024",
            "--timeout-keep-alive", "65", "--lifespan", "off",
            f"asgi_apps:{place.workload.call}"]


class Server:
    def __init__(self, command, workloads=ALL):
        self.command, self.workloads = command, workloads


# In the order of the tables.
SERVERS = {
    "floor-epoll": Server(floor("epoll_floor", False),
                          ("hello", "hello_close")),
    "floor-py": Server(floor("py_floor", True), ALL + ASKED_FOR),
    "floor-py-static": Server(floor("py_floor_static", True),
                              ALL + ASKED_FOR),

    "wsgimaster": Server(wsgimaster(), ALL + ASKED_FOR),
    "wsgimaster-greenlet": Server(
        wsgimaster("--async", CORES, "--greenlet", sleep="sleep_wsgimaster"),
        ALL + SLEEP + PARK + ASKED_FOR),
    "wsgimaster-greenlet-uwsgi": Server(
        wsgimaster("--async", CORES, "--greenlet", sleep="sleep_uwsgi_api"),
        PARK),
    "wsgimaster-asyncio": Server(
        wsgimaster("--asyncio", CORES, "--greenlet",
                   sleep="sleep_wsgimaster_asyncio"), PLAIN + SLEEP + PARK + ASKED_FOR),
    "wsgimaster-asyncio-switch": Server(
        wsgimaster("--asyncio", CORES, "--greenlet",
                   sleep="sleep_asyncio_greenlet"), PARK),
    "wsgimaster-tornado": Server(
        wsgimaster("--tornado", CORES, "--greenlet",
                   sleep="sleep_tornado_greenlet"), PLAIN + SLEEP + PARK + ASKED_FOR),
    "wsgimaster-gevent": Server(
        wsgimaster("--gevent", CORES, sleep="sleep_gevent"),
        PLAIN + SLEEP + PARK + ASKED_FOR),
    "wsgimaster-threads": Server(
        wsgimaster("--threads", CORES, sleep="sleep_thread"),
        PLAIN + SLEEP + PARK + ASKED_FOR),

    "uwsgi": Server(uwsgi(), ALL + ASKED_FOR),
    "uwsgi-greenlet": Server(
        uwsgi("--async", CORES, "--greenlet", plugins=("greenlet_python3",),
              sleep="sleep_uwsgi"), ALL + SLEEP),
    "uwsgi-greenlet-api": Server(
        uwsgi("--async", CORES, "--greenlet", plugins=("greenlet_python3",),
              sleep="sleep_uwsgi_api"), PARK),
    "uwsgi-ugreen": Server(
        uwsgi("--async", CORES, "--ugreen", plugins=("ugreen",),
              sleep="sleep_uwsgi_api"), PARK),
    "uwsgi-asyncio": Server(
        uwsgi("--asyncio", CORES, "--greenlet",
              plugins=("asyncio_python3", "greenlet_python3"),
              sleep="sleep_asyncio_greenlet"),
        ("hello", "hello_close") + SLEEP + PARK),
    "uwsgi-tornado": Server(
        uwsgi("--tornado", CORES, "--greenlet",
              plugins=("tornado_python3", "greenlet_python3"),
              sleep="sleep_tornado_greenlet"),
        ("hello", "hello_close") + SLEEP + PARK),
    "uwsgi-gevent": Server(
        uwsgi("--gevent", CORES, plugins=("gevent_python3",),
              sleep="sleep_gevent"), ("hello", "hello_close") + SLEEP + PARK),
    "uwsgi-threads": Server(uwsgi("--threads", CORES), SLEEP + PARK),
    "uwsgi-router": Server(uwsgi(plugins=("http",), router=True),
                           ("hello", "hello_nolen", "echo", "big", "stream",
                            "flask", "django")),

    "gunicorn-sync": Server(gunicorn("--worker-class", "sync")),
    "gunicorn-gthread": Server(gunicorn("--worker-class", "gthread",
                                        "--threads", "4")),
    "gunicorn-gthread100": Server(gunicorn("--worker-class", "gthread",
                                           "--threads", CORES), SLEEP),
    "gunicorn-gevent": Server(gunicorn("--worker-class", "gevent",
                                       module="gevent",
                                       sleep="sleep_gevent"),
                              ALL + SLEEP + PARK),
    "gevent-pywsgi": Server(library("gevent", "sleep_gevent"),
                            ("hello",) + SLEEP),
    "waitress": Server(library("waitress"), ("hello",) + SLEEP),
    "uvicorn": Server(uvicorn, PLAIN + SLEEP),
    # It always sends a length when it knows it.
    "aiohttp": Server(aiohttp, ("hello", "hello_close", "echo", "big",
                                "stream") + SLEEP),
}

# Those of the table in RESULTS.md.
MATTER = ("floor-*", "wsgimaster", "wsgimaster-greenlet",
          "wsgimaster-asyncio", "wsgimaster-tornado", "wsgimaster-gevent",
          "uwsgi", "uwsgi-greenlet", "uwsgi-asyncio", "uwsgi-tornado",
          "uwsgi-gevent", "gunicorn-gthread", "gunicorn-gevent", "uvicorn",
          "aiohttp")

# Ours, and what each is held against: the sentences under a table.
GOALS = (
    ("wsgimaster-greenlet", "uWSGI's --async 100 --greenlet",
     ("uwsgi-greenlet",)),
    ("wsgimaster-greenlet", "gunicorn's best",
     ("gunicorn-sync", "gunicorn-gthread", "gunicorn-gthread100",
      "gunicorn-gevent")),
    ("wsgimaster", "uWSGI without cores", ("uwsgi",)),
    ("wsgimaster-asyncio", "wsgimaster-greenlet", ("wsgimaster-greenlet",)),
    ("wsgimaster-asyncio", "uWSGI's --asyncio", ("uwsgi-asyncio",)),
    ("wsgimaster-tornado", "wsgimaster-greenlet", ("wsgimaster-greenlet",)),
    ("wsgimaster-tornado", "uWSGI's --tornado", ("uwsgi-tornado",)),
    ("wsgimaster-gevent", "wsgimaster-greenlet", ("wsgimaster-greenlet",)),
    ("wsgimaster-gevent", "uWSGI's --gevent", ("uwsgi-gevent",)),
)
