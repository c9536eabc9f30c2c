"""The sockets of the pages and of programs: they authorise, watch and send; they write nothing."""

import asyncio
import contextlib
import logging
from typing import Any

from autobahn.exception import Disconnected
from channels.generic.websocket import AsyncWebsocketConsumer

from batches.live.renderer import Topic, subscribe
from batches.live.socket_language import language_of
from batches.live.socket_sessions import close_on_sign_out
from batches.live.topics import BatchJsonTopic, BatchPageTopic, OwnerJsonTopic, OwnerPageTopic
from batches.live.viewer import FAILED, NOT_FOUND, SIGNED_OUT, Viewer
from batches.models import UploadBatch
from uploads.db_threads import run_query

logger = logging.getLogger(__name__)

JSON = "vuemantics.v1+json"
"""The subprotocol of programs (docs/live.md); without it the socket speaks the HTML of the pages."""
ANSWER_SECONDS = 10.0
"""A page answers each frame; one that does not gets a frame in this time at most, so nothing piles up for it."""


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no annotations
    """Sends a signed-in person what changed, first of all everything; ends when the login ends."""

    # Hints are heard by the renderer, once for all: a socket needs no channel of its own, and opens without Redis too.
    channel_layer_alias = "none"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sending: asyncio.Task[None] | None = None
        self._answered = asyncio.Event()

    async def subjects(self, user_id: int, *, json: bool) -> list[Topic]:
        """Return what is watched; nothing where there is nothing of this person's."""
        raise NotImplementedError

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
        json = JSON in self.scope["subprotocols"]
        await self.accept(JSON if json else None)
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
        elif subjects := await self.subjects(user.pk, json=json):
            self._sending = asyncio.create_task(self._send_news(subjects, json=json))
        else:
            await self.close(NOT_FOUND)

    async def _send_news(self, subjects: list[Topic], *, json: bool) -> None:
        viewer = Viewer(len(subjects))
        try:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(
                    close_on_sign_out(self.scope["user"], self.scope["session"].session_key, viewer)
                )
                for subject in subjects:
                    await stack.enter_async_context(subscribe(subject, viewer))
                while parts := await viewer.next_parts():
                    await (self._send_messages(parts) if json else self._send_frame(parts))
                await self.close(viewer.ended)
        except Disconnected:
            # It went away while a frame was on its way; the server tells us next.
            logger.debug("Who watched the live %s has left.", subjects[0].key)
        except Exception:
            logger.exception("The live %s failed.", subjects[0].key)
            await self.close(FAILED)

    async def _send_frame(self, parts: list[str]) -> None:
        self._answered.clear()
        await self.send(text_data="".join(parts))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._answered.wait()

    async def _send_messages(self, parts: list[str]) -> None:
        for part in parts:
            await self.send(text_data=part)


class BatchConsumer(LiveConsumer):
    """One batch of mine; a page hears by the same socket what else of mine goes on."""

    async def subjects(self, user_id: int, *, json: bool) -> list[Topic]:
        """Return the batch and, for a page, its owner's others."""
        batch_id = int(self.scope["url_route"]["kwargs"]["batch_id"])
        if not await run_query(_is_owner, batch_id, user_id):
            return []
        if json:
            return [BatchJsonTopic(batch_id, user_id)]
        language = language_of(self.scope)
        return [BatchPageTopic(batch_id, user_id, language), OwnerPageTopic(user_id, language)]


class OwnerConsumer(LiveConsumer):
    """All my batches."""

    async def subjects(self, user_id: int, *, json: bool) -> list[Topic]:
        """Return the owner's batches, which are there even when there are none."""
        return [OwnerJsonTopic(user_id) if json else OwnerPageTopic(user_id, language_of(self.scope))]


def _is_owner(batch_id: int, user_id: int | None) -> bool:
    return UploadBatch.objects.filter(id=batch_id, owner_id=user_id).exists()
