"""A mule's script that waits in every way there is; "done" says how it went."""
import asyncio
import os
import subprocess
import threading
import time
import traceback

import uwsgi
import wsgimaster


def waits():
    start = time.monotonic()
    wsgimaster.sleep(0.02)
    assert time.monotonic() - start >= 0.02

    async def later():
        await asyncio.sleep(0.02)
        return "later"
    assert asyncio.run(later()) == "later"

    try:
        import gevent
    except ImportError:
        gevent = None
    if gevent is not None:
        jobs = [gevent.spawn(gevent.sleep, 0.02) for _ in range(3)]
        assert len(gevent.joinall(jobs, timeout=20)) == 3

    ran = []
    thread = threading.Thread(target=lambda: ran.append(uwsgi.mule_id()))
    thread.start()
    thread.join()
    assert ran == [1]
    assert subprocess.check_output(["echo", "x"]) == b"x\n"
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3


def messages():
    assert uwsgi.mule_id() == 1 and uwsgi.worker_id() == 0
    assert uwsgi.mule_msg(b"to myself", 1) is True
    assert uwsgi.mule_get_msg(timeout=20) == b"to myself"
    assert uwsgi.mule_msg("to any") is True
    assert uwsgi.mule_get_msg(signals=False, farms=False) == b"to any"
    assert uwsgi.mule_get_msg(timeout=0.02) == b""
    assert uwsgi.mule_msg(b"longer than that", 1) is True
    assert uwsgi.mule_get_msg(buffer_size=6, timeout=20) == b"longer"


def say(text):
    with open("done.new", "w") as f:
        f.write(text)
    os.rename("done.new", "done")


try:
    waits()
    messages()
    say("ok")
except Exception:
    say(traceback.format_exc())
uwsgi.mule_get_msg()
