"""A tus client that calls the ASGI application directly, so it can send pieces, disconnect or use invalid headers."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from batches.intake.tus.app import tus_application


@dataclass(frozen=True)
class Answer:
    """A response. Its status is 0 if the application sent no response."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def offset(self) -> int:
        return int(self.headers["upload-offset"])


class TusClient:
    """A client that sends requests as `person`, or anonymously."""

    def __init__(self, person: User | None = None, **extra: str) -> None:
        self.headers = {"Host": "localhost", "Tus-Resumable": "1.0.0", **extra}
        if person is not None:
            browser = Client()
            browser.force_login(person)
            self.headers["Cookie"] = f"sessionid={browser.cookies['sessionid'].value}"

    def create(self, batch_id: int, name: str, size: int, **metadata: str) -> Answer:
        """Create an upload, with additional `metadata`."""
        return self.request("POST", "/tus/", _creation(batch_id, name, size, metadata))

    def create_with(
        self,
        batch_id: int,
        name: str,
        size: int,
        *pieces: bytes,
        declared: bool = True,
        checksum: str = "",
        end: str = "",
    ) -> Answer:
        """Create an upload and send its first bytes. See `patch` for `declared`, `checksum` and `end`."""
        headers = _creation(batch_id, name, size, {}) | _body(pieces, declared, checksum)
        return self.request("POST", "/tus/", headers, pieces or [b""], end=end)

    def head(self, location: str) -> Answer:
        return self.request("HEAD", location)

    def patch(
        self, location: str, offset: int, *pieces: bytes, declared: bool = True, checksum: str = "", end: str = ""
    ) -> Answer:
        """PATCH the pieces.

        Before the end of the body, disconnect if `end` is "cut", or stop sending if it is "silence".

        `declared` adds a Content-Length. `checksum` is the value of Upload-Checksum, or only the name of an algorithm,
        to which the correct digest is added.
        """
        headers = {"Upload-Offset": str(offset)} | _body(pieces, declared, checksum)
        return self.request("PATCH", location, headers, pieces, end=end)

    def send(self, batch_id: int, name: str, data: bytes, **metadata: str) -> Answer:
        """Create an upload and send the whole file in one PATCH."""
        created = self.create(batch_id, name, len(data), **metadata)
        return self.patch(created.headers["location"], created.offset, data)

    def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        pieces: Sequence[bytes] = (),
        *,
        end: str = "",
    ) -> Answer:
        """Send any request. An empty value in `headers` omits that default header."""
        return asyncio.run(self._drive(method, path, self.headers | (headers or {}), pieces, end=end))

    async def _drive(
        self, method: str, path: str, headers: dict[str, str], pieces: Sequence[bytes], *, end: str
    ) -> Answer:
        incoming = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        if end == "cut":
            incoming.append({"type": "http.disconnect"})
        elif incoming and not end:
            incoming[-1]["more_body"] = False
        elif not incoming:
            incoming.append({"type": "http.request", "body": b""})
        sent: list[Any] = []

        async def receive() -> Any:
            if end == "silence" and not incoming:
                await asyncio.Event().wait()
            assert incoming, "the application reads beyond the end of the body, where a real server would block"
            return incoming.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        lines = [(name.lower().encode(), value.encode()) for name, value in headers.items() if value]
        scope = {"type": "http", "method": method, "path": path, "scheme": "http", "headers": lines}
        await tus_application(scope, receive, send)
        if not sent:
            return Answer(0, {}, "")
        start, body = sent
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], found, body["body"].decode())


def _creation(batch_id: int, name: str, size: int, metadata: dict[str, str]) -> dict[str, str]:
    pairs = {"batch": str(batch_id), "filename": name, "last_modified": "1000", **metadata}
    text = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return {"Upload-Length": str(size), "Upload-Metadata": text}


def _body(pieces: Sequence[bytes], declared: bool, checksum: str) -> dict[str, str]:
    headers = {"Content-Type": "application/offset+octet-stream"}
    if declared:
        headers["Content-Length"] = str(sum(map(len, pieces)))
    if checksum:
        right = b64encode(hashlib.new(checksum, b"".join(pieces)).digest()).decode() if checksum.isalnum() else ""
        headers["Upload-Checksum"] = f"{checksum} {right}".strip()
    return headers
