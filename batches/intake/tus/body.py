"""The body of a request, piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from batches.intake.tus.errors import TusError
from batches.intake.tus.reception import Reception
from batches.intake.tus.threads import in_thread

WRITE_BYTES = 2**20
QUIET_SECONDS = 60.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class Cut(Exception):
    """The client went away in the middle of the body; nobody is left to answer."""


class Body:
    """Reads a body once. After its end `receive` is not called again: it would wait for the client to leave."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

    async def write_to(self, reception: Reception) -> None:
        """Write it all to the part, in pieces of about 1 MiB; also what arrived before a cut.

        Raises Cut, OSError and TusError: 413, or 408 when nothing comes for a minute, so that a dead client does not
        hold the part.
        """
        gathered = bytearray()
        try:
            async for piece in self._pieces():
                gathered += piece
                if len(gathered) >= WRITE_BYTES:
                    data, gathered = bytes(gathered), bytearray()
                    await in_thread(reception.add, data)
        finally:
            if gathered:
                await in_thread(reception.add, bytes(gathered))

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
        while self._more:
            message = await self._next()
            self._more = message.get("more_body", False)
            yield message.get("body", b"")

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                message = await self._receive()
        except TimeoutError as error:
            self._more = False
            raise TusError(408, "tus.quiet", "Nothing came for a minute. Go on from the offset.") from error
        if message["type"] == "http.disconnect":
            raise Cut
        return message
