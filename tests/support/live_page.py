"""A browser's end of the batch page's socket, for tests."""

import asyncio

from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client

from vuemantics.asgi import application

SECONDS = 30.0


def cookie_of(user: User) -> str:
    """The Cookie header of somebody who is signed in."""
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def address_of(batch_id: int | None) -> str:
    """The socket of a batch, or with None that of all batches of somebody."""
    return "/ws/batches/" if batch_id is None else f"/ws/batches/{batch_id}/"


class Page:
    """An open batch page: it gathers what the socket sends and answers each frame as the page's script does."""

    def __init__(self, batch_id: int | None, cookie: str = "", origin: str = "http://localhost") -> None:
        """The page of a batch, or with None any page that shows no batch."""
        headers = [(b"origin", origin.encode()), (b"host", b"localhost"), (b"cookie", cookie.encode())]
        self.socket = WebsocketCommunicator(application, address_of(batch_id), headers)
        self.frames: list[str] = []

    async def open(self) -> bool:
        """Connect; whether the server accepted."""
        accepted, _ = await self.socket.connect(timeout=SECONDS)
        return bool(accepted)

    async def frame(self, *, answer: bool = True) -> str:
        """The next frame. Fails after some seconds without one."""
        text = str(await self.socket.receive_from(SECONDS))
        self.frames.append(text)
        if answer:
            await self.answer()
        return text

    async def answer(self) -> None:
        """Say that the last frame is shown."""
        await self.socket.send_to("seen")

    async def frame_with(self, words: str) -> str:
        """Take frames until one contains `words`, and return that."""
        async with asyncio.timeout(2 * SECONDS):
            while words not in (frame := await self.frame()):
                pass
        return frame

    async def close_code(self) -> int:
        """The code with which the server closes, after any frames."""
        while (message := await self.socket.receive_output(SECONDS))["type"] == "websocket.send":
            await self.answer()
        assert message["type"] == "websocket.close"
        return int(message["code"])

    async def close(self) -> None:
        """Go away."""
        await self.socket.disconnect()
