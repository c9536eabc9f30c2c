"""A small ASGI application that reports what it receives, for tests of the web server."""

import asyncio
import hashlib
import json
import sys
from typing import Any

PIECE = 2**18
LARGE = 200 * 2**20


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Respond to a request with the length and SHA-256 of its body and the client's address, or echo a WebSocket.

    Some paths differ: /large sends LARGE bytes, /slow waits 1.5 s before it responds, and /endless never responds.
    """
    if scope["type"] == "websocket":
        await echo(receive, send)
        return
    digest, length = hashlib.sha256(), 0
    while True:
        message = await receive()
        digest.update(message.get("body", b""))
        length += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    if scope["path"] == "/large":
        await send_large(send)
        return
    if scope["path"] == "/slow":
        sys.stdout.write("The slow request is here.\n")
        sys.stdout.flush()
        await asyncio.sleep(1.5)
    if scope["path"] == "/endless":
        await asyncio.Event().wait()
    text = json.dumps({"length": length, "sha256": digest.hexdigest(), "client": scope["client"][0]}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


async def send_large(send: Any) -> None:
    """Send LARGE bytes as fast as the server accepts them."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LARGE)]})
    for sent in range(0, LARGE, PIECE):
        await send({"type": "http.response.body", "body": bytes(PIECE), "more_body": sent + PIECE < LARGE})


async def echo(receive: Any, send: Any) -> None:
    """Send every text message back until the client disconnects."""
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "websocket.send", "text": message["text"]})
