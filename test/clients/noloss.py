"""Loads a server of apps/noloss.py and looks at every byte that comes back.

    noloss.py ADDRESS [--until FILE] [--seconds S] [--keep N] [--close N]
              [--pipeline N] [--kinds fast,slow,...] [--seed N]

ADDRESS is a port or the path of a unix socket. N clients of each sort send
requests of all kinds until FILE is there, or S seconds are over. It prints one
line of JSON and exits with 1 if anything failed:

    ok          answers whose status, framing, length and bytes were right
    failed      requests without such an answer; failures says what, in words
    unanswered  those of them that were the first of their connection, which
                ended without a byte: they were accepted by nobody
    races       requests on a connection that had been used before, which ended
                without a byte of an answer. RFC 9112 9.3.1 lets a client send
                them again; they are, and that must be answered
    dropped     pipelined requests behind an answer with "Connection: close"
    told        connections that an answer said the end of
    idle        connections that ended between two requests: nothing was lost
    refused     connections that were refused, while that is allowed (--down)
    workers     processes that have answered
    longest     seconds of the longest request

With --tls it speaks TLS, and believes that CA's certificates for 127.0.0.1.
With --down the server may go away for good: a connection that is refused ends
that client. Everything else is a failure as ever.
"""
import argparse
import asyncio
import collections
import json
import os
import random
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "apps"))
import noloss as app  # noqa: E402  pylint: disable=wrong-import-position

PATIENCE = float(os.environ.get("TEST_PATIENCE", "60"))
KINDS = "fast,slow,stream,large,echo"


class Failed(Exception):
    """Not what had to come; the text says what."""


class Ended(Exception):
    """The connection ended before a byte of the answer."""


class Down(Exception):
    """Nobody listens any more, and that is allowed."""


class Request:
    """What is sent, and what must come back."""

    def __init__(self, rng, kinds):
        self.number = rng.randrange(1 << 20)
        self.kind = rng.choice(kinds)
        self.chunks = None
        self.upload = b""
        getattr(self, self.kind)(rng)
        method = "POST" if self.upload else "GET"
        self.head = "%s %s HTTP/1.1\r\nHost: noloss\r\n" % (method, self.path)
        if self.upload:
            self.head += "Content-Length: %d\r\n" % len(self.upload)

    def fast(self, _):
        self.path = f"/fast/{self.number}"
        self.body = b"fast %d\n" % self.number

    def slow(self, rng):
        self.path = f"/slow/{self.number}/{rng.randrange(5, 80)}"
        self.body = b"slow %d\n" % self.number

    def stream(self, rng):
        pieces = rng.randrange(1, 30)
        self.path = f"/stream/{self.number}/{pieces}/{rng.randrange(10)}"
        self.chunks = True
        self.body = b"".join(app.piece(self.number, i) for i in range(pieces))

    def large(self, rng):
        kib = rng.choice((64, 300, 1000))
        self.path = f"/large/{self.number}/{kib}"
        self.body = app.pattern(self.number, kib * 1024)

    def echo(self, rng):
        self.path = f"/echo/{self.number}"
        self.upload = app.pattern(self.number, rng.choice((1, 5000, 200000)))
        self.body = self.upload

    def wire(self, close):
        end = "Connection: close\r\n\r\n" if close else "\r\n"
        return (self.head + end).encode()


class Client:
    """One client: a connection at a time, and what has become of it."""

    def __init__(self, load, rng, sort):
        self.load, self.rng, self.sort = load, rng, sort
        self.reader = self.writer = None
        self.used = 0
        self.got = b""              # of the answer at hand, so far

    async def connect(self):
        address = self.load.address
        limit = 1 << 22
        try:
            if address.startswith("/"):
                pair = await asyncio.open_unix_connection(address, limit=limit)
            else:
                pair = await asyncio.open_connection(
                    "127.0.0.1", int(address), limit=limit,
                    ssl=self.load.secure)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            if self.load.down:
                raise Down from error
            raise Failed(f"connect: {error!r}") from error
        except OSError as error:
            raise Failed(f"connect: {error!r}") from error
        self.reader, self.writer = pair
        self.used = 0

    def leave(self):
        if self.writer is not None:
            self.writer.transport.abort()
        self.reader = self.writer = None

    async def line(self):
        line = await self.reader.readuntil(b"\r\n")
        self.got += line
        return line[:-2].decode("latin-1")

    async def head(self):
        """Status and headers; Ended if not a byte of them came."""
        self.got = b""
        try:
            status = await self.line()
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise Failed(f"cut off after {error.partial!r}") from error
            raise Ended from error
        except ConnectionError as error:
            raise Ended from error
        fields = {}
        while True:
            line = await self.line()
            if not line:
                return status, fields
            name, value = line.split(":", 1)
            fields[name.lower()] = value.strip()

    async def chunked(self):
        parts = []
        while True:
            size = int((await self.line()).split(";")[0], 16)
            if size == 0:
                if await self.line() != "":
                    raise Failed("a trailer nobody has sent")
                return b"".join(parts)
            parts.append(await self.reader.readexactly(size))
            if await self.reader.readexactly(2) != b"\r\n":
                raise Failed("a chunk without its end")

    async def body(self, request, fields):
        if request.chunks:
            if fields.get("transfer-encoding") != "chunked":
                raise Failed(f"not chunked: {fields}")
            return await self.chunked()
        if "transfer-encoding" in fields:
            raise Failed(f"chunked: {fields}")
        length = int(fields["content-length"])
        if length != len(request.body):
            raise Failed(f"Content-Length {length}")
        # In steps, some slowly: the server must keep the rest.
        parts, left = [], length
        while left > 0:
            if left > 200000 and self.rng.random() < 0.3:
                await asyncio.sleep(0.005)
            parts.append(await self.reader.readexactly(min(left, 65536)))
            left -= len(parts[-1])
        return b"".join(parts)

    async def answer(self, request):
        """Reads and checks an answer; true when it is the connection's last."""
        try:
            status, fields = await self.head()
            if status != "HTTP/1.1 200 OK":
                raise Failed(f"status {status!r}")
            body = await self.body(request, fields)
        except asyncio.IncompleteReadError as error:
            raise Failed(f"cut off: {len(error.partial)} bytes of "
                         f"{error.expected} after {self.got!r}") from error
        except ConnectionError as error:
            raise Failed(f"{error!r} after {self.got!r}") from error
        if body != request.body:
            raise Failed(f"other bytes: {len(body)}, {body[:40]!r}")
        self.load.workers[fields["x-worker"]] += 1
        self.used += 1
        return fields.get("connection", "").lower() == "close"

    async def send(self, request, close):
        wire, upload = request.wire(close), request.upload
        half = len(upload) // 2
        self.writer.write(wire + upload[:half])
        if half > 1000:
            await asyncio.sleep(self.rng.random() * 0.03)
        self.writer.write(upload[half:])

    async def ensure(self):
        """A connection on which a request may be sent."""
        if self.reader is not None and self.reader.at_eof():
            self.load.count["idle"] += 1
            self.leave()
        if self.reader is None:
            await self.connect()

    async def once(self, request, close):
        await self.ensure()
        try:
            # A server may answer and close before it has read all.
            await self.send(request, close)
            last = await self.answer(request)
        except Ended as error:
            fresh = self.used == 0
            self.leave()
            if fresh:
                self.load.count["unanswered"] += 1
                raise Failed("ended without an answer") from error
            raise
        if close:
            extra = await self.reader.read(1)
            if not last or extra:
                raise Failed("no end after Connection: close")
        elif last:
            self.load.count["told"] += 1
        if last:
            self.leave()

    async def one(self, close):
        request = Request(self.rng, self.load.kinds)
        began = time.monotonic()
        try:
            for _ in range(5):
                try:
                    await asyncio.wait_for(self.once(request, close), PATIENCE)
                    break
                except Ended:
                    self.load.count["races"] += 1
            else:
                raise Failed("five races for one request")
            self.load.count["ok"] += 1
        except (Failed, asyncio.TimeoutError) as error:
            self.load.fail(self, request, error)
            self.leave()
        self.load.longest = max(self.load.longest, time.monotonic() - began)

    async def batch(self):
        """Several requests at once, answered in their order."""
        kinds = [kind for kind in self.load.kinds if kind != "echo"]
        requests = [Request(self.rng, kinds) for _ in range(4)]
        done = 0
        try:
            await self.ensure()
            self.writer.write(b"".join(r.wire(False) for r in requests))
            while done < len(requests):
                last = await asyncio.wait_for(self.answer(requests[done]),
                                              PATIENCE)
                self.load.count["ok"] += 1
                done += 1
                if last:
                    self.load.count["told"] += 1
                    self.load.count["dropped"] += len(requests) - done
                    self.leave()
                    break
        except Ended:
            if self.used == 0 or done > 0:
                self.load.count["unanswered"] += self.used == 0
                self.load.fail(self, requests[done], "ended in a pipeline")
            else:
                self.load.count["races"] += 1
            self.leave()
        except (Failed, asyncio.TimeoutError) as error:
            self.load.fail(self, requests[done], error)
            self.leave()

    async def run(self):
        try:
            while not self.load.over():
                if self.sort == "pipeline":
                    await self.batch()
                else:
                    await self.one(self.sort == "close")
                pause = self.rng.random() * 0.01
                if self.rng.random() < 0.02:
                    pause += self.rng.random() * self.load.pause
                await asyncio.sleep(pause)
        except Down:
            self.load.count["refused"] += 1
        self.leave()


class Load:
    """All clients, and the sums."""

    def __init__(self, args):
        self.address, self.down = args.address, args.down
        self.secure = args.tls and ssl.create_default_context(cafile=args.tls)
        self.until, self.pause = args.until, args.pause
        self.kinds = args.kinds.split(",")
        self.end = time.monotonic() + args.seconds
        self.count = collections.Counter()
        self.workers = collections.Counter()
        self.failures = []
        self.longest = 0
        self.stopped = False
        rng = random.Random(args.seed)
        self.clients = [
            Client(self, random.Random(rng.random()), sort)
            for sort in ("keep", "close", "pipeline")
            for _ in range(getattr(args, sort))]

    def over(self):
        if not self.stopped:
            self.stopped = time.monotonic() > self.end or (
                self.until is not None and os.path.exists(self.until))
        return self.stopped

    def fail(self, client, request, error):
        self.count["failed"] += 1
        if len(self.failures) < 20:
            self.failures.append("%s %s, request %d of its connection: %s" % (
                client.sort, request.path, client.used + 1,
                error if str(error) else repr(error)))

    async def run(self):
        await asyncio.gather(*(client.run() for client in self.clients))

    def report(self):
        counts = ("ok", "failed", "unanswered", "races", "dropped", "told", "idle",
                  "refused")
        found = {name: self.count[name] for name in counts}
        found["workers"] = len(self.workers)
        found["longest"] = round(self.longest, 2)
        found["failures"] = self.failures
        return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--until")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--keep", type=int, default=8)
    parser.add_argument("--close", type=int, default=4)
    parser.add_argument("--pipeline", type=int, default=2)
    parser.add_argument("--kinds", default=KINDS)
    parser.add_argument("--pause", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--down", action="store_true")
    parser.add_argument("--tls", metavar="CA")
    load = Load(parser.parse_args())
    asyncio.run(load.run())
    found = load.report()
    print(json.dumps(found))
    sys.exit(1 if found["failed"] else 0)


if __name__ == "__main__":
    main()
