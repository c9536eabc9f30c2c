"""Taking the next file of a batch."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from batches.engine.in_flight import Claim
from batches.engine.release import release_claims
from batches.models import BatchItem
from uploads.database import fetch_row

# First key of the two-key advisory locks on batches whose parallel files are capped; the second is the batch's id.
CAP_LOCKS = 0x76_75_66
# The same of locks on pictures, held while one of their copies is claimed.
PICTURE_LOCKS = 0x76_75_67

# The batch's state is looked at in the same statement: after a pause or a cancel nothing more is claimed. The index
# item_queue gives the first waiting row; rows that others are just claiming are skipped. A claim need not survive a
# power cut (the file then waits again, and a finish under the lost claim changes nothing), so its commit waits for no
# disk. A copy of a picture that is in hand waits for its end, to be known then: what is in hand is read once a claim,
# and the lock makes claims of copies at the same moment follow each other.
CLAIM = """
UPDATE batches_batchitem
   SET status = 'processing', stage = '', queue_position = NULL, attempts = attempts + 1, claim = gen_random_uuid(),
       worker = %(worker)s, claimed_until = clock_timestamp() + %(lease)s, started_at = clock_timestamp()
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick
 WHERE id = (SELECT id FROM batches_batchitem
              WHERE batch_id = %(batch)s AND queue_position IS NOT NULL
                AND (crash_count > 0 OR lost_worker IS NOT NULL) = %(quarantined)s
                AND EXISTS (SELECT FROM batches_uploadbatch WHERE id = %(batch)s AND status = 'processing')
                AND (upload_id IS NULL
                     OR upload_id <> ALL (ARRAY(SELECT upload_id FROM batches_batchitem
                                                 WHERE status = 'processing' AND upload_id IS NOT NULL))
                        AND pg_try_advisory_xact_lock(%(pictures)s, (upload_id %% 2147483647)::int)
                     OR (SELECT processed_at IS NOT NULL FROM uploads_upload WHERE uploads_upload.id = upload_id))
                AND (%(cap)s = 0 OR %(cap)s > (SELECT count(*) FROM batches_batchitem
                                                WHERE batch_id = %(batch)s AND status = 'processing'))
              ORDER BY queue_position LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, claim, upload_id, (SELECT key FROM uploads_upload WHERE uploads_upload.id = upload_id),
          EXISTS (SELECT FROM uploads_upload JOIN batches_uploadbatch ON batches_uploadbatch.id = %(batch)s
                   WHERE uploads_upload.id = upload_id AND processed_at IS NOT NULL
                     AND batches_uploadbatch.kind = 'import'),
          (SELECT count(*) FROM (SELECT FROM batches_batchitem copy WHERE copy.upload_id = batches_batchitem.upload_id
                                  LIMIT 2) AS copies) > 1
"""
# A statement does not see what was committed after it began: another copy may just have been claimed, or finished.
COPY = """
SELECT upload.processed_at IS NOT NULL AND batch.kind = 'import',
       EXISTS (SELECT FROM batches_batchitem sooner
                WHERE sooner.upload_id = mine.upload_id AND sooner.id <> mine.id AND sooner.status = 'processing'
                  AND sooner.started_at <= mine.started_at)
  FROM batches_batchitem mine JOIN batches_uploadbatch batch ON batch.id = mine.batch_id
       JOIN uploads_upload upload ON upload.id = mine.upload_id
 WHERE mine.id = %(item)s
"""


def claim_item(batch_id: int, worker: int, *, quarantined: bool = False) -> Claim | None:
    """Claim the first waiting file of a batch that is being processed; None when there is none to be had.

    `suspect` asks for files that were in hand when a process died; only a process with nothing else in hand may ask.
    """
    cap = settings.BATCH_PARALLEL
    parameters = {
        "batch": batch_id,
        "worker": worker,
        "lease": timedelta(seconds=settings.LEASE_SECONDS),
        "quarantined": quarantined,
        "cap": cap,
        "pictures": PICTURE_LOCKS,
    }
    with transaction.atomic() if cap else nullcontext():
        if cap:
            # Counting and claiming must not interleave with another claim, or the cap would be passed.
            fetch_row(
                "SELECT pg_advisory_xact_lock(%(space)s, %(batch)s::int)", {"space": CAP_LOCKS, "batch": batch_id}
            )
        row = fetch_row(CLAIM, parameters)
    if row is None:
        return None
    *fields, copied = row
    claim = Claim(fields[0], batch_id, *fields[1:])
    return _of_copy(claim) if copied and not claim.already_processed else claim


def _of_copy(claim: Claim) -> Claim | None:
    """Look again at the claim of a picture that other files have too; None: one of these was sooner, so it waits."""
    known, waits = fetch_row(COPY, {"item": claim.item_id}) or (False, False)
    if known:
        return replace(claim, already_processed=True)
    if waits:
        release_claims([claim])
        return None
    return claim


def has_quarantined(batch_id: int) -> bool:
    """Tell whether files wait that were in hand when a process died, or went missing and may have died."""
    suspect = Q(crash_count__gt=0) | Q(lost_worker__isnull=False)
    return BatchItem.objects.filter(suspect, batch_id=batch_id, queue_position__isnull=False).exists()
