"""The measurements for bench.upload, one function each. They need a running server."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.tus_client import OFFSETS, Connection, Target, connected, send_all

MIB = 2**20
JPEG_HEAD = bytes.fromhex("ffd8ffe000104a4649460001")
SLOW_BYTES, SLOW_SECONDS = 4096, 0.25


class Memory:
    """Measures how much a process's peak memory has grown since this object was created (see proc_pid_status(5))."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        (self._folder / "clear_refs").write_text("5")  # resets VmHWM, the peak
        self._before = self._read("VmRSS")

    def grown(self) -> float:
        """Return the growth in MiB: the peak since this object was created minus the size at that time."""
        return max(0.0, self._read("VmHWM") - self._before)

    def _read(self, name: str) -> float:
        line = next(line for line in (self._folder / "status").read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) / 1024


def small_files(prefix: str, count: int, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of different files that begin like a JPEG."""
    body = JPEG_HEAD + bytes(size - len(JPEG_HEAD) - 32)
    for number in range(count):
        name = f"{prefix}-{number:06}.jpg"
        yield name, body + name.encode().rjust(32)


def rate(target: Target, prefix: str, count: int, size: int, lanes: int) -> float:
    """Send `count` small files and return the files per second."""
    start = time.perf_counter()
    asyncio.run(send_all(target, small_files(prefix, count, size), lanes))
    return count / (time.perf_counter() - start)


def throughput(target: Target, size: int) -> float:
    """Send one large file in chunks and return MB per second."""

    async def send() -> None:
        async with connected(target) as connection:
            await connection.send_large(f"large-{size}.jpg", JPEG_HEAD, size)

    start = time.perf_counter()
    asyncio.run(send())
    return size / 1e6 / (time.perf_counter() - start)


def latency_beside_slow(target: Target, slow: Sequence[Target], seconds: float, size: int) -> tuple[float, float]:
    """Send small files while one client per target in `slow` sends a PATCH slowly.

    Return the median and maximum latency in ms.
    """

    async def run() -> list[float]:
        async with _slow_clients(slow), connected(target) as connection:
            return await _times(connection, f"beside-{len(slow)}", seconds, size)

    times = asyncio.run(run())
    return median(times) * 1000, max(times) * 1000


async def _times(connection: Connection, prefix: str, seconds: float, size: int) -> list[float]:
    times = []
    end = time.perf_counter() + seconds
    for name, data in small_files(prefix, 1_000_000, size):
        start = time.perf_counter()
        if start > end:
            break
        await connection.send(name, data)
        times.append(time.perf_counter() - start)
        await asyncio.sleep(0.02)
    return times


@asynccontextmanager
async def _slow_clients(targets: Sequence[Target]) -> AsyncIterator[None]:
    """Keep one client per target connected, in the middle of a PATCH; disconnect them when the block ends."""
    async with asyncio.TaskGroup() as group:  # raises an error if a client is disconnected
        ready = asyncio.Semaphore(0)
        clients = []
        for number, target in enumerate(targets):  # one by one, because the server refuses bursts from one address
            clients.append(group.create_task(_send_slowly(target, number, ready)))
            await ready.acquire()
        yield
        for client in clients:
            client.cancel()


async def _send_slowly(target: Target, number: int, ready: asyncio.Semaphore) -> None:
    async with connected(target) as connection:
        location = (await connection.create(f"slow-{number}.jpg", 4 * MIB)).headers["location"]
        connection.writer.write(connection.head("PATCH", location, 4 * MIB, OFFSETS, "Upload-Offset: 0"))
        connection.writer.write(JPEG_HEAD)
        ready.release()
        while True:
            await asyncio.sleep(SLOW_SECONDS)
            connection.writer.write(bytes(SLOW_BYTES))
            await connection.writer.drain()


def post_without_session(target: Target, path: str, size: int) -> tuple[int, float]:
    """POST a body without a session. Return the status, and the MiB sent before the response arrived."""

    async def run() -> tuple[int, float]:
        async with connected(replace(target, cookie="")) as connection:
            connection.writer.write(
                connection.head("POST", path, size, "Content-Type: multipart/form-data; boundary=x")
            )
            answer = asyncio.create_task(connection.answer())
            sent = 0
            with suppress(ConnectionError):
                while sent < size and not answer.done():
                    connection.writer.write(bytes(MIB // 4))
                    sent += MIB // 4
                    await connection.writer.drain()
                    await asyncio.sleep(0)
            return (await answer).status, sent / MIB

    return asyncio.run(run())
