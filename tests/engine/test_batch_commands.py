"""The events that a cancellation sends, and the start time of a batch that is paused and resumed."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections, transaction

from batches.engine import cancel, incoming, lifecycle, pause
from batches.messaging import live_events
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_match, make_batch, make_upload
from tests.support.live_events import events_of, next_event, until_silent

pytestmark = pytest.mark.django_db(transaction=True)


def lock_items(batch: UploadBatch) -> None:
    """Begin a transaction that locks the items of a batch."""
    transaction.set_autocommit(False)
    list(batch.items.select_for_update().order_by("id"))


def unlock_items() -> None:
    transaction.rollback()
    transaction.set_autocommit(True)


def cancel_in_thread(batch_id: int) -> bool:
    try:
        return cancel.cancel_batch(batch_id)
    finally:
        connections.close_all()


async def test_cancel_is_published_before_its_items_are_cancelled(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_events, "EVENT_INTERVAL_SECONDS", 0.05)
    batch = await sync_to_async(make_batch)(owner, 3)
    async with events_of(live_events.batch_group(batch.id)) as events:
        await until_silent(events, 3 * live_events.EVENT_INTERVAL_SECONDS)  # skip the events that `make_batch` has sent
        await sync_to_async(lock_items)(batch)

        task = asyncio.create_task(sync_to_async(cancel_in_thread, thread_sensitive=False)(batch.id))
        first = await next_event(events)
        waited = not task.done()
        await sync_to_async(unlock_items)()
        second = await next_event(events)

    assert await task
    assert waited
    assert first == second == {"type": "batch.changed", "batch_id": batch.id}
    await sync_to_async(assert_counters_match)(batch)


def test_batch_resumed_before_its_first_file_has_a_start_time(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Early")
    pause.pause_batch(batch.id)

    assert pause.resume_batch(batch.id)

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING
    assert batch.started_at is not None
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", "a" * 64, 10))
    assert incoming.queue_item(item.id, make_upload(owner, 1).id)
    assert_counters_match(batch)


def test_resume_keeps_the_first_start_time(owner: User) -> None:
    batch = make_batch(owner, 1)
    pause.pause_batch(batch.id)

    pause.resume_batch(batch.id)

    assert UploadBatch.objects.get(id=batch.id).started_at == batch.started_at
