"""Whether the ids of requests are right, also of many at the same time."""
import asyncio
import json
import re
import sys
import time
import uuid

LIMIT = 60


def request(path, headers=""):
    return ("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n"
            % (path, headers)).encode()


async def ask(port, path, headers=""):
    """Status line, head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request(path, headers))
        answer = await asyncio.wait_for(reader.read(), LIMIT)
    finally:
        writer.close()
    head, body = answer.decode("latin-1").split("\r\n\r\n", 1)
    return head, body


def sent_id(head):
    return re.search(r"(?im)^x-request-id: (.*?)\r?$", head + "\r\n").group(1)


def records(log):
    """The JSON lines of the log."""
    with open(log) as f:
        return [json.loads(line) for line in f if line.startswith("{")]


def check_log(log, ids, raised):
    """Each id has its access record, and those that raised an error's."""
    end = time.monotonic() + LIMIT
    while True:
        all_of_them = records(log)
        access = [r for r in all_of_them if r.get("type") == "access"]
        missing = ids - {r["request"] for r in access}
        if not missing:
            break
        assert time.monotonic() < end, (len(missing), sorted(missing)[:3])
        time.sleep(0.05)
    wrong = {r["request"] for r in access
             if (r["status"] == 500) != (r["request"] in raised)}
    assert not wrong & ids, sorted(wrong)[:3]
    errors = {r["request"]: r for r in all_of_them
              if "raised on purpose" in r.get("message", "")}
    assert set(errors) >= raised, len(raised - set(errors))
    assert not set(errors) & (ids - raised)


def many(port, log, count):
    """Requests that are parked at the same time; every tenth raises."""
    async def one(n):
        own = "client-%d" % n if n % 4 == 0 else None
        headers = "X-Request-ID: %s\r\n" % own if own else ""
        fails = n % 10 == 9
        head, body = await ask(port, "/raise?s=0.5" if fails else
                               "/park?s=0.5", headers)
        told = sent_id(head)
        if fails:
            assert " 500 " in head, head
            assert body == "Internal Server Error\nrequest %s\n" % told, body
        else:
            assert json.loads(body) == [told] * 3, (told, body)
        if own:
            assert told == own, (told, own)
        else:
            assert uuid.UUID(told).version == 7, told
        return told, fails

    async def all_of_them():
        return await asyncio.gather(*(one(n) for n in range(count)))
    told = asyncio.run(all_of_them())
    ids = {i for i, _ in told}
    assert len(ids) == count, (len(ids), count)
    check_log(log, ids, {i for i, fails in told if fails})


def body(port):
    """The same id while the body is being sent."""
    async def run():
        head, text = await ask(port, "/body?s=0.1")
        return sent_id(head), re.findall(r"[0-9a-f-]{36}", text)
    told, seen = asyncio.run(run())
    assert seen == [told] * 4, (told, seen)


def task(port):
    """Coroutines and tasks of a request have its id."""
    async def run():
        return await asyncio.gather(*(ask(port, "/task") for _ in range(3)))
    for head, text in asyncio.run(run()):
        assert json.loads(text) == [sent_id(head)] * 2, (head, text)


def thread(port):
    """A thread that the app has started is in no request."""
    assert json.loads(asyncio.run(ask(port, "/thread"))[1]) == [None]


if __name__ == "__main__":
    {f.__name__: f for f in (many, body, task, thread)}[sys.argv[1]](
        *(int(arg) if arg.isdigit() else arg for arg in sys.argv[2:]))
