"""Describe the pictures of a batch again, as a new batch whose items refer to stored pictures."""

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from batches.engine.refusals import ReanalysisRunning
from batches.messaging import wake_ups
from batches.messaging.live_events import notify_batches_changed
from batches.models import UploadBatch
from batches.models.states import BatchKind, BatchStatus

# One statement for any number of items: 100,000 take 2 s, in chunks through the ORM 9 s. Each picture is inserted once,
# with the name and in the order of its first item. Pictures are locked in id order; those that are being deleted are
# left out. `queue_position` equals the id, as for every pending item.
INSERT_ITEMS = """
INSERT INTO batches_batchitem (id, queue_position, batch_id, upload_id, filename, relative_path, fingerprint, size,
                               status, stage, attempts, crash_count, duplicate, error_code, error_message, created_at)
SELECT number, number, %(batch)s, upload_id, filename, relative_path,
       encode(sha256(convert_to('upload ' || upload_id, 'UTF8')), 'hex'), size,
       'pending', '', 0, 0, false, '', '', clock_timestamp()
  FROM (SELECT nextval(pg_get_serial_sequence('batches_batchitem', 'id')) AS number, picture.*
          FROM (SELECT upload_id, filename, relative_path, size
                  FROM (SELECT upload.id AS upload_id, first.filename, first.relative_path, upload.size, first.id
                          FROM (SELECT DISTINCT ON (upload_id) upload_id, id, filename, relative_path
                                  FROM batches_batchitem WHERE batch_id = %(source)s AND upload_id IS NOT NULL
                                 ORDER BY upload_id, id) first
                          JOIN uploads_upload upload ON upload.id = first.upload_id
                         ORDER BY upload.id FOR KEY SHARE OF upload) locked
                 ORDER BY id) picture) numbered
"""


def reanalyse_batch(batch_id: int) -> int | None:
    """Queue all stored pictures of a completed batch again; return the id of the new batch.

    Return None if the batch is not completed or none of its pictures is stored. A picture's results are replaced in one
    transaction at the end, and kept if describing it again fails or is cancelled. For a re-analysis, its source is
    re-analysed. Raises ReanalysisRunning while another re-analysis of the same source is live.

    The new batch and all of its items are inserted in one transaction.
    """
    batch = UploadBatch.objects.filter(id=batch_id).first()
    if batch is not None and batch.source_id is not None:
        batch = UploadBatch.objects.filter(id=batch.source_id).first()
    if batch is None or batch.status != BatchStatus.COMPLETED:
        return None
    with transaction.atomic():
        reanalysis = _open(batch)
        if not _insert_items(reanalysis, batch):
            transaction.set_rollback(True)
            return None
    notify_batches_changed([batch.id, reanalysis.id])
    wake_ups.notify_workers(wake_ups.total_threads())
    return reanalysis.id


def _open(source: UploadBatch) -> UploadBatch:
    """Insert the new batch. Of several concurrent calls one succeeds; the others wait for its commit, then raise."""
    now = timezone.now()
    try:
        return UploadBatch.objects.create(
            owner_id=source.owner_id,
            name=source.name,
            kind=BatchKind.REANALYSIS,
            source=source,
            status=BatchStatus.PROCESSING,
            sealed_at=now,
            started_at=now,
        )
    except IntegrityError as error:  # batch_one_live_reanalysis
        raise ReanalysisRunning from error


def _insert_items(batch: UploadBatch, source: UploadBatch) -> int:
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ITEMS, {"batch": batch.id, "source": source.id})
        items = int(cursor.rowcount)
    UploadBatch.objects.filter(id=batch.id).update(total=items, expected_items=items)
    return items
