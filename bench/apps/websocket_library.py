"""The same with python3-websockets as the server: websocket_library.py PORT"""
import asyncio
import sys

import websockets


async def echo(ws, path=None):
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass


async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]),
                                compression=None, backlog=1024):
        await asyncio.Future()

asyncio.run(main())
