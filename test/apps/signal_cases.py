"""The app's own signal handlers."""
import os
import signal
import time

import wsgimaster

NOTES = []


def handler(signum, frame):
    NOTES.append(time.monotonic())
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{signum}\n")


def raises(signum, frame):
    raise TimeoutError("the alarm")


def hook():
    # Here, on the main thread: a core may be another one.
    signal.signal(signal.SIGUSR2, handler)
    signal.signal(signal.SIGALRM, handler)


wsgimaster.post_fork_hook = hook


def waiting():
    """A handler runs while the request waits, which goes on."""
    begun = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    wsgimaster.sleep(1.5)
    took = time.monotonic() - begun
    return f"{len(NOTES)} {NOTES[-1] - begun < 1.2} {took >= 1.5}"


def interrupted():
    """A handler that raises: with one core in the waiting request."""
    signal.signal(signal.SIGALRM, raises)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        wsgimaster.sleep(2)
    except TimeoutError as error:
        return str(error)
    return "slept"


def pid():
    return str(os.getpid())


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [globals()[environ["PATH_INFO"][1:]]().encode()]
