"""Announce the files that a client is going to send, so that files that never arrive stay listed with their paths."""

from collections.abc import Callable, Sequence

from django.db import transaction

from batches.engine.incoming import NewFile
from batches.engine.incoming_sql import OPEN
from batches.engine.refusals import BatchClosed
from batches.messaging import live_events
from batches.models.states import ItemStatus
from uploads.database import fetch_row

# First key of a two-key advisory lock; the second is the id of a batch. The lock serialises announcements for a batch,
# because two announcements that list the same files in different orders could deadlock on the unique index.
ANNOUNCE_LOCKS = 0x76_75_68
LOCK = "SELECT pg_advisory_xact_lock(%(locks)s, %(batch)s::int)"

# One statement per page, because the counters need the exact number of new rows, which bulk_create with
# ignore_conflicts does not return. Ids follow the order of the files, because files are processed in id order.
ANNOUNCE = f"""
WITH announced AS (
    INSERT INTO batches_batchitem (batch_id, filename, relative_path, fingerprint, size, status, stage, attempts,
                                   crash_count, duplicate, error_code, error_message, created_at)
    SELECT %(batch)s, filename, relative_path, fingerprint, size, '{ItemStatus.MISSING.value}', '', 0, 0, false,
           '', '', clock_timestamp()
      FROM unnest(%(filenames)s::text[], %(paths)s::text[], %(fingerprints)s::text[], %(sizes)s::bigint[])
           WITH ORDINALITY AS file (filename, relative_path, fingerprint, size, position)
     ORDER BY position
    ON CONFLICT (batch_id, fingerprint) DO NOTHING
    RETURNING id
)
UPDATE batches_uploadbatch
   SET total = total + cardinality(ids), missing = missing + cardinality(ids), updated_at = clock_timestamp()
  FROM (SELECT ARRAY(SELECT id FROM announced) AS ids) AS found
 WHERE id = %(batch)s AND {OPEN}
RETURNING ids, total
"""


def announce_items(batch_id: int, files: Sequence[NewFile], before_visible: Callable[[list[int], int], None]) -> int:
    """Insert a missing item for each file that the batch does not have yet; return how many were inserted.

    A sealed or completed batch stays as it is until one of the files arrives. `before_visible` is called before the
    commit with the ids of the new items and the batch's new total; if it raises an exception, nothing is announced.
    Raises BatchClosed if the batch is cancelled or deleted.
    """
    columns = {
        "filenames": [file.filename[:255] for file in files],
        "paths": [file.relative_path[:1000] for file in files],
        "fingerprints": [file.fingerprint for file in files],
        "sizes": [file.size for file in files],
    }
    with transaction.atomic():
        fetch_row(LOCK, {"locks": ANNOUNCE_LOCKS, "batch": batch_id})
        row = fetch_row(ANNOUNCE, {"batch": batch_id, **columns})
        if row is None:
            raise BatchClosed
        ids, total = row
        before_visible(ids, total)
    if ids:
        live_events.notify_batch_changed(batch_id)
    return len(ids)
