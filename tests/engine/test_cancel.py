"""Interrupted cancellations are resumed; finished cancellations cause no further work."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.engine import cancel, claim, delete_batch
from batches.engine.liveness import WORKER_LOCK_CLASS
from batches.engine.maintenance_check import MAINTENANCE_CHECK, check_maintenance
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from batches.worker.reconciler import reconcile
from bench import rows
from tests.support.batches import assert_counters_match, make_batch
from tests.support.query_plans import indexes, truncate_tables

pytestmark = pytest.mark.django_db(transaction=True)


def begin_cancel(batch: UploadBatch) -> None:
    """Cancel only up to the first commit, as if the process had been killed after that commit."""
    now = timezone.now()
    UploadBatch.objects.filter(id=batch.id).update(
        status=BatchStatus.CANCELLED, cancelling=True, completed_at=now, updated_at=now
    )


def test_finished_cancellation_needs_no_maintenance(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancel, "CHUNK", 2)
    batch = make_batch(owner, files=4)

    cancel.cancel_batch(batch.id)

    assert_counters_match(batch)
    assert (batch.cancelled, batch.cancelling) == (4, False)
    assert not check_maintenance(1).unfinished_cancellations


def test_interrupted_cancellation_is_resumed(owner: User) -> None:
    batch = make_batch(owner, files=3)
    assert claim.claim_item(batch.id, 4711) is not None
    begin_cancel(batch)

    reconcile()

    assert_counters_match(batch)
    assert (batch.cancelled, batch.cancelling) == (3, False)
    assert not batch.items.exclude(status=ItemStatus.CANCELLED).exists()


def test_half_done_cancellation_needs_maintenance(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancel, "CHUNK", 2)
    batch = make_batch(owner, files=3)
    begin_cancel(batch)

    cancel._cancel_chunk(batch.id)

    batch.refresh_from_db()
    assert (batch.cancelled, batch.cancelling) == (2, True)
    assert check_maintenance(1).unfinished_cancellations


def test_deletion_cancels_only_live_batches(owner: User) -> None:
    live, empty = make_batch(owner, files=2), make_batch(owner, files=0)
    cancel.cancel_batch(empty.id)

    for batch in (live, empty):
        delete_batch.begin_deletion(batch.id)

    found = UploadBatch.all_objects.filter(cancelling=True)
    assert list(found.values_list("id", flat=True)) == [live.id]
    cancel.resume_cancellations()
    assert not found.exists()


def test_maintenance_check_finds_cancellations_by_their_index(owner: User) -> None:
    now = timezone.now()
    truncate_tables()
    rows.fill(4_000)
    UploadBatch.objects.bulk_create(
        UploadBatch(owner=owner, name="x", status=BatchStatus.CANCELLED, completed_at=now) for _ in range(2_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_batchitem, batches_uploadbatch")

    assert "batch_cancelling" in indexes(MAINTENANCE_CHECK, locks=WORKER_LOCK_CLASS, expiry=timedelta(days=1), limit=8)
