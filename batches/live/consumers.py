"""WebSocket consumers for pages and programs. They authorise, subscribe and send; they never change data."""

import asyncio
import contextlib
import logging
from typing import Any

from autobahn.exception import Disconnected
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from batches.live.renderer import Topic, subscribe
from batches.live.socket_sessions import close_on_sign_out
from batches.live.topics import BatchJsonTopic, BatchPageTopic, OwnerJsonTopic, OwnerPageTopic
from batches.live.viewer import FAILED, NOT_FOUND, SIGNED_OUT, Viewer
from batches.models import UploadBatch
from uploads.db_threads import run_query

logger = logging.getLogger(__name__)

JSON_SUBPROTOCOL = "vuemantics.v1+json"
"""Requested by programs (docs/live.md). Without it the socket sends HTML fragments."""
ACKNOWLEDGE_SECONDS = 10.0
"""How long to wait until a page acknowledges a frame before sending the next one, so that frames do not pile up."""


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no annotations
    """Sends a signed-in user the current fragments of some topics, then every change, until the session ends."""

    # The renderer receives the live events for all sockets, so a socket needs no channel and opens even without Redis.
    channel_layer_alias = "none"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._send_task: asyncio.Task[None] | None = None
        self._acknowledged = asyncio.Event()

    async def find_topics(self, user_id: int, *, json: bool) -> list[Topic]:
        """Return the topics of this socket; an empty list if the user may not see them."""
        raise NotImplementedError

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one socket. Unsubscribe at the end of this call, as `disconnect` may never be called."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._send_task is not None:
                self._send_task.cancel()
                await asyncio.gather(self._send_task, return_exceptions=True)

    async def dispatch(self, message: Any) -> None:
        """Handle acknowledgements here: Channels would run each on the one thread that all sockets share."""
        if message["type"] == "websocket.receive":
            self._acknowledged.set()
        else:
            await super().dispatch(message)

    async def connect(self) -> None:
        """Accept first, then close if necessary: a page would treat a refusal as a lost connection and retry."""
        json = JSON_SUBPROTOCOL in self.scope["subprotocols"]
        await self.accept(JSON_SUBPROTOCOL if json else None)
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
        elif topics := await self.find_topics(user.pk, json=json):
            self._send_task = asyncio.create_task(self._send_changes(topics, json=json))
        else:
            await self.close(NOT_FOUND)

    async def _send_changes(self, topics: list[Topic], *, json: bool) -> None:
        viewer = Viewer(len(topics))
        user, session_key = self.scope["user"], self.scope["session"].session_key
        try:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(close_on_sign_out(user, session_key, viewer))
                for topic in topics:
                    await stack.enter_async_context(subscribe(topic, viewer))
                while fragments := await viewer.next_fragments():
                    await (self._send_messages(fragments) if json else self._send_frame(fragments))
                await self.close(viewer.close_code)
        except Disconnected:
            # The client disconnected during a send; the disconnect event follows.
            logger.debug("A viewer of the live %s disconnected.", topics[0].key)
        except Exception:
            logger.exception("The live %s failed.", topics[0].key)
            await self.close(FAILED)

    async def _send_frame(self, fragments: list[str]) -> None:
        self._acknowledged.clear()
        await self.send(text_data="".join(fragments))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await self._acknowledged.wait()

    async def _send_messages(self, messages: list[str]) -> None:
        for message in messages:
            await self.send(text_data=message)


class BatchConsumer(LiveConsumer):
    """Serves one batch; a page also receives the summary of all its owner's batches through this socket."""

    async def find_topics(self, user_id: int, *, json: bool) -> list[Topic]:
        """Return nothing for a batch of another owner, as for one that does not exist."""
        batch_id = int(self.scope["url_route"]["kwargs"]["batch_id"])
        if not await run_query(_is_owner, batch_id, user_id):
            return []
        if json:
            return [BatchJsonTopic(batch_id, user_id)]
        language = _language(self.scope)
        return [BatchPageTopic(batch_id, user_id, language), OwnerPageTopic(user_id, language)]


class OwnerConsumer(LiveConsumer):
    """Serves all batches of the user."""

    async def find_topics(self, user_id: int, *, json: bool) -> list[Topic]:
        """Return the topic of this owner, who may have no batch yet."""
        return [OwnerJsonTopic(user_id) if json else OwnerPageTopic(user_id, _language(self.scope))]


def _is_owner(batch_id: int, user_id: int) -> bool:
    return UploadBatch.objects.filter(id=batch_id, owner_id=user_id).exists()


def _language(scope: dict[str, Any]) -> str:
    """Return the language that a page with this cookie and Accept-Language would have."""
    request = HttpRequest()
    request.COOKIES = scope.get("cookies", {})
    headers = dict(scope.get("headers", []))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin-1")
    return get_language_from_request(request)
