"""Taking the next file of a batch."""

from contextlib import nullcontext
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from batches.engine.in_hand import Claim
from batches.models import BatchItem
from uploads.prepared import fetch_row

# First key of the two-key advisory locks on batches whose parallel files are capped; the second is the batch's id.
CAP_LOCKS = 0x76_75_66

# The batch's state is looked at in the same statement: after a pause or a cancel nothing more is claimed. The index
# item_queue gives the first waiting row; rows that others are just claiming are skipped. A claim need not survive a
# power cut (the file then waits again, and a finish under the lost claim changes nothing), so its commit waits for no
# disk.
CLAIM = """
UPDATE batches_batchitem
   SET status = 'processing', stage = '', queue_position = NULL, attempts = attempts + 1, claim = gen_random_uuid(),
       worker = %(worker)s, claimed_until = clock_timestamp() + %(lease)s, started_at = clock_timestamp()
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick
 WHERE id = (SELECT id FROM batches_batchitem
              WHERE batch_id = %(batch)s AND queue_position IS NOT NULL
                AND (deaths > 0 OR lost_by IS NOT NULL) = %(suspect)s
                AND EXISTS (SELECT FROM batches_uploadbatch WHERE id = %(batch)s AND status = 'processing')
                AND (%(cap)s = 0 OR %(cap)s > (SELECT count(*) FROM batches_batchitem
                                                WHERE batch_id = %(batch)s AND status = 'processing'))
              ORDER BY queue_position LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, claim, upload_id, (SELECT key FROM uploads_upload WHERE uploads_upload.id = upload_id),
          EXISTS (SELECT FROM uploads_upload JOIN batches_uploadbatch ON batches_uploadbatch.id = %(batch)s
                   WHERE uploads_upload.id = upload_id AND processed_at IS NOT NULL
                     AND batches_uploadbatch.kind = 'import')
"""


def claim_item(batch_id: int, worker: int, *, suspect: bool = False) -> Claim | None:
    """Claim the first waiting file of a batch that is being processed; None when there is none to be had.

    `suspect` asks for files that were in hand when a process died; only a process with nothing else in hand may ask.
    """
    cap = settings.BATCH_PARALLEL
    parameters = {
        "batch": batch_id,
        "worker": worker,
        "lease": timedelta(seconds=settings.LEASE_SECONDS),
        "suspect": suspect,
        "cap": cap,
    }
    with transaction.atomic() if cap else nullcontext():
        if cap:
            # Counting and claiming must not interleave with another claim, or the cap would be passed.
            fetch_row(
                "SELECT pg_advisory_xact_lock(%(space)s, %(batch)s::int)", {"space": CAP_LOCKS, "batch": batch_id}
            )
        row = fetch_row(CLAIM, parameters)
    return None if row is None else Claim(row[0], batch_id, *row[1:])


def has_suspects(batch_id: int) -> bool:
    """Tell whether files wait that were in hand when a process died, or went missing and may have died."""
    suspect = Q(deaths__gt=0) | Q(lost_by__isnull=False)
    return BatchItem.objects.filter(suspect, batch_id=batch_id, queue_position__isnull=False).exists()
