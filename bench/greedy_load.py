"""The greedy and slow clients of `bench.greedy`, in a separate process.

`python -m bench.greedy_load PORT SESSION BATCH UPLOAD SHA256 SIZE` prints `ready` once all clients are connected. When
its standard input is closed, it prints one JSON object: how often the server closed a slow connection, and the statuses
of the bulk requests.
"""

import asyncio
import json
import os
import socket
import sys
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

STALLED, DRIBBLING, GREEDY = 100, 1000, 30
PER_ADDRESS = 50
FILES = 500  # the maximum number of files in one bulk request
CSRF = "c" * 32


@dataclass
class Load:
    """Greedy and slow clients that share one user's session, and counts of how the server responds to them."""

    port: int
    session: str
    batch: int
    upload: int
    sha256: str
    size: int
    closed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    async def run(self) -> None:
        """Run all clients until standard input is closed, then print the counts."""
        tasks = [self._start(self.stall(number)) for number in range(STALLED)]
        tasks += [self._start(self.dribble(STALLED + number)) for number in range(DRIBBLING)]
        tasks += [self._start(self.ask(STALLED + DRIBBLING + number)) for number in range(GREEDY)]
        await asyncio.sleep(2)
        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        print(json.dumps({"closed": self.closed, "statuses": self.statuses}), flush=True)

    def _start(self, client: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(client)

    async def stall(self, number: int) -> None:
        """Request an original repeatedly without reading any of it."""
        while True:
            with suppress(OSError), self._socket(number) as connection:
                await self._connect(connection)
                connection.setblocking(False)
                path = f"/media/{self.upload}/original"
                await self._loop.sock_sendall(connection, self._head("GET", path, "Connection: close"))
                # Never read, so that the receive buffer stays full. The state of the socket shows when the server
                # has closed the connection.
                while True:
                    await asyncio.sleep(1)
                    connection.send(b"")
                    if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or _is_reset(connection):
                        break
            self.closed["downloads"] += 1
            await asyncio.sleep(0.2)

    async def dribble(self, number: int) -> None:
        """Send an endless request at one byte per second.

        Half of the clients send an endless head, the others an endless body.
        """
        while True:
            with suppress(OSError), self._socket(number) as connection:
                await self._connect(connection)
                head = self._head("POST", "/sign-in/", "Content-Length: 1000000")
                await self._loop.sock_sendall(connection, head if number % 2 else head[:20])
                while True:
                    await self._loop.sock_sendall(connection, b"x")
                    await asyncio.sleep(1)
            self.closed["dribbles"] += 1
            await asyncio.sleep(0.2)

    async def ask(self, number: int) -> None:
        """Register files that the server already has, one request after another without pauses."""
        question = 0
        while True:
            question += 1
            body = self._question(f"{number}-{question}")
            lines = [f"Content-Length: {len(body)}", "Content-Type: application/json", f"X-CSRFToken: {CSRF}"]
            with suppress(OSError, asyncio.IncompleteReadError), self._socket(number) as connection:
                await self._connect(connection)
                head = self._head("POST", f"/batches/{self.batch}/unsent/", "Connection: close", *lines)
                await self._loop.sock_sendall(connection, head + body)
                answer = b""
                while piece := await self._loop.sock_recv(connection, 2**16):
                    answer += piece
                self.statuses[int(answer.split(b" ", 2)[1]) if answer else 0] += 1

    def _question(self, name: str) -> bytes:
        files = [
            {"relative_path": "", "filename": f"{name}-{file}.jpg", "size": self.size, "last_modified": "1"}
            | {"sha256": self.sha256}
            for file in range(FILES)
        ]
        return json.dumps({"files": files}).encode()

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def _socket(self, number: int) -> socket.socket:
        """Return a socket that connects from one of many loopback addresses. PER_ADDRESS sockets share an address."""
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.setblocking(False)
        made.bind((f"127.0.1.{1 + number // PER_ADDRESS}", 0))
        return made

    async def _connect(self, connection: socket.socket) -> None:
        await self._loop.sock_connect(connection, ("127.0.0.1", self.port))

    def _head(self, method: str, path: str, *lines: str) -> bytes:
        cookie = f"Cookie: sessionid={self.session}; csrftoken={CSRF}"
        return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", cookie, *lines, "", ""]).encode()


def _is_reset(connection: socket.socket) -> bool:
    """Return whether the connection is no longer established, according to tcp_info (see tcp(7))."""
    established = 1
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != established


if __name__ == "__main__":
    port, session, batch, upload, sha256, size = sys.argv[1:]
    os.nice(5)
    asyncio.run(Load(int(port), session, int(batch), int(upload), sha256, int(size)).run())
