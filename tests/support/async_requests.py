"""An asynchronous test client for pages and files."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.http.response import ResponseHeaders
from django.test import AsyncClient


@dataclass
class Answer:
    """A response whose body has been read completely."""

    status: int
    headers: ResponseHeaders
    pieces: list[bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


class AsyncBrowser:
    """A signed-in browser."""

    def __init__(self, user: User) -> None:
        self.client = AsyncClient()
        self.client.force_login(user)

    async def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Request `path`, by default with GET. Other keywords are headers: `If_Range="x"` sends `If-Range: x`."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return await _read(await self.client.generic(method, path, headers=names))

    async def post(self, path: str, fields: dict[str, object]) -> Answer:
        return await _read(await self.client.post(path, fields))


async def _read(response: HttpResponseBase) -> Answer:
    if isinstance(response, StreamingHttpResponse):
        return Answer(response.status_code, response.headers, [piece async for piece in aiter(response)])
    assert isinstance(response, HttpResponse)
    return Answer(response.status_code, response.headers, [response.content])
