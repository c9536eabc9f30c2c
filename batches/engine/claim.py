"""Claim the next pending item of a batch."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from batches.engine.in_flight import Claim
from batches.engine.release import release_claims
from batches.models import BatchItem
from batches.models.states import BatchKind, ItemStatus, item_sources, sql_states
from uploads.database import fetch_row

# First keys of two-key advisory locks. With LIMIT_LOCKS, the second key is the id of a batch, and the lock enforces
# BATCH_PARALLEL. With PICTURE_LOCKS, the second key is derived from upload_id, and the lock is held while an item of
# that picture is being claimed.
LIMIT_LOCKS = 0x76_75_66
PICTURE_LOCKS = 0x76_75_67

LOCK_LIMIT = "SELECT pg_advisory_xact_lock(%(locks)s, %(batch)s::int)"

# The statement also checks the batch's state, so nothing is claimed after the batch is paused or cancelled. The first
# pending row comes from the index item_queue, because queue_position is set while an item is pending and null
# otherwise. Rows that other workers have locked are skipped. The commit is asynchronous: if a power failure loses the
# commit, the item is pending again, and finishing it with the lost claim has no effect. An item of an unprocessed
# picture is not claimed while another item of that picture is being processed, because it can then complete as a
# duplicate. The ARRAY subquery runs once per claim and reads which pictures are being processed. The advisory lock
# serialises claims of the same picture. One subquery returns several columns of uploads_upload, because each subquery
# takes about 10 µs to start.
CLAIM = f"""
UPDATE batches_batchitem
   SET status = '{ItemStatus.PROCESSING.value}', stage = '', queue_position = NULL, attempts = attempts + 1,
       claim = gen_random_uuid(), worker = %(worker)s, claimed_until = clock_timestamp() + %(lease)s,
       started_at = clock_timestamp()
  FROM (SELECT kind, set_config('synchronous_commit', 'off', true)
          FROM batches_uploadbatch WHERE id = %(batch)s AND status = 'processing') AS batch
 WHERE id = (SELECT id FROM batches_batchitem
              WHERE batch_id = %(batch)s AND queue_position IS NOT NULL
                AND (crash_count > 0 OR lost_worker IS NOT NULL) = %(quarantined)s
                AND (upload_id IS NULL
                     OR upload_id <> ALL (ARRAY(SELECT upload_id FROM batches_batchitem
                                                 WHERE status = 'processing' AND upload_id IS NOT NULL))
                        AND pg_try_advisory_xact_lock(%(pictures)s, (upload_id %% 2147483647)::int)
                     OR (SELECT processed_at IS NOT NULL FROM uploads_upload WHERE uploads_upload.id = upload_id))
                AND (%(limit)s = 0 OR %(limit)s > (SELECT count(*) FROM batches_batchitem
                                                    WHERE batch_id = %(batch)s AND status = 'processing'))
              ORDER BY queue_position LIMIT 1 FOR UPDATE SKIP LOCKED)
   AND status IN ({sql_states(item_sources(ItemStatus.PROCESSING))})
RETURNING id, claim, upload_id, batch.kind,
          (SELECT ARRAY[key::text, kind, (processed_at IS NOT NULL)::text,
                        CASE WHEN description_edited THEN description END,
                        CASE WHEN batch.kind = '{BatchKind.REANALYSIS.value}' THEN text_found END]
             FROM uploads_upload WHERE uploads_upload.id = upload_id),
          (SELECT count(*) FROM (SELECT FROM batches_batchitem other WHERE other.upload_id = batches_batchitem.upload_id
                                  LIMIT 2) AS items) > 1
"""
# The CLAIM statement does not see what other transactions committed after it began. So check again whether another item
# of the same picture has been claimed or finished since.
CHECK_SHARED_PICTURE = """
SELECT upload.processed_at IS NOT NULL AND batch.kind = 'import',
       EXISTS (SELECT FROM batches_batchitem earlier
                WHERE earlier.upload_id = mine.upload_id AND earlier.id <> mine.id AND earlier.status = 'processing'
                  AND earlier.started_at <= mine.started_at)
  FROM batches_batchitem mine JOIN batches_uploadbatch batch ON batch.id = mine.batch_id
       JOIN uploads_upload upload ON upload.id = mine.upload_id
 WHERE mine.id = %(item)s
"""


class _ClaimedRow(NamedTuple):
    """The columns that CLAIM returns. `upload` is (key, kind, is processed, edited description, text)."""

    item_id: int
    token: UUID
    upload_id: int | None
    batch_kind: str
    upload: list[str] | None
    shares_picture: bool


def claim_item(batch_id: int, worker: int, *, quarantined: bool = False) -> Claim | None:
    """Claim the first pending item of a batch. Return None if no item can be claimed or the batch is not processing.

    With `quarantined`, claim only a quarantined item, that is, one on which a worker crashed or may have crashed;
    otherwise, claim only an item that is not quarantined. While a quarantined item is being processed, the caller must
    ensure that this process runs no other job.
    """
    limit = settings.BATCH_PARALLEL
    parameters = {
        "batch": batch_id,
        "worker": worker,
        "lease": timedelta(seconds=settings.LEASE_SECONDS),
        "quarantined": quarantined,
        "limit": limit,
        "pictures": PICTURE_LOCKS,
    }
    with transaction.atomic() if limit else nullcontext():
        if limit:
            # Without this lock, concurrent claims could each count the items before the other commits, and together
            # exceed the limit.
            fetch_row(LOCK_LIMIT, {"locks": LIMIT_LOCKS, "batch": batch_id})
        row = fetch_row(CLAIM, parameters)
    if row is None:
        return None
    claimed = _ClaimedRow(*row)
    claim = _claim(batch_id, claimed)
    return _check_shared_claim(claim) if claimed.shares_picture and not claim.already_processed else claim


def _claim(batch_id: int, row: _ClaimedRow) -> Claim:
    key, kind, processed, description, text = row.upload or (None, None, "false", None, None)
    return Claim(
        row.item_id,
        batch_id,
        row.token,
        row.upload_id,
        UUID(key) if key else None,
        already_processed=processed == "true" and row.batch_kind == BatchKind.IMPORT,
        upload_kind=kind,
        edited_description=description,
        text_found=text or "",
        reads_text=row.batch_kind == BatchKind.TEXT,
    )


def _check_shared_claim(claim: Claim) -> Claim | None:
    """Check the claim of an item that shares its picture with other items, and set `already_processed` if it applies.

    Release the claim and return None if another item of the picture was claimed earlier and is still being processed.
    """
    processed, must_wait = fetch_row(CHECK_SHARED_PICTURE, {"item": claim.item_id}) or (False, False)
    if processed:
        return replace(claim, already_processed=True)
    if must_wait:
        release_claims([claim])
        return None
    return claim


def has_quarantined(batch_id: int) -> bool:
    """Return whether the batch has pending items on which a worker crashed or may have crashed."""
    quarantined = Q(crash_count__gt=0) | Q(lost_worker__isnull=False)
    return BatchItem.objects.filter(quarantined, batch_id=batch_id, queue_position__isnull=False).exists()
