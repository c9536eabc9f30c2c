"""A connection uses little memory while it receives a large body."""

import asyncio
import tracemalloc
from typing import Any

import pytest

from batches.intake.tus.app import tus_application
from batches.messaging import live_events
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient

pytestmark = pytest.mark.django_db(transaction=True)
MIB = 2**20
JPEG = b"\xff\xd8\xff\xe0"


async def patch(tus: TusClient, location: str, size: int, piece: int) -> tuple[int, int]:
    """Send a body in pieces. Return the status and the peak growth of the memory in use, less the size of one piece."""
    left = size
    status = 0

    async def receive() -> Any:
        nonlocal left
        body = bytes(piece) if left < size else JPEG.ljust(piece, b"\0")
        left -= piece
        return {"type": "http.request", "body": body, "more_body": left > 0}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    wanted = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0", "Content-Length": str(size)}
    lines = [(name.lower().encode(), value.encode()) for name, value in (tus.headers | wanted).items()]
    scope = {"type": "http", "method": "PATCH", "path": location, "scheme": "http", "headers": lines}
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await tus_application(scope, receive, send)
    peak = tracemalloc.get_traced_memory()[1] - before - piece
    tracemalloc.stop()
    return status, peak


@pytest.mark.parametrize("piece", [4096, 50_000, 131_072])
def test_connection_keeps_little_of_a_large_body(
    tus: TusClient, batch: UploadBatch, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The thread that sends live events would add about 200 kB to a peak now and then.
    monkeypatch.setattr(live_events.Publisher, "publish", lambda *_args, **_options: None)
    size = 40 * piece
    locations = [tus.create(batch.id, f"{number}.jpg", size + 1).headers["location"] for number in range(4)]

    answers = [asyncio.run(patch(tus, location, size, piece)) for location in locations]

    assert {status for status, _ in answers} == {204}
    # One more piece may be in memory while the last one is written. The peak also includes objects of Django and the
    # event loop and, in the first runs, objects that a process creates only once. Therefore, use the smallest peak.
    assert min(peak for _, peak in answers) <= piece + MIB // 8
