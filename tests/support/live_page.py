"""Clients of the live sockets: a page and a program that uses JSON."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client

from tests.support.waiting import wait_until
from vuemantics.asgi import application

if TYPE_CHECKING:
    import redis

SECONDS = 120.0
"""Long enough for a busy machine. Only a failing test waits this long."""
JSON_SUBPROTOCOL = "vuemantics.v1+json"


def cookie_of(user: User) -> str:
    """Sign a user in and return the Cookie header."""
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def address_of(batch_id: int | None) -> str:
    """Return the path of a batch's socket or, for None, of the socket for all the user's batches."""
    return "/ws/batches/" if batch_id is None else f"/ws/batches/{batch_id}/"


async def wait_for_subscriber(redis_client: "redis.Redis", group: str) -> None:
    """Wait until a socket receives the group's events, which may be shortly after its first frame."""
    await asyncio.to_thread(wait_until, lambda: redis_client.pubsub_numsub(f"asgi__group__{group}")[0][1])


class Page:
    """An open page, which collects frames and acknowledges each one, like the page's script."""

    def __init__(self, batch_id: int | None, cookie: str = "", origin: str = "http://localhost") -> None:
        """Prepare the page of a batch or, for None, a page that shows only the summary of all batches."""
        headers = [(b"origin", origin.encode()), (b"host", b"localhost"), (b"cookie", cookie.encode())]
        self.socket = WebsocketCommunicator(application, address_of(batch_id), headers)
        self.frames: list[str] = []

    async def open(self) -> bool:
        """Connect and return whether the server accepted the connection."""
        accepted, _ = await self.socket.connect(timeout=SECONDS)
        return bool(accepted)

    async def frame(self, *, acknowledge: bool = True) -> str:
        """Return the next frame; fail after SECONDS without one."""
        text = str(await self.socket.receive_from(SECONDS))
        self.frames.append(text)
        if acknowledge:
            await self.acknowledge()
        return text

    async def acknowledge(self) -> None:
        await self.socket.send_to("seen")

    async def frame_with(self, text: str) -> str:
        """Return the next frame that contains `text`."""
        async with asyncio.timeout(2 * SECONDS):
            while text not in (frame := await self.frame()):
                pass
        return frame

    async def close_code(self) -> int:
        """Skip frames until the server closes the socket, and return its close code."""
        while (message := await self.socket.receive_output(SECONDS))["type"] == "websocket.send":
            await self.acknowledge()
        assert message["type"] == "websocket.close"
        return int(message["code"])

    async def close(self) -> None:
        await self.socket.disconnect(timeout=SECONDS)


class JsonClient(Page):
    """A client of the JSON subprotocol. It sends no acknowledgements."""

    async def open(self) -> bool:
        """Connect and return whether the server chose the JSON subprotocol."""
        self.socket.scope["subprotocols"] = ["something.else", JSON_SUBPROTOCOL]
        accepted, subprotocol = await self.socket.connect(timeout=SECONDS)
        return bool(accepted) and subprotocol == JSON_SUBPROTOCOL

    async def message(self, **fields: object) -> dict[str, Any]:
        """Skip messages until one has the values in `fields`, and return it."""
        async with asyncio.timeout(2 * SECONDS):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.receive_from(SECONDS))
                if all(message.get(key) == value for key, value in fields.items()):
                    return message
