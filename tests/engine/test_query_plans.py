"""Frequent statements use their indexes in a large batch, and a batch expires only if it has a receiving item."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.engine.claim import CLAIM
from batches.engine.finish_item import COMPLETE
from batches.engine.liveness import WORKER_LOCK_CLASS
from batches.engine.maintenance_check import MAINTENANCE_CHECK, check_maintenance
from batches.engine.scheduler import NEXT_BATCH
from batches.models import BatchItem, UploadBatch
from batches.views.batch_pictures import PAGE, items_from
from bench import rows
from tests.support.query_plans import indexes, truncate_tables

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
FILES = 4_000
ADD_PICTURES = """
INSERT INTO uploads_upload (id, owner_id, key, sha256, filename, size, mime_type, kind, taken_source, camera, metadata,
                            previews, labels, description, processed_at, created_at, updated_at)
SELECT id, %s, gen_random_uuid(), lpad(id::text, 64, '0'), filename, 1, 'image/jpeg', 'image', '', '', '{}', '{}', '[]',
       '', now(), now(), now()
  FROM batches_batchitem
"""
COMPLETED = "status = 'completed', result = 'new', queue_position = NULL, finished_at = now()"


@pytest.fixture
def half_done(transactional_db: None) -> int:
    """A large batch, half of whose items are completed."""
    truncate_tables()
    batch_id = rows.fill(FILES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE batches_batchitem SET {COMPLETED} WHERE queue_position <= %s",
            [FILES // 2],
        )
        cursor.execute("ANALYZE batches_batchitem")
    return batch_id


def test_claim_uses_the_queue_index(half_done: int, owner: User) -> None:
    used = indexes(CLAIM, batch=half_done, worker=1, lease="30 s", quarantined=False, limit=0, pictures=1)

    assert {"item_queue", "batches_batchitem_pkey"} <= used


def test_finish_finds_its_row_by_primary_key(half_done: int) -> None:
    used = indexes(
        COMPLETE,
        item=1,
        token="5a1f1cbe-3f0e-4d55-8f43-0d8f26b3ea01",
        result="new",
        code="",
        message="",
    )

    assert "batches_batchitem_pkey" in used


def test_scheduler_and_maintenance_check_use_the_queue_index(half_done: int) -> None:
    assert "item_queue" in indexes(NEXT_BATCH, limit=0, reads_text=False)
    assert "item_queue" in indexes(MAINTENANCE_CHECK, locks=WORKER_LOCK_CLASS, expiry=timedelta(days=1), limit=8)


def test_maintenance_check_finds_receiving_items_by_their_index(half_done: int) -> None:
    UploadBatch.objects.update(updated_at=timezone.now() - timedelta(days=2))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_uploadbatch")

    used = indexes(MAINTENANCE_CHECK, locks=WORKER_LOCK_CLASS, expiry=timedelta(days=1), limit=8)

    assert "item_receiving" in used
    assert "item_batch" not in used


def test_old_batch_expires_only_with_a_receiving_item(half_done: int) -> None:
    UploadBatch.objects.update(updated_at=timezone.now() - timedelta(days=2))
    nothing_to_come = check_maintenance(8).expired_batches

    BatchItem.objects.filter(id=BatchItem.objects.latest("id").id).update(status="receiving", queue_position=None)
    one_to_come = check_maintenance(8).expired_batches

    assert (nothing_to_come, one_to_come) == (False, True)


def test_neighbours_in_an_import_are_found_by_its_index(owner: User) -> None:
    truncate_tables()
    batch_id = [rows.add(FILES // 8, "bench") for _ in range(12)][6]
    with connection.cursor() as cursor:
        cursor.execute(ADD_PICTURES, [owner.id])
        cursor.execute(f"UPDATE batches_batchitem SET upload_id = id, {COMPLETED}")
        cursor.execute("VACUUM ANALYZE batches_batchitem, uploads_upload")
    middle = BatchItem.objects.filter(batch_id=batch_id).order_by("id")[FILES // 16].id

    for forwards in (True, False):
        plan = items_from(batch_id, middle, forwards=forwards)[:PAGE].explain()
        assert "Index" in plan  # item_completed or, if the import is a large part of the table, the primary key
        assert "Sort" not in plan
