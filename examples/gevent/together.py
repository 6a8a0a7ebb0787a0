"""Does several things at once, and gives up what takes too long."""
import gevent
import gevent.pool


def work(seconds):
    gevent.sleep(seconds)
    return seconds


def application(environ, start_response):
    pool = gevent.pool.Pool(10)
    tasks = [pool.spawn(work, seconds) for seconds in (0.1, 0.2, 100)]
    gevent.joinall(tasks, timeout=(2))
    pool.kill()
    done = [str(task.value) for task in tasks if task.successful() and
            not isinstance(task.value, gevent.GreenletExit)]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [", ".join(done).encode() + b"\n"]
