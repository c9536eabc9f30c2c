"""The socket of a batch's page: it authorises, watches and sends; it writes nothing."""

import asyncio
import contextlib
import logging
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from batches.progress import is_owner
from batches.renderer import read, watching

logger = logging.getLogger(__name__)

SIGNED_OUT = 4403
NOT_FOUND = 4404
FAILED = 1011
ANSWER_SECONDS = 10.0
"""A page answers each frame; one that does not gets a frame in this time at most, so nothing piles up for it."""


class BatchConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no annotations
    """Sends the owner of a batch what changed on its page, first of all everything."""

    # Hints are heard by the renderer, once for all: a socket needs no channel of its own, and opens without Redis too.
    channel_layer_alias = "none"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sending: asyncio.Task[None] | None = None
        self._answered = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one socket. `disconnect` may never be called, so the end of this call ends the watching."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._sending is not None:
                self._sending.cancel()
                await asyncio.gather(self._sending, return_exceptions=True)

    async def dispatch(self, message: Any) -> None:
        """Note an answer at once: for other messages Channels visits the one thread that all sockets share."""
        if message["type"] == "websocket.receive":
            self._answered.set()
        else:
            await super().dispatch(message)

    async def connect(self) -> None:
        """Accept first: a refusal before would reach the page as a lost connection, which it tries again for ever."""
        await self.accept()
        batch_id = int(self.scope["url_route"]["kwargs"]["batch_id"])
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
        elif not await read(is_owner, batch_id, user.pk):
            await self.close(NOT_FOUND)
        else:
            self._sending = asyncio.create_task(self._send_frames(batch_id))

    async def _send_frames(self, batch_id: int) -> None:
        try:
            async with watching(batch_id) as viewer:
                while (frame := await viewer.next_frame()) is not None:
                    self._answered.clear()
                    await self.send(text_data=frame)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._answered.wait(), ANSWER_SECONDS)
            await self.close(NOT_FOUND)
        except Exception:
            logger.exception("The live page of batch %s failed.", batch_id)
            await self.close(FAILED)
