"""Create items for the files that a client will send and for those that it skips.

This way, files that never arrive or are skipped are still listed with their paths.
"""

from collections.abc import Callable, Sequence

from django.db import transaction

from batches.engine.incoming import NewFile, file_columns
from batches.engine.incoming_sql import OPEN, folder_key
from batches.engine.refusals import BatchClosed
from batches.messaging import live_events
from batches.models.error_codes import default_message
from batches.models.states import ItemStatus
from uploads.database import fetch_row

# First key of a two-key advisory lock; the second is the id of a batch. The lock serialises announcements for a batch,
# because two announcements of the same files in different orders could deadlock on the unique index.
ANNOUNCE_LOCKS = 0x76_75_68
LOCK = "SELECT pg_advisory_xact_lock(%(locks)s, %(batch)s::int)"


def _insert_statement(status: ItemStatus, finished_at: str, counted: str) -> str:
    """Return a statement that inserts an item for each file that the batch does not have yet, and counts these items.

    This is raw SQL, because the counters need the exact number of new rows, which bulk_create with ignore_conflicts
    does not return. Ids are assigned in the order of the files, because items are processed in id order.
    """
    return f"""
WITH listed AS (
    INSERT INTO batches_batchitem (batch_id, filename, relative_path, fingerprint, size, status, stage, attempts,
                                   crash_count, error_code, error_message, created_at, finished_at, folder_key,
                                   name_key)
    SELECT %(batch)s, filename, relative_path, fingerprint, size, '{status.value}', '', 0, 0,
           code, message, clock_timestamp(), {finished_at}, {folder_key("folder")}, name
      FROM unnest(%(filenames)s::text[], %(paths)s::text[], %(fingerprints)s::text[], %(sizes)s::bigint[],
                  %(codes)s::text[], %(messages)s::text[], %(folder_keys)s::bigint[], %(name_keys)s::bigint[])
           WITH ORDINALITY AS file (filename, relative_path, fingerprint, size, code, message, folder, name, position)
     ORDER BY position
    ON CONFLICT (batch_id, fingerprint) DO NOTHING
    RETURNING id, error_code
)
UPDATE batches_uploadbatch
   SET {counted}, updated_at = clock_timestamp()
  FROM (SELECT ARRAY(SELECT id FROM listed) AS ids) AS found
 WHERE id = %(batch)s AND {OPEN}
RETURNING ids, total + ignored
"""


ANNOUNCE = _insert_statement(
    ItemStatus.MISSING, "NULL", "total = total + cardinality(ids), missing = missing + cardinality(ids)"
)
# Clients count their files before they find out which ones are empty or unreadable, so these are subtracted from the
# number of expected files.
NOT_EXPECTED = ("ignored.empty", "ignored.unreadable")
IGNORE = _insert_statement(
    ItemStatus.IGNORED,
    "clock_timestamp()",
    "ignored = ignored + cardinality(ids), expected_items ="
    f" expected_items - LEAST(expected_items, (SELECT count(*) FROM listed WHERE error_code IN {NOT_EXPECTED}))",
)


def announce_items(batch_id: int, files: Sequence[NewFile], before_visible: Callable[[list[int], int], None]) -> int:
    """Insert an item with status `missing` for each file that the batch does not have yet; return how many are new.

    A sealed or completed batch is not reopened until one of the files is registered. If there are new items,
    `before_visible` is called before the commit with their ids and the batch's new file count; if it raises an
    exception, nothing is announced. Raises BatchClosed if the batch is cancelled or deleted.
    """
    return _insert(ANNOUNCE, batch_id, files, [""] * len(files), before_visible)


def ignore_items(
    batch_id: int,
    files: Sequence[NewFile],
    codes: Sequence[str],
    before_visible: Callable[[list[int], int], None] = lambda ids, found: None,
) -> int:
    """Insert an item with status `ignored` for each file that the batch does not have yet; return how many are new.

    `codes` gives the reason for each file as an error code. The batch's state does not change. Otherwise, this function
    works like `announce_items`.
    """
    return _insert(IGNORE, batch_id, files, codes, before_visible)


def _insert(
    statement: str,
    batch_id: int,
    files: Sequence[NewFile],
    codes: Sequence[str],
    before_visible: Callable[[list[int], int], None],
) -> int:
    columns = {
        **file_columns(files),
        "codes": list(codes),
        "messages": [default_message(code) if code else "" for code in codes],
    }
    with transaction.atomic():
        fetch_row(LOCK, {"locks": ANNOUNCE_LOCKS, "batch": batch_id})
        row = fetch_row(statement, {"batch": batch_id, **columns})
        if row is None:
            raise BatchClosed
        ids, found = row
        if ids:
            before_visible(ids, found)
    if ids:
        live_events.notify_batch_changed(batch_id)
    return len(ids)
