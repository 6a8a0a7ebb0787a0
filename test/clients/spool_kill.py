"""Spools tasks while workers and spoolers are killed at any moment.

spool_kill.py PORT NOTES SECONDS: exit status 0 if each task whose path was
answered has come to its end, and no task was seen in part.
"""
import http.client
import json
import os
import random
import signal
import sys
import threading
import time

PORT, NOTES, SECONDS = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
BEGUN = time.monotonic()
ENOUGH = 10             # a busy machine has longer for them
spooled = []


def goes_on():
    took = time.monotonic() - BEGUN
    return took < SECONDS or len(spooled) < ENOUGH and took < 60


def ask(path, body=None):
    """An answer, or None when the worker was killed."""
    client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    try:
        client.request("POST" if body else "GET", path, body)
        answer = client.getresponse()
        text = answer.read().decode()
        return text if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        client.close()


def spool(number):
    count = 0
    while goes_on():
        count += 1
        name = f"{number}-{count}"
        task = {"name": name, "large": random.choice([10, 9000, 3000000])}
        if random.random() < 0.3:
            task["priority"] = random.randrange(3)
        if random.random() < 0.2:
            task["do"] = "sleep 0.05"
        answer = ask("/spool", json.dumps(task))
        if answer is not None and answer.startswith("/"):
            spooled.append(name)
        time.sleep(random.random() * 0.05)


def kill():
    kills = 0
    while goes_on():
        time.sleep(random.uniform(0.02, 0.2))
        pids = ask("/pids" if random.random() < 0.7 else "/pid")
        for pid in (pids or "").split():
            try:
                if int(pid) > 1:
                    os.kill(int(pid), signal.SIGKILL)
                    kills += 1
            except (ProcessLookupError, ValueError):
                pass
    print(f"killed {kills} processes")


def steps():
    with open(NOTES) as notes:
        return [line.split() for line in notes]


def missing():
    ended = {words[2] for words in steps() if words[1] == "end"}
    return [name for name in spooled if name not in ended]


threads = [threading.Thread(target=spool, args=(n,)) for n in range(3)]
threads.append(threading.Thread(target=kill))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
limit = time.monotonic() + 60
while missing() and time.monotonic() < limit:
    time.sleep(0.1)
damaged = [words for words in steps() if words[3] == "DAMAGED"]
begun = [words[2] for words in steps() if words[1] == "begin"]
print(f"spooled {len(spooled)}, begun {len(begun)} times")
if len(spooled) < ENOUGH:
    sys.exit("too few were spooled")
if damaged or missing():
    sys.exit(f"damaged: {damaged}; missing: {missing()}")
