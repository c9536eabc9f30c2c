"""The browser's end of the socket of a batch page."""

import asyncio

from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client

from vuemantics.asgi import application

# Long enough for a busy machine; only a failing test waits so long.
SECONDS = 30.0


def cookie_of(user: User) -> str:
    """Return the Cookie header of a signed-in user."""
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def address_of(batch_id: int | None) -> str:
    """Return the socket of a batch, or with None that of all batches of the user."""
    return "/ws/batches/" if batch_id is None else f"/ws/batches/{batch_id}/"


class Page:
    """An open batch page: it collects the frames and acknowledges each as the page's script does."""

    def __init__(self, batch_id: int | None, cookie: str = "", origin: str = "http://localhost") -> None:
        """Open the page of a batch, or with None a page that shows no batch."""
        headers = [(b"origin", origin.encode()), (b"host", b"localhost"), (b"cookie", cookie.encode())]
        self.socket = WebsocketCommunicator(application, address_of(batch_id), headers)
        self.frames: list[str] = []

    async def open(self) -> bool:
        """Connect, and return whether the server accepted."""
        accepted, _ = await self.socket.connect(timeout=SECONDS)
        return bool(accepted)

    async def frame(self, *, answer: bool = True) -> str:
        """Return the next frame. Fails after SECONDS without one."""
        frame = str(await self.socket.receive_from(SECONDS))
        self.frames.append(frame)
        if answer:
            await self.answer()
        return frame

    async def answer(self) -> None:
        """Acknowledge the last frame."""
        await self.socket.send_to("seen")

    async def frame_with(self, text: str) -> str:
        """Receive frames until one contains `text`, and return it."""
        async with asyncio.timeout(2 * SECONDS):
            while text not in (frame := await self.frame()):
                pass
        return frame

    async def close_code(self) -> int:
        """Return the close code of the server, after any frames."""
        while (message := await self.socket.receive_output(SECONDS))["type"] == "websocket.send":
            await self.answer()
        assert message["type"] == "websocket.close"
        return int(message["code"])

    async def close(self) -> None:
        """Disconnect."""
        await self.socket.disconnect()
