"""The statements that every arriving file costs, prepared by the server (uploads/database.py).

Each is one statement and does two things: the item's row first, then its batch, and neither without the other. By the
ORM it would be five statements and a savepoint to announce a file, and six to queue it.
"""

from django.db import IntegrityError, transaction

from batches.engine.refusals import BatchClosed
from batches.models import BatchItem
from uploads.database import fetch_row

# An item that is new opens its batch: unsealed, and if it was completed, going on.
ADD = """
WITH added AS (
    INSERT INTO batches_batchitem (batch_id, filename, relative_path, fingerprint, size, status, stage, attempts,
                                   crash_count, duplicate, error_code, error_message, created_at)
    VALUES (%(batch)s, %(filename)s, %(relative_path)s, %(fingerprint)s, %(size)s, 'receiving', '', 0,
            0, false, '', '', clock_timestamp())
    ON CONFLICT (batch_id, fingerprint) DO NOTHING
    RETURNING id, batch_id, created_at
), opened AS (
    UPDATE batches_uploadbatch
       SET total = total + 1, sealed_at = NULL, completed_at = NULL, updated_at = clock_timestamp(),
           status = CASE status WHEN 'completed' THEN 'processing' ELSE status END
      FROM added WHERE batches_uploadbatch.id = added.batch_id AND status <> 'cancelled' AND deleting_since IS NULL
    RETURNING batches_uploadbatch.id
)
SELECT id, created_at, EXISTS (SELECT FROM opened) FROM added
"""

# Processing begins with the first file that has arrived.
QUEUE = """
WITH arrived AS (
    UPDATE batches_batchitem SET status = 'pending', upload_id = %(upload)s, queue_position = id
     WHERE id = %(item)s AND status = 'receiving'
    RETURNING batch_id
), started AS (
    UPDATE batches_uploadbatch
       SET updated_at = clock_timestamp(),
           started_at = CASE status WHEN 'pending' THEN COALESCE(started_at, clock_timestamp()) ELSE started_at END,
           status = CASE status WHEN 'pending' THEN 'processing' ELSE status END
      FROM arrived WHERE batches_uploadbatch.id = arrived.batch_id AND status <> 'cancelled'
       AND deleting_since IS NULL
    RETURNING batches_uploadbatch.id
)
SELECT batch_id, EXISTS (SELECT FROM started),
       (SELECT status FROM batches_uploadbatch WHERE id = batch_id) = 'pending' FROM arrived
"""

# As a finish of the engine, it tells whether this was the last file of a sealed batch.
END = """
WITH ended AS (
    UPDATE batches_batchitem
       SET status = %(status)s, finished_at = clock_timestamp(), upload_id = %(upload)s, duplicate = %(duplicate)s,
           error_code = %(code)s, error_message = %(message)s
     WHERE id = %(item)s AND status = 'receiving'
    RETURNING batch_id, status
)
UPDATE batches_uploadbatch
   SET successful = successful + (ended.status = 'completed')::int,
       failed = failed + (ended.status = 'failed')::int,
       updated_at = clock_timestamp()
  FROM ended WHERE id = ended.batch_id
RETURNING id, sealed_at IS NOT NULL AND successful + failed + cancelled = total
"""

# A foreign key is checked at the commit, when the batch is locked already. Who deletes a picture holds its row and then
# wants the batch: so both take items, uploads, batches in this order.
HOLD_ITEM = "SELECT id FROM batches_batchitem WHERE id = %(item)s FOR NO KEY UPDATE"
HOLD_UPLOAD = "SELECT id FROM uploads_upload WHERE id = %(upload)s FOR KEY SHARE"


def insert(batch_id: int, filename: str, relative_path: str, fingerprint: str, size: int) -> BatchItem | None:
    """Add a `receiving` item and count it; None when the batch has one of this fingerprint.

    Call it in a transaction, which BatchClosed must undo.
    """
    facts = {"filename": filename, "relative_path": relative_path, "fingerprint": fingerprint, "size": size}
    row = fetch_row(ADD, {"batch": batch_id, **facts})
    if row is None:
        return None
    item_id, created_at, counted = row
    if not counted:
        raise BatchClosed
    item = BatchItem(id=item_id, batch_id=batch_id, created_at=created_at, **facts)
    item._state.adding, item._state.db = False, "default"
    return item


def queue(item_id: int, upload_id: int, *, new: bool = False) -> tuple[int, bool] | None:
    """Queue an item whose bytes are stored; returns its batch and whether that waited for its first file.

    `new`: this transaction inserted the upload, so nobody else can see it. None: the item was not receiving. Raises
    BatchClosed, and IntegrityError when the upload is gone.
    """
    # A savepoint would cost two statements more; whoever meets BatchClosed within a transaction gives that up.
    with transaction.atomic(savepoint=False):
        if not new:
            _hold(item_id, upload_id)
        row = fetch_row(QUEUE, {"item": item_id, "upload": upload_id})
        if row is None:
            return None
        batch_id, counted, began = row
        if not counted:
            raise BatchClosed
    return batch_id, began


def end(
    item_id: int, status: str, *, upload_id: int | None = None, code: str = "", message: str = ""
) -> tuple[int, bool] | None:
    """End a receiving item: `completed` as a duplicate of an upload, or `failed` without one.

    Returns its batch and whether nothing more is awaited there, None when it was not receiving. Raises IntegrityError
    when the upload is gone.
    """
    facts = {"upload": upload_id, "duplicate": upload_id is not None, "code": code, "message": message}
    if upload_id is None:
        return fetch_row(END, {"item": item_id, "status": status, **facts})
    with transaction.atomic(savepoint=False):
        _hold(item_id, upload_id)
        return fetch_row(END, {"item": item_id, "status": status, **facts})


def _hold(item_id: int, upload_id: int) -> None:
    """Lock the item, then keep its upload from being deleted until the commit. Raises IntegrityError."""
    fetch_row(HOLD_ITEM, {"item": item_id})
    if fetch_row(HOLD_UPLOAD, {"upload": upload_id}) is None:
        raise IntegrityError("the upload was deleted")
