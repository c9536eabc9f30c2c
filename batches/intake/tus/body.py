"""Read a request's body piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any

from django.conf import settings

from batches.intake.tus.protocol_error import TusError
from batches.intake.tus.threads import in_thread
from batches.intake.tus.writer import BodyWriter

BUFFER_BYTES = 2**16
"""Maximum buffer size per connection, not counting the last piece received from the ASGI server."""
IDLE_SECONDS = 60.0
LEAST_RATE = 500
"""Minimum rate in bytes per second. A slower body is refused, because it would keep the file locked for too long."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class ClientDisconnected(Exception):
    """The client disconnected before the end of the body, so no response can be sent."""


class RequestBody:
    """Reads a body once. After the end of the body, `receive` is not called again.

    Another call would wait until the client disconnects.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True
        self._buffer = bytearray()
        self._error: Exception | None = None
        self._patience = IDLE_SECONDS  # how much longer to wait for the client, in seconds

    async def read_small(self, declared: int | None) -> bytes | None:
        """Return the whole body if it is small and complete, otherwise None.

        If this returns None, call `write_to`, which also writes the bytes that this method has read.
        """
        if declared is None or declared > BUFFER_BYTES:
            return None
        try:
            while self._more and len(self._buffer) <= BUFFER_BYTES:
                self._buffer += await self._next()
        except (ClientDisconnected, TusError) as error:
            self._error = error
        if self._error or self._more:
            return None
        return bytes(self._take_buffer())

    async def write_to(self, writer: BodyWriter) -> None:
        """Write the body, including what arrived before a disconnect. Small pieces are buffered and written together.

        Raises ClientDisconnected, OSError, and what `BodyWriter.add` raises. Raises TusError 408 if nothing arrives for
        a minute or the rate is below LEAST_RATE, so that a slow client does not keep the partial file locked.
        """
        try:
            async for piece in self._pieces():
                if self._buffer and len(self._buffer) + len(piece) > BUFFER_BYTES:
                    await in_thread(_write, [self._take_buffer()], writer)
                if len(piece) > BUFFER_BYTES:
                    pieces: list[bytes | bytearray] = [piece]
                    del piece
                    await in_thread(_write, pieces, writer)
                else:
                    self._buffer += piece
        finally:
            if self._buffer:
                await in_thread(_write, [self._take_buffer()], writer)

    async def drain(self) -> None:
        """Read and discard the rest of the body, up to MAX_BODY_BYTES. Raises ClientDisconnected."""
        left = settings.MAX_BODY_BYTES
        try:
            async for piece in self._pieces():
                left -= len(piece)
                if left < 0:
                    return
        except TusError:
            return  # the client stopped sending, but still gets its response

    async def _pieces(self) -> AsyncIterator[bytes]:
        if self._error:
            raise self._error
        while self._more:
            yield await self._next()

    async def _next(self) -> bytes:
        began = monotonic()
        try:
            async with asyncio.timeout(min(IDLE_SECONDS, self._patience)):
                message = await self._receive()
        except TimeoutError as error:
            self._more = False
            raise TusError(408, "tus.quiet") from error
        if message["type"] == "http.disconnect":
            self._more = False
            raise ClientDisconnected
        self._more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        self._patience += len(piece) / LEAST_RATE - (monotonic() - began)
        return piece

    def _take_buffer(self) -> bytearray:
        buffer, self._buffer = self._buffer, bytearray()
        return buffer


def _write(pieces: list[bytes | bytearray], writer: BodyWriter) -> None:
    """Write the only piece in the list. Nothing else may hold a reference to that piece.

    `pop` removes the reference, so the piece is freed before the next one arrives.
    """
    writer.add(pieces.pop())
