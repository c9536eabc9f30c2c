"""Responses that the server sends itself, before the application handles the request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Refusal:
    """A complete response to a request that is refused."""

    status: HTTPStatus
    text: str
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the bytes of the HTTP/1.1 response, after which the connection must be closed."""
        body = self.text.encode()
        headers = {
            "Content-Type": f"{self.content_type}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Connection": "close",
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status} {self.status.phrase}", *(f"{name}: {headers[name]}" for name in headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


BUSY = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "server.busy: Too many connections are open. Nothing is lost; try again soon.\n",
    headers={"Retry-After": "5"},
)
TOO_SLOW = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The request arrived too slowly. Send it again.\n")
