"""The body of a request, piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from batches.intake.tus.protocol_error import TusError
from batches.intake.tus.threads import in_thread
from batches.intake.tus.writer import BodyWriter

GATHER_BYTES = 2**16
"""What one connection holds beside the piece that its server handed over last."""
QUIET_SECONDS = 60.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class ClientDisconnected(Exception):
    """The client went away in the middle of the body; nobody is left to answer."""


class RequestBody:
    """Reads a body once. After its end `receive` is not called again: it would wait for the client to leave."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True
        self._held = bytearray()
        self._broken: Exception | None = None

    async def whole(self, declared: int | None) -> bytes | None:
        """Return all of a body that is small; None when it is not, or broke: then `write_to` has what came of it."""
        if declared is None or declared > GATHER_BYTES:
            return None
        try:
            while self._more and len(self._held) <= GATHER_BYTES:
                self._held += await self._next()
        except (ClientDisconnected, TusError) as broken:
            self._broken = broken
        if self._broken or self._more:
            return None
        return bytes(self._take())

    async def write_to(self, reception: BodyWriter) -> None:
        """Write it all to the part, also what arrived before a cut; small pieces are gathered.

        Raises Cut, OSError and TusError: 413, or 408 when nothing comes for a minute, so that a dead client does not
        hold the part.
        """
        try:
            async for piece in self._pieces():
                if self._held and len(self._held) + len(piece) > GATHER_BYTES:
                    await in_thread(_pour, [self._take()], reception)
                if len(piece) > GATHER_BYTES:
                    box: list[bytes | bytearray] = [piece]
                    del piece
                    await in_thread(_pour, box, reception)
                else:
                    self._held += piece
        finally:
            if self._held:
                await in_thread(_pour, [self._take()], reception)

    async def drain(self) -> None:
        """Read the rest away, up to the limit of one body, so that the client gets to read the answer. Raises Cut."""
        left = settings.MAX_BODY_BYTES
        try:
            async for piece in self._pieces():
                left -= len(piece)
                if left < 0:
                    return
        except TusError:
            return  # a silent client is answered all the same

    async def _pieces(self) -> AsyncIterator[bytes]:
        if self._broken:
            raise self._broken
        while self._more:
            yield await self._next()

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                message = await self._receive()
        except TimeoutError as error:
            self._more = False
            raise TusError(408, "tus.quiet", "Nothing came for a minute. Go on from the offset.") from error
        if message["type"] == "http.disconnect":
            self._more = False
            raise ClientDisconnected
        self._more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece

    def _take(self) -> bytearray:
        held, self._held = self._held, bytearray()
        return held


def _pour(box: list[bytes | bytearray], reception: BodyWriter) -> None:
    """Write the one piece in the box, which is then held by nobody while the next one comes."""
    reception.add(box.pop())
