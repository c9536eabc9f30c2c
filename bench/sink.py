"""A bare asyncio server that discards uploads, to measure the maximum speed of bench.upload's client."""

import asyncio
import socket
import sys


def serve(descriptor: int) -> None:
    """Accept connections on an inherited listening socket until the process is killed."""
    asyncio.run(_serve(socket.socket(fileno=descriptor)))


async def _serve(listening: socket.socket) -> None:
    server = await asyncio.start_server(_connection, sock=listening, limit=2**20)
    async with server:
        await server.serve_forever()


async def _connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Respond to each request like a tus server that has received all bytes."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            left = _number(head, b"content-length: ")
            end = _number(head, b"upload-offset: ") + left
            while left:
                left -= len(await reader.read(min(left, 2**18)))
            status = b"201 Created\r\nLocation: /tus/1" if head.startswith(b"post") else b"204 No Content"
            writer.write(b"HTTP/1.1 %s\r\nUpload-Offset: %d\r\nContent-Length: 0\r\n\r\n" % (status, end))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _number(head: bytes, name: bytes) -> int:
    found = head.partition(name)[2].partition(b"\r\n")[0]
    return int(found or b"0")


def command(descriptor: int) -> list[str]:
    """Return the command line of a process that serves on an inherited socket."""
    return [sys.executable, "-c", f"from bench.sink import serve; serve({descriptor})"]
