"""A small, fast tus client that uses asyncio connections directly, for both the real server and the sink."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CHUNK = 8 * 2**20
OFFSETS = "Content-Type: application/offset+octet-stream"


class Refused(Exception):
    """The server responded with an error status."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response's status and headers; header names are in lower case."""

    status: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to upload: port, session cookie and batch. `with_upload` means that a POST may contain the file."""

    port: int
    cookie: str = ""
    batch_id: int = 1
    with_upload: bool = False


@dataclass
class Connection:
    """A persistent connection that sends one request at a time."""

    target: Target
    reader: asyncio.StreamReader = field(repr=False)
    writer: asyncio.StreamWriter = field(repr=False)

    async def request(self, method: str, path: str, *lines: str, body: bytes = b"") -> Answer:
        self.writer.write(self.head(method, path, len(body), *lines))
        self.writer.write(body)
        await self.writer.drain()
        return await self.answer()

    def head(self, method: str, path: str, length: int, *lines: str) -> bytes:
        """Return a request's first line and headers."""
        always = [f"{method} {path} HTTP/1.1", "Host: localhost", "Tus-Resumable: 1.0.0", f"Content-Length: {length}"]
        cookie = [f"Cookie: {self.target.cookie}"] if self.target.cookie else []
        return "\r\n".join([*always, *cookie, *lines, "", ""]).encode()

    async def answer(self) -> Answer:
        """Read a response and discard its body."""
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines if line)
        headers = {name.lower(): value for name, _colon, value in pairs}
        await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(first.split()[1]), headers)

    async def create(self, name: str, size: int, body: bytes = b"") -> Answer:
        """Create an upload, and send `body` with it if given. Raises Refused."""
        values = {"batch": str(self.target.batch_id), "filename": name, "last_modified": "1"}
        metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())
        lines = [f"Upload-Length: {size}", f"Upload-Metadata: {metadata}", *([OFFSETS] if body else [])]
        return _checked(await self.request("POST", "/tus/", *lines, body=body))

    async def patch(self, location: str, offset: int, body: bytes) -> None:
        """Send `body` at `offset`. Raises Refused."""
        _checked(await self.request("PATCH", location, OFFSETS, f"Upload-Offset: {offset}", body=body))

    async def send(self, name: str, data: bytes) -> None:
        """Send a small file in one request if the server supports that, otherwise in two. Raises Refused."""
        if self.target.with_upload:
            await self.create(name, len(data), data)
            return
        answer = await self.create(name, len(data))
        await self.patch(answer.headers["location"], 0, data)

    async def send_large(self, name: str, first: bytes, size: int) -> None:
        """Send a file of `size` bytes in chunks: the bytes `first`, continued with zeros. Raises Refused."""
        location = (await self.create(name, size)).headers["location"]
        zeros = bytes(CHUNK)
        for offset in range(0, size, CHUNK):
            body = zeros[: min(CHUNK, size - offset)]
            await self.patch(location, offset, first + body[len(first) :] if offset == 0 else body)


def _checked(answer: Answer) -> Answer:
    if answer.status not in {201, 204}:
        raise Refused(f"{answer.status} {answer.headers}")
    return answer


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Connection]:
    """Open a connection and close it when the `with` block ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port, limit=2**20)
    try:
        yield Connection(target, reader, writer)
    finally:
        writer.close()


async def extensions(target: Target) -> list[str]:
    """Return the protocol extensions that the server supports."""
    async with connected(target) as connection:
        answer = await connection.request("OPTIONS", "/tus/")
    return answer.headers.get("tus-extension", "").split(",")


async def send_all(target: Target, files: Iterable[tuple[str, bytes]], lanes: int) -> None:
    """Send files over `lanes` parallel connections. Raises Refused."""
    waiting = iter(files)

    async def lane() -> None:
        async with connected(target) as connection:
            for name, data in waiting:
                await connection.send(name, data)

    await asyncio.gather(*(lane() for _ in range(lanes)))


def send_one(target: Target, name: str, data: bytes) -> bool:
    """Send one file over a new connection, and return whether the server accepted it."""

    async def send() -> None:
        async with connected(target) as connection:
            await connection.send(name, data)

    try:
        asyncio.run(send())
    except (Refused, OSError, asyncio.IncompleteReadError):
        return False
    return True
