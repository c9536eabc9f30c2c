"""WebSocket consumers for pages and programs.

The consumers authorise the user, subscribe to topics and send fragments. They never change data.
"""

import asyncio
import contextlib
import logging
from typing import Any

from autobahn.exception import Disconnected
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from batches.live.renderer import Topic, subscribe
from batches.live.socket_sessions import close_on_sign_out
from batches.live.topics import BatchJsonTopic, BatchPageTopic, OwnerJsonTopic, OwnerPageTopic
from batches.live.viewer import FAILED, NOT_FOUND, SIGNED_OUT, Viewer
from batches.models.scope import owner_scope
from uploads.db_threads import run_query

logger = logging.getLogger(__name__)

JSON_SUBPROTOCOL = "vuemantics.v1+json"
"""Programs request this subprotocol (docs/live.md). Without it, the socket sends HTML fragments."""
ACKNOWLEDGE_SECONDS = 10.0
"""How long to wait for a page to acknowledge a frame before sending the next one, so that frames do not pile up."""


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no type annotations
    """Sends the current fragments of the socket's topics and then those that change, until the user's session ends."""

    # The renderers receive the live events for all sockets, so a socket needs no channel and opens even without Redis.
    channel_layer_alias = "none"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._send_task: asyncio.Task[None] | None = None
        self._acknowledged = asyncio.Event()

    async def find_topics(self, user: User, *, json: bool) -> list[Topic]:
        """Return the topics that this socket serves, or an empty list if the user may not see them."""
        raise NotImplementedError

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one socket. Unsubscribe when this call ends, because Channels may never call `disconnect`."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._send_task is not None:
                self._send_task.cancel()
                await asyncio.gather(self._send_task, return_exceptions=True)

    async def dispatch(self, message: Any) -> None:
        """Handle a client's acknowledgement here: the base method would wait for the thread shared by all sockets."""
        if message["type"] == "websocket.receive":
            self._acknowledged.set()
        else:
            await super().dispatch(message)

    async def connect(self) -> None:
        """Accept every socket, even if it must be closed immediately: a page whose socket is refused would retry."""
        json = JSON_SUBPROTOCOL in self.scope["subprotocols"]
        await self.accept(JSON_SUBPROTOCOL if json else None)
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
        elif topics := await self.find_topics(user, json=json):
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
    """Serves one batch. A page also receives the summary of all the owner's batches through this socket."""

    async def find_topics(self, user: User, *, json: bool) -> list[Topic]:
        """Return no topics if the batch does not exist or belongs to another owner."""
        batch_id = int(self.scope["url_route"]["kwargs"]["batch_id"])
        if not await run_query(_is_owner, batch_id, user):
            return []
        if json:
            return [BatchJsonTopic(batch_id, user.id)]
        language = _language(self.scope)
        return [BatchPageTopic(batch_id, user.id, language), OwnerPageTopic(user.id, language)]


class OwnerConsumer(LiveConsumer):
    """Serves all of the user's batches."""

    async def find_topics(self, user: User, *, json: bool) -> list[Topic]:
        """Return the user's topic, even if the user has no batches yet."""
        return [OwnerJsonTopic(user.id) if json else OwnerPageTopic(user.id, _language(self.scope))]


def _is_owner(batch_id: int, user: User) -> bool:
    return owner_scope(user).batches().filter(id=batch_id).exists()


def _language(scope: dict[str, Any]) -> str:
    """Return the language in which a page with the same cookies and Accept-Language header is shown."""
    request = HttpRequest()
    request.COOKIES = scope.get("cookies", {})
    headers = dict(scope.get("headers", []))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin-1")
    return get_language_from_request(request)
