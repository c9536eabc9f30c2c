"""What a command shows at once, and what it leaves behind in the batch's row."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from django.db import connections, transaction

from batches import events
from batches.engine import arrive, cancel, pause
from batches.models import UploadBatch
from batches.states import BatchStatus
from tests.rows import assert_counters_true, fill, make_upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def give_back_connection(transactional_db: None) -> AsyncIterator[None]:
    """The thread of the changes keeps a connection, and with it the test database, open."""
    yield
    await sync_to_async(connections.close_all)()


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


async def until_silent(channel: str) -> None:
    """Take what arrives until nothing does for a while."""
    with contextlib.suppress(TimeoutError):
        while True:
            await asyncio.wait_for(get_channel_layer().receive(channel), 3 * events.HINT_SECONDS)


async def test_cancel_is_told_before_its_files_are_through(give_back_connection: None, owner: User) -> None:
    batch = await sync_to_async(fill)(owner, 3)
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(events.batch_group(batch.id), channel)
    await until_silent(channel)  # the hints of filling are through
    await sync_to_async(hold_items)(batch)

    task = asyncio.create_task(sync_to_async(cancel_elsewhere, thread_sensitive=False)(batch.id))
    first = await asyncio.wait_for(layer.receive(channel), 5)
    waited = not task.done()
    await sync_to_async(let_go)()
    second = await asyncio.wait_for(layer.receive(channel), 5)

    assert await task
    assert waited
    assert first == second == {"type": "batch.changed", "batch_id": batch.id}
    await sync_to_async(assert_counters_true)(batch)


def test_batch_resumed_before_its_first_file_has_a_start_and_takes_files(owner: User) -> None:
    batch = arrive.open_batch(owner.id, "Early")
    pause.pause_batch(batch.id)

    assert pause.resume_batch(batch.id)

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING
    assert batch.started_at is not None
    item, _ = arrive.add_item(batch.id, arrive.NewFile("a.jpg", "a.jpg", "a" * 64, 10))
    assert arrive.item_arrived(item.id, make_upload(owner, 1).id)
    assert_counters_true(batch)


def test_resume_keeps_the_first_start(owner: User) -> None:
    batch = fill(owner, 1)
    pause.pause_batch(batch.id)

    pause.resume_batch(batch.id)

    assert UploadBatch.objects.get(id=batch.id).started_at == batch.started_at
