"""A response that the client does not read does not occupy a database connection."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection, connections
from django.urls import reverse
from django.utils import timezone

from tests.support.batches import make_batch
from tests.support.failures import fail_stored
from tests.support.live_page import cookie_of
from tests.support.waiting import wait_until
from uploads import storage
from uploads.models import MediaKind, Upload
from uploads.storage.file_response import CHUNK_BYTES
from vuemantics.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 60


class StalledClient:
    """A client that reads only the head of a response."""

    def __init__(self, path: str, cookie: str) -> None:
        self.path = path
        self.cookie = cookie
        self.stalled = asyncio.Event()
        self.gone = asyncio.Event()
        self.status = 0
        self._body_sent = False

    async def run(self) -> None:
        """Send the request, and stall at the first piece of the response body."""
        lines = [(b"host", b"localhost"), (b"cookie", self.cookie.encode())]
        scope = {"type": "http", "method": "GET", "path": self.path, "query_string": b"", "headers": lines}
        await application(scope | {"client": ("127.0.0.1", 1)}, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if not self._body_sent:
            self._body_sent = True
            return {"type": "http.request", "body": b""}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.stalled.set()
            await asyncio.Event().wait()


def used_connections() -> int:
    """Return how many connections of the pool are in use, not counting the one used by this function."""
    connections.close_all()
    connection.ensure_connection()
    stats = connection.pool.get_stats()  # type: ignore[attr-defined]
    connections.close_all()
    return int(stats["pool_size"] - stats["pool_available"] - 1)


def store_original(owner: User, folder: Path) -> Upload:
    """Store an original that is large enough to be sent in several chunks."""
    content = bytes(CHUNK_BYTES * 4)
    upload = Upload(owner=owner, filename="a.jpg", size=len(content), mime_type="image/jpeg", kind=MediaKind.IMAGE)
    upload.sha256 = hashlib.sha256(content).hexdigest()
    upload.processed_at = timezone.now()
    (folder / "a.jpg").write_bytes(content)
    storage.store_original(folder / "a.jpg", upload.key)
    upload.save()
    return upload


@pytest.mark.parametrize("name", ["upload-original", "failures-csv", "admin:batches_failures_csv", "upload-list"])
async def test_stalled_downloads_hold_no_database_connection(owner: User, tmp_path: Path, name: str) -> None:
    def prepare() -> tuple[str, str]:
        User.objects.filter(id=owner.id).update(is_staff=True, is_superuser=True)
        fail_stored(make_batch(owner, 1))
        upload = store_original(owner, tmp_path)
        return reverse(name, args=[upload.id] if name == "upload-original" else []), cookie_of(owner)

    path, cookie = await sync_to_async(prepare)()
    before = await sync_to_async(used_connections)()
    clients = [StalledClient(path, cookie) for _ in range(30)]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        async with asyncio.timeout(SECONDS):
            for client in clients:
                await client.stalled.wait()
        assert {client.status for client in clients} == {200}
        # The number may be lower than before, because a thread of an earlier test may have returned its connection. It
        # may be higher for a moment, while the pool opens a connection that it no longer needs.
        await asyncio.to_thread(wait_until, lambda: used_connections() <= before)
    finally:
        for client in clients:
            client.gone.set()
        await asyncio.gather(*tasks)
