"""The hot statements use their indexes, also when half of a large batch is done."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.engine.claim import CLAIM
from batches.engine.finish import COMPLETE
from batches.engine.liveness import WORKER_LOCK_CLASS
from batches.engine.maintenance_check import MAINTENANCE_CHECK, check_maintenance
from batches.engine.scheduler import NEXT_BATCH
from batches.models import BatchItem, UploadBatch
from bench import rows

pytestmark = pytest.mark.django_db(transaction=True)
FILES = 4_000


def nodes(plan: dict[str, object]) -> list[dict[str, object]]:
    """All nodes of a plan."""
    below = plan.get("Plans", [])
    assert isinstance(below, list)
    return [plan, *(node for child in below for node in nodes(child))]


def indexes(statement: str, **parameters: Any) -> set[object]:
    """The indexes that PostgreSQL would use for a statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    found = nodes(plan[0]["Plan"])
    assert not [
        node for node in found if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "batches_batchitem"
    ]
    return {node.get("Index Name") for node in found} - {None}


@pytest.fixture
def half_done(transactional_db: None) -> int:
    """A large batch of which half has been worked on."""
    batch_id = rows.fill(FILES)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE batches_batchitem SET status = 'completed', queue_position = NULL, finished_at = now()"
            " WHERE queue_position <= %s",
            [FILES // 2],
        )
        cursor.execute("ANALYZE batches_batchitem")
    return batch_id


def test_claim_walks_the_queue_index(half_done: int, owner: User) -> None:
    used = indexes(CLAIM, batch=half_done, worker=1, lease="30 s", quarantined=False, limit=0, pictures=1)

    assert {"item_queue", "batches_batchitem_pkey"} <= used


def test_finish_finds_its_row_by_primary_key(half_done: int) -> None:
    used = indexes(
        COMPLETE,
        item=1,
        token="5a1f1cbe-3f0e-4d55-8f43-0d8f26b3ea01",
        duplicate=False,
        code="",
        message="",
    )

    assert "batches_batchitem_pkey" in used


def test_turn_and_glance_do_not_read_the_whole_queue(half_done: int) -> None:
    assert "item_queue" in indexes(NEXT_BATCH, limit=0)
    assert "item_queue" in indexes(MAINTENANCE_CHECK, locks=WORKER_LOCK_CLASS, expiry=timedelta(days=1), limit=8)


def test_glance_asks_an_old_batch_for_files_to_come_by_their_index(half_done: int) -> None:
    UploadBatch.objects.update(updated_at=timezone.now() - timedelta(days=2))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_uploadbatch")

    used = indexes(MAINTENANCE_CHECK, locks=WORKER_LOCK_CLASS, expiry=timedelta(days=1), limit=8)

    assert "item_receiving" in used
    assert "item_batch" not in used


def test_old_paused_batch_that_waits_for_no_file_gives_nothing_to_do(half_done: int) -> None:
    UploadBatch.objects.update(updated_at=timezone.now() - timedelta(days=2))
    nothing_to_come = check_maintenance(8).expired_batches

    BatchItem.objects.filter(id=BatchItem.objects.latest("id").id).update(status="receiving", queue_position=None)
    one_to_come = check_maintenance(8).expired_batches

    assert (nothing_to_come, one_to_come) == (False, True)
