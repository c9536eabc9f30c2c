"""The frames of a live page's socket: their content, and when they are sent."""

import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from batches.engine import cancel, pause
from batches.live import consumers, renderer, viewer
from batches.live.fragments import FREQUENT_BYTES
from batches.live.topics import BatchPageTopic
from batches.live.viewer import Fragments
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus, Stage
from tests.support.batches import make_batch
from tests.support.live_page import Page, cookie_of, wait_for_subscriber
from uploads.models import Upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FRAME_BYTES = FREQUENT_BYTES + 512
"""A frame may also contain the link to running imports and an announcement: whether it does depends on timing."""

Change = Callable[[UploadBatch, QuerySet[BatchItem]], Awaitable[None]]


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 20)


@pytest.fixture
async def page(owner: User, batch: UploadBatch) -> AsyncIterator[Page]:
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    yield page
    await page.close()


@pytest.fixture
def change_between_reads(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Set `successful` of a batch to 8 and move items to the last stage, so that one frame shows both changes."""
    lock, read = threading.Lock(), BatchPageTopic.read

    def read_alone(topic: BatchPageTopic) -> Fragments | None:
        with lock:
            return read(topic)

    def change(batch: UploadBatch, items: QuerySet[BatchItem]) -> None:
        with lock:
            UploadBatch.objects.filter(id=batch.id).update(successful=8)
            items.update(stage=Stage.EMBEDDING)

    monkeypatch.setattr(BatchPageTopic, "read", read_alone)
    return sync_to_async(change)


async def set_counters(batch: UploadBatch, **fields: object) -> None:
    """Update the batch's row without sending a live event."""
    await UploadBatch.objects.filter(id=batch.id).aupdate(**fields)


async def send_event(batch: UploadBatch) -> None:
    await get_channel_layer().group_send(
        live_events.batch_group(batch.id), {"type": "batch.changed", "batch_id": batch.id}
    )


async def test_event_causes_a_frame_before_the_next_poll(
    page: Page, batch: UploadBatch, redis_client: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "POLL_SECONDS", 3600)
    await page.open()
    await page.frame()
    await wait_for_subscriber(redis_client, live_events.batch_group(batch.id))
    await page.socket.receive_nothing(viewer.FRAME_SECONDS * 2)
    await set_counters(batch, successful=7)

    await send_event(batch)

    await page.frame_with('<strong id="count">7</strong>')


async def test_changes_and_completion_are_sent_without_events(page: Page, batch: UploadBatch) -> None:
    await page.open()
    await page.frame()

    await set_counters(batch, successful=5)
    await page.frame_with('<strong id="count">5</strong>')
    now = timezone.now()
    await set_counters(batch, successful=20, status=BatchStatus.COMPLETED, sealed_at=now, completed_at=now)

    frame = await page.frame_with("data-ended")
    assert "Completed: 20 described, 0 failed." in frame


async def test_frame_contains_only_changed_fragments(page: Page, batch: UploadBatch) -> None:
    await page.open()
    await page.frame()

    await set_counters(batch, successful=1)
    frame = await page.frame_with('id="summary"')

    assert 'id="problems"' not in frame
    assert 'id="announcement"' not in frame


async def test_nothing_is_sent_while_nothing_changes(page: Page, batch: UploadBatch) -> None:
    await page.open()
    await page.frame()

    await send_event(batch)

    assert await page.socket.receive_nothing(2 * renderer.POLL_SECONDS)


async def test_page_that_does_not_acknowledge_gets_no_frame_until_it_does(
    page: Page, batch: UploadBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "ACKNOWLEDGE_SECONDS", 3600)
    await page.open()
    await page.frame(acknowledge=False)
    for done in (3, 4, 5):
        await set_counters(batch, successful=done)
        await send_event(batch)
        assert await page.socket.receive_nothing(viewer.FRAME_SECONDS * 2)

    await page.acknowledge()

    await page.frame_with('<strong id="count">5</strong>')
    assert not any('<strong id="count">3</strong>' in frame for frame in page.frames)


async def test_frame_with_eight_files_in_progress_is_small(
    page: Page, batch: UploadBatch, change_between_reads: Change
) -> None:
    ids = [item.id async for item in BatchItem.objects.filter(batch=batch).order_by("id")[:8]]
    await BatchItem.objects.filter(id__in=ids).aupdate(
        status=ItemStatus.PROCESSING, stage=Stage.DESCRIBING, claim=uuid.uuid4(), worker=1, queue_position=None
    )
    await set_counters(batch, successful=7, failed=2)
    await page.open()
    await page.frame()

    await change_between_reads(batch, BatchItem.objects.filter(id__in=ids[:4]))
    frame = await page.frame_with("Preparing for search")

    assert frame.count('<li class="step') == 8
    assert 'id="summary"' in frame
    assert len(frame.encode()) <= FRAME_BYTES, len(frame.encode())


async def test_frame_with_previews_of_files_in_progress_is_small(
    page: Page, batch: UploadBatch, change_between_reads: Change
) -> None:
    items = BatchItem.objects.filter(batch=batch)
    await items.aupdate(
        status=ItemStatus.PROCESSING, stage=Stage.PREVIEWING, claim=uuid.uuid4(), worker=1, queue_position=None
    )
    uploads = Upload.objects.filter(items__batch=batch)
    await uploads.aupdate(previews={"320": "previews/there.jpg"}, processed_at=timezone.now())
    await page.open()
    await page.frame()

    await change_between_reads(batch, items)
    frame = await page.frame_with("Preparing for search")

    assert frame.count("<img") == 4
    assert 'id="summary"' in frame
    assert len(frame.encode()) <= FRAME_BYTES, len(frame.encode())


async def test_pause_and_cancel_reach_the_page(page: Page, batch: UploadBatch) -> None:
    await page.open()
    await page.frame()

    await sync_to_async(pause.pause_batch)(batch.id)
    assert 'form="resume"' in await page.frame_with("Paused")
    await sync_to_async(cancel.cancel_batch)(batch.id)

    frame = await page.frame_with("Cancelled.")
    assert "<button" not in frame
