"""Run the SQL statements for incoming files as prepared statements (see uploads/database.py).

INSERT, QUEUE, COMPLETE, FAIL and IGNORE each write the item's row and then the batch's row. With the ORM, registering a
file would take five statements and a savepoint, and queueing it would take six statements.
"""

from uuid import UUID

from django.db import IntegrityError, transaction

from batches.engine.finish_sql import finish_statement
from batches.engine.item_fields import UNCLAIMED_SQL
from batches.engine.link_picture import link_duplicate
from batches.engine.refusals import BatchClosed
from batches.models import ArchiveEntry, BatchItem
from batches.models.states import (
    OPEN_BATCHES,
    BatchStatus,
    ItemResult,
    ItemStatus,
    batch_sources,
    item_sources,
    sql_states,
)
from uploads.database import fetch_row
from uploads.sidecars.folders import match_keys


def receiving_states(target: ItemStatus) -> str:
    """Return the condition under which an item may move to `target`.

    Either the item is `receiving`, or the caller is the job that holds the claim %(claim)s and has unpacked the bytes
    from an archive. The constraint item_claimed_while_processing guarantees that a claimed item is `processing`.
    """
    item_sources(target, ItemStatus.PROCESSING)  # raises ValueError if the edge is not declared
    return f"(status IN ({sql_states(item_sources(target, ItemStatus.RECEIVING))}) OR claim = %(claim)s::uuid)"


def _moved_to_processing(source: BatchStatus) -> str:
    """Return the SQL for a batch's new status: `processing` if its status is `source`, otherwise unchanged."""
    return f"CASE WHEN {_is(source)} THEN '{BatchStatus.PROCESSING.value}' ELSE status END"


def _is(source: BatchStatus) -> str:
    return f"status IN ({sql_states(batch_sources(BatchStatus.PROCESSING, source))})"


def folder_key(column: str) -> str:
    """Return the SQL that computes an item's `folder_key` from a hash of its folder; see `match_keys`.

    The key is NULL for files from guests, so that they are not matched with the owner's sidecars and pictures.
    """
    owner = "SELECT owner_id FROM batches_uploadbatch WHERE id = %(batch)s AND guest_link_id IS NULL"
    return f"{column}::bigint # ({owner})::bigint"


OPEN = f"status IN ({sql_states(OPEN_BATCHES)}) AND deleting_since IS NULL"

# A new item, or one that was missing, unseals its batch and moves a completed batch back to `processing`. `created_at`
# is set for both, because expiry must not touch files that were registered after the batch expired. PostgreSQL sets
# xmax on rows that ON CONFLICT updates, but not on inserted rows.
INSERT = f"""
WITH added AS (
    INSERT INTO batches_batchitem AS item (batch_id, filename, relative_path, fingerprint, size, status, stage,
                                           attempts, crash_count, error_code, error_message, created_at, folder_key,
                                           name_key)
    VALUES (%(batch)s, %(filename)s, %(relative_path)s, %(fingerprint)s, %(size)s, '{ItemStatus.RECEIVING.value}', '',
            0, 0, '', '', clock_timestamp(), {folder_key("%(folder_key)s")}, %(name_key)s)
    ON CONFLICT (batch_id, fingerprint) DO UPDATE
       SET status = excluded.status, created_at = excluded.created_at, finished_at = NULL
     WHERE item.status IN ({sql_states(item_sources(ItemStatus.RECEIVING, ItemStatus.MISSING))})
    RETURNING id, batch_id, created_at, xmax = 0 AS is_new
), reopened AS (
    UPDATE batches_uploadbatch
       SET total = total + is_new::int, missing = missing - (NOT is_new)::int,
           sealed_at = NULL, completed_at = NULL, updated_at = clock_timestamp(),
           status = {_moved_to_processing(BatchStatus.COMPLETED)}
      FROM added WHERE batches_uploadbatch.id = added.batch_id AND {OPEN}
    RETURNING batches_uploadbatch.id
)
SELECT id, created_at, is_new, EXISTS (SELECT FROM reopened) FROM added
"""

UPLOAD = """upload_id = %(upload)s::bigint,
           sha256 = COALESCE((SELECT sha256 FROM uploads_upload WHERE id = %(upload)s::bigint), '')"""

# The first queued item moves a pending batch to `processing`.
QUEUE = f"""
WITH queued AS (
    UPDATE batches_batchitem
       SET status = '{ItemStatus.PENDING.value}', {UPLOAD}, queue_position = id, {UNCLAIMED_SQL}
     WHERE id = %(item)s AND {receiving_states(ItemStatus.PENDING)}
    RETURNING batch_id
), started AS (
    UPDATE batches_uploadbatch
       SET updated_at = clock_timestamp(),
           started_at = CASE WHEN {_is(BatchStatus.PENDING)} THEN COALESCE(started_at, clock_timestamp())
                             ELSE started_at END,
           status = {_moved_to_processing(BatchStatus.PENDING)}
      FROM queued WHERE batches_uploadbatch.id = queued.batch_id AND {OPEN}
    RETURNING batches_uploadbatch.id
)
SELECT batch_id, EXISTS (SELECT FROM started),
       (SELECT status FROM batches_uploadbatch WHERE id = batch_id) = '{BatchStatus.PENDING.value}' FROM queued
"""

COMPLETE = finish_statement(ItemStatus.COMPLETED, receiving_states(ItemStatus.COMPLETED), UPLOAD)
FAIL = finish_statement(
    ItemStatus.FAILED, receiving_states(ItemStatus.FAILED), "upload_id = NULL", "sha256 = %(sha256)s"
)
IGNORE = finish_statement(
    ItemStatus.IGNORED, receiving_states(ItemStatus.IGNORED), "upload_id = NULL", "sha256 = %(sha256)s"
)

# Lock the item and its upload explicitly. This keeps the lock order (items, uploads, batches) and so avoids deadlocks
# with the deletion of a picture. The foreign key check alone would lock the upload only at the commit, after the batch.
LOCK_ITEM = "SELECT id FROM batches_batchitem WHERE id = %(item)s FOR NO KEY UPDATE"
LOCK_UPLOAD = "SELECT id FROM uploads_upload WHERE id = %(upload)s FOR KEY SHARE"


def item_keys(filename: str, relative_path: str) -> dict[str, int]:
    """Return the hashes of a file's folder and name, from which the statements compute the item's keys."""
    folder, name = match_keys(0, relative_path or filename, filename)
    return {"folder_key": folder, "name_key": name}


def insert(
    batch_id: int, filename: str, relative_path: str, fingerprint: str, size: int
) -> tuple[BatchItem, bool] | None:
    """Insert a `receiving` item and count it in its batch; return the item and True.

    If the batch has a missing item with this fingerprint, move that item to `receiving` and return the item and False.
    If its item with this fingerprint is in another state, return None.

    Raises BatchClosed after the insert if the batch is cancelled or deleted. Therefore the caller must open a
    transaction that this exception rolls back.
    """
    fields = {"filename": filename, "relative_path": relative_path, "fingerprint": fingerprint, "size": size}
    row = fetch_row(INSERT, {"batch": batch_id, **fields, **item_keys(filename, relative_path)})
    if row is None:
        return None
    item_id, created_at, is_new, counted = row
    if not counted:
        raise BatchClosed
    item = BatchItem(id=item_id, batch_id=batch_id, created_at=created_at, **fields)
    item._state.adding, item._state.db = False, "default"
    return item, is_new


def queue(item_id: int, upload_id: int, *, new: bool = False, claim: UUID | None = None) -> tuple[int, bool] | None:
    """Queue an item whose bytes are stored. Return None if the item was not receiving.

    Otherwise, return the batch's id and whether the batch was pending and has now started processing. `new` means that
    the caller's open transaction inserted the upload; it needs no lock, because no other transaction can see it yet.
    Raises BatchClosed if the batch is cancelled or deleted, and IntegrityError if the upload was deleted.
    """
    # Use no savepoint, because it would take two more statements. A caller with an open transaction must therefore let
    # BatchClosed roll that transaction back.
    with transaction.atomic(savepoint=False):
        if not new:
            _lock(item_id, upload_id)
        row = fetch_row(QUEUE, {"item": item_id, "upload": upload_id, "claim": claim})
        if row is None:
            return None
        batch_id, counted, started = row
        if not counted:
            raise BatchClosed
        if claim is not None:
            ArchiveEntry.objects.filter(item_id=item_id).delete()
    return batch_id, started


def complete(item_id: int, upload_id: int, claim: UUID | None = None) -> tuple[int, bool] | None:
    """Complete a receiving item as a duplicate of an upload. Return None if the item was not receiving.

    Otherwise, return the batch's id and whether this was the last live item of a sealed batch. Also link the upload
    with the sidecars and parts in the item's folder; see `link_duplicate`. Raises IntegrityError if the upload was
    deleted.
    """
    with transaction.atomic(savepoint=False):
        fetch_row(LOCK_ITEM, {"item": item_id})
        link_duplicate(item_id, upload_id)
        _lock(item_id, upload_id)
        values = {"item": item_id, "upload": upload_id, "claim": claim, "code": "", "message": ""}
        return fetch_row(COMPLETE, {**values, "result": ItemResult.DUPLICATE})


def fail(item_id: int, code: str, message: str, sha256: str = "", claim: UUID | None = None) -> tuple[int, bool] | None:
    """Fail a receiving item. The return value is the same as that of `complete`."""
    return fetch_row(FAIL, {"item": item_id, "code": code, "message": message, "sha256": sha256, "claim": claim})


def ignore(item_id: int, code: str, message: str, sha256: str, claim: UUID | None) -> tuple[int, bool] | None:
    """Mark a receiving item as ignored. The return value is the same as that of `complete`."""
    return fetch_row(IGNORE, {"item": item_id, "code": code, "message": message, "sha256": sha256, "claim": claim})


def _lock(item_id: int, upload_id: int) -> None:
    """Lock the item and its upload until the transaction ends. Raises IntegrityError if the upload was deleted."""
    fetch_row(LOCK_ITEM, {"item": item_id})
    if fetch_row(LOCK_UPLOAD, {"upload": upload_id}) is None:
        raise IntegrityError("the upload was deleted")
