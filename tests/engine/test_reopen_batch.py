"""Two connections reopen a completed batch at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from batches.engine import expiry, incoming, lifecycle
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_match, digest
from tests.support.database import blocked
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def abandoned_items(owner: User) -> list[BatchItem]:
    """Create a batch, complete it without its two files, and return its items."""
    batch = lifecycle.open_batch(owner.id, "Iceland")
    for number in range(2):
        incoming.register_item(batch.id, incoming.NewFile("a.jpg", f"{number}/a.jpg", digest(number), 10))
    expiry.finish_without_missing(batch.id)
    assert UploadBatch.objects.get().status == BatchStatus.COMPLETED
    return list(BatchItem.objects.order_by("id"))


def reopen_in_thread(item: BatchItem) -> bool:
    try:
        return incoming.reopen_item(item)
    finally:
        connection.close()


def test_files_sent_again_at_the_same_time_both_reopen_the_batch(owner: User) -> None:
    first, second = abandoned_items(owner)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert incoming.reopen_item(first)
            waiting = pool.submit(reopen_in_thread, second)
            wait_until(blocked)

        assert waiting.result()

    batch = UploadBatch.objects.get()
    assert batch.status == BatchStatus.PROCESSING
    assert batch.failed == 0
    assert_counters_match(batch)
