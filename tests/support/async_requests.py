"""Asking for pages and files as the server does, asynchronously, for tests."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.http.response import ResponseHeaders
from django.test import AsyncClient


@dataclass
class Answer:
    """A response that was read to its end."""

    status: int
    headers: ResponseHeaders
    pieces: list[bytes]

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)


class Asking:
    """A signed-in browser that asks as the server does: asynchronously."""

    def __init__(self, user: User) -> None:
        self.client = AsyncClient()
        self.client.force_login(user)

    async def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask for `path`; `If_Range="x"` is the header If-Range."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.generic(method, path, headers=names)
        if isinstance(response, StreamingHttpResponse):
            return Answer(response.status_code, response.headers, [piece async for piece in aiter(response)])
        return Answer(response.status_code, response.headers, [response.content])
