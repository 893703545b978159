#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server and a client of WebSocket (python3-websockets), driven over pipes.

    ws_peer.py server        prints its port, echoes until stdin ends; prints
                             the close code of every connection that is over
    ws_peer.py client PORT   one JSON object a line in, one out

In: {"count": 5, "size": 4, "quiet": 0.5, "enough": 5, "compress": false,
"ping": 0.2, "path": "/"}: so many messages are sent; talk is over after a time
without any, or when there are enough. Out: {"got": [0, 1, 2], "code": 1000,
"reason": "", "status": 101, "seconds": 0.1}; code null: it was still open."""

import asyncio
import json
import sys
import time

import websockets


async def echo(ws, _path=None):
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass
    await ws.wait_closed()
    print(ws.close_code, flush=True)


async def serve():
    server = await websockets.serve(echo, "127.0.0.1", 0, ping_interval=None,
                                    max_size=None, close_timeout=1)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


async def converse(ws, task, said):
    for n in range(task["count"]):
        await ws.send(f"{n}:".ljust(task.get("size", 4), "x"))
    while len(said["got"]) != task.get("enough"):
        message = await asyncio.wait_for(ws.recv(), task["quiet"])
        said["got"].append(int(message.split(":")[0]))


async def talk(port, task):
    said = {"got": [], "code": None, "reason": "", "status": 101}
    begun = time.monotonic()
    try:
        ws = await asyncio.wait_for(websockets.connect(
            f"ws://127.0.0.1:{port}{task.get('path', '/')}", max_size=None,
            compression="deflate" if task.get("compress") else None,
            ping_interval=task.get("ping"), ping_timeout=task.get("ping"),
            close_timeout=0.2), task["quiet"])
    except websockets.InvalidStatusCode as e:
        said["status"] = e.status_code
        return said
    except (OSError, asyncio.TimeoutError, websockets.InvalidHandshake):
        said["status"] = 0
        return said
    try:
        await converse(ws, task, said)
    except asyncio.TimeoutError:
        pass
    except websockets.ConnectionClosed:
        said["code"], said["reason"] = ws.close_code, ws.close_reason
    said["seconds"] = time.monotonic() - begun
    await ws.close()
    return said


async def client(port):
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        print(json.dumps(await talk(port, json.loads(line))), flush=True)


asyncio.run(client(sys.argv[2]) if sys.argv[1] == "client" else serve())
