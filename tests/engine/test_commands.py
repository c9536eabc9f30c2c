"""What a command shows at once, and what it leaves behind in the batch's row."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections, transaction

from batches.engine import cancel, incoming, lifecycle, pause
from batches.messaging import live_events
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_true, fill, make_upload
from tests.support.live_events import hints_of, next_hint, until_silent

pytestmark = pytest.mark.django_db(transaction=True)


def hold_items(batch: UploadBatch) -> None:
    """Begin a transaction that has the files of a batch in its hands."""
    transaction.set_autocommit(False)
    list(batch.items.select_for_update().order_by("id"))


def let_go() -> None:
    """End it."""
    transaction.rollback()
    transaction.set_autocommit(True)


def cancel_elsewhere(batch_id: int) -> bool:
    """Cancel from a thread with a connection of its own."""
    try:
        return cancel.cancel_batch(batch_id)
    finally:
        connections.close_all()


async def test_cancel_is_told_before_its_files_are_through(give_back_connection: None, owner: User) -> None:
    batch = await sync_to_async(fill)(owner, 3)
    async with hints_of(live_events.batch_group(batch.id)) as hints:
        await until_silent(hints, 3 * live_events.EVENT_INTERVAL_SECONDS)  # the hints of filling are through
        await sync_to_async(hold_items)(batch)

        task = asyncio.create_task(sync_to_async(cancel_elsewhere, thread_sensitive=False)(batch.id))
        first = await next_hint(hints)
        waited = not task.done()
        await sync_to_async(let_go)()
        second = await next_hint(hints)

    assert await task
    assert waited
    assert first == second == {"type": "batch.changed", "batch_id": batch.id}
    await sync_to_async(assert_counters_true)(batch)


def test_batch_resumed_before_its_first_file_has_a_start_and_takes_files(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Early")
    pause.pause_batch(batch.id)

    assert pause.resume_batch(batch.id)

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING
    assert batch.started_at is not None
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", "a" * 64, 10))
    assert incoming.queue_item(item.id, make_upload(owner, 1).id)
    assert_counters_true(batch)


def test_resume_keeps_the_first_start(owner: User) -> None:
    batch = fill(owner, 1)
    pause.pause_batch(batch.id)

    pause.resume_batch(batch.id)

    assert UploadBatch.objects.get(id=batch.id).started_at == batch.started_at
