"""What Debian's python3-websockets says of the server, and chats."""
import asyncio
import sys
import urllib.request

import websockets


def url(port, path="/echo"):
    return f"ws://127.0.0.1:{port}{path}"


async def library(port):
    for compression in (None, "deflate"):
        async with websockets.connect(url(port),
                                      compression=compression) as ws:
            names = [e.name for e in ws.extensions]
            assert names == (["permessage-deflate"] if compression else [])
            for text in ("", "h\u00e4llo", "x" * 1000000, "\U0001d11e" * 999):
                await ws.send(text)
                assert await ws.recv() == text
            await ws.send(["in ", "", "three"])
            assert await ws.recv() == "in three"
            await asyncio.wait_for(await ws.ping(b"there?"), 30)
            await ws.close(3001, "enough")
            assert ws.close_code == 3001, ws.close_code
    async with websockets.connect(url(port, "/echo_binary")) as ws:
        data = bytes(range(256)) * 999
        await ws.send(data)
        assert await ws.recv() == data
    async with websockets.connect(url(port, "/echo?proto=b"),
                                  subprotocols=["a", "b"]) as ws:
        assert ws.subprotocol == "b"
    ws = await websockets.connect(url(port), compression=None)
    await ws.send("x" * (1024 * 1024 + 1))
    await ws.wait_closed()
    assert ws.close_code == 1009, ws.close_code
    try:
        await websockets.connect(url(port, "/plain"))
    except websockets.InvalidStatusCode as error:
        assert error.status_code == 200
        return
    raise AssertionError("/plain is no websocket")


async def chat(port, times="1"):
    """What one says, all hear, as often as they come and go."""
    for _ in range(int(times)):
        sockets = [await websockets.connect(url(port, "/chat"))
                   for _ in range(3)]
        await hear_each_other(sockets)
        for ws in sockets:
            await ws.close()
            assert ws.close_code == 1000, ws.close_code


async def hear_each_other(sockets):
    """Says something until all hear it: they may not listen yet."""
    async def hears(ws, text):
        while text not in str(await ws.recv()):
            pass
    for i, ws in enumerate(sockets):
        for attempt in range(60):
            await ws.send(f"from {i} {attempt}")
            try:
                await asyncio.wait_for(asyncio.gather(*[
                    hears(other, f"from {i}") for other in sockets]), 1)
                break
            except asyncio.TimeoutError:
                pass
        else:
            raise AssertionError(f"{i} was not heard")


async def board(port):
    """Each message comes to one of those who are there, and no more."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
        assert f"ws://127.0.0.1:{port}/board/" in str(page.read())
    sockets = [await websockets.connect(url(port, "/board/"))
               for _ in range(3)]
    for i in range(30):
        await sockets[i % 3].send(f"{i}")
    await asyncio.wait_for(await sockets[0].ping(), 30)
    got = []

    async def take(ws):
        while True:
            got.append(int(await ws.recv()))
    takers = [asyncio.ensure_future(take(ws)) for ws in sockets]
    for _ in range(600):
        if len(got) >= 30:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    for taker in takers:
        taker.cancel()
    assert sorted(got) == list(range(30)), got
    for ws in sockets:
        await ws.close()
        assert ws.close_code == 1000, ws.close_code


async def echo(port):
    async with websockets.connect(url(port, "/")) as ws:
        await ws.send("hello")
        said = await ws.recv()
        assert said.startswith("[") and said.endswith("] hello"), said


if __name__ == "__main__":
    asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))
