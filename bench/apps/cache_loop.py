"""bench/cache's app: does one thing to a cache for so long; how often?

/get/SIZE/SECONDS, /update/SIZE/SECONDS, /mixed/SIZE/SECONDS (nine reads, one
write), /fill/SIZE/0. With CACHE_REDIS it is asked through redis-py.
"""
import os
import time

KEYS = ["key:%d" % n for n in range(1000)]

if os.environ.get("CACHE_REDIS"):
    import redis
    client = redis.Redis(unix_socket_path=os.environ["CACHE_REDIS"])
    get, update = client.get, client.set
else:
    import uwsgi
    get, update = uwsgi.cache_get, uwsgi.cache_update


def run(what, size, seconds):
    value = b"x" * size
    if what == "fill":
        for key in KEYS:
            update(key, value)
        return 1000
    end = time.perf_counter() + seconds
    n = os.getpid() % 1000
    begun = n
    while time.perf_counter() < end:
        for n in range(n, n + 100):
            key = KEYS[n * 7 % 1000]
            if what == "update" or what == "mixed" and n % 10 == 0:
                update(key, value)
            elif len(get(key)) != size:
                raise ValueError("not what was written")
        n += 1
    return (n - begun) / (time.perf_counter() - end + seconds)


def application(environ, start_response):
    what, size, seconds = environ["PATH_INFO"][1:].split("/")
    done = run(what, int(size), float(seconds))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d %d" % (done, os.getpid())]
