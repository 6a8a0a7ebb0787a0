"""Loads test/apps/scale_cases.py by turns a lot and a little, and checks every
byte: scale_load.py PORT ROUNDS BUSY_S IDLE_S.

Connections are kept, and used again if the server does not close them. It may
close one that is idle: a request that meets that, and so gets no byte, is sent
once more on a new connection, as every HTTP client does. Anything else that is
not the whole right answer is a failure. Prints how many requests there were.
"""
import asyncio
import sys
import time

CLIENTS = 16
LIMIT_S = 60


class Failure(Exception):
    pass


def pattern(size, seed):
    period = bytes((seed + 31 * i) % 251 for i in range(251))
    return (period * (size // 251 + 1))[:size]


class Client:
    """One connection at a time."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None
        self.requests = self.again = 0

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    async def get(self, path, body):
        """One request; its answer must be that body."""
        used = self.writer is not None
        try:
            first = await self.send(path)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if not used:
                raise Failure("%s: no answer: %r" % (path, error))
            self.again += 1
            self.close()
            first = await self.send(path)
        await self.check(path, first, body)
        self.requests += 1

    async def send(self, path):
        """Sends a request; the answer's first byte."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.port)
        self.writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
                          % path.encode())
        return await self.reader.readexactly(1)

    async def check(self, path, first, body):
        try:
            head = first + await self.reader.readuntil(b"\r\n\r\n")
            got = await self.reader.readexactly(len(body))
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise Failure("%s: cut off: %r" % (path, error))
        lines = head.lower().split(b"\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise Failure("%s: %r" % (path, lines[0]))
        if b"content-length: %d" % len(body) not in lines or got != body:
            raise Failure("%s: wrong bytes" % path)
        if b"connection: close" in lines:
            self.close()


async def visit(client, until, ms, size, pause):
    body = pattern(size, ms)
    while time.monotonic() < until:
        await asyncio.wait_for(client.get("/%d/%d" % (ms, size), body),
                               LIMIT_S)
        await asyncio.sleep(pause)


async def main(port, rounds, busy_s, idle_s):
    clients = [Client(port) for _ in range(CLIENTS)]
    for _ in range(rounds):
        until = time.monotonic() + busy_s
        await asyncio.gather(*(visit(c, until, 100 + i, 3000 + i, 0)
                               for i, c in enumerate(clients)))
        until = time.monotonic() + idle_s
        await asyncio.gather(*(visit(c, until, 1, 200000, 0.7)
                               for c in clients))
    for client in clients:
        client.close()
    print("%d requests, %d sent again" % (sum(c.requests for c in clients),
                                          sum(c.again for c in clients)))


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]),
                         float(sys.argv[3]), float(sys.argv[4])))
    except Failure as failure:
        sys.exit("failed: %s" % failure)
