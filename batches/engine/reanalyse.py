"""Analyse the pictures of a batch, a library or a selection again, or read the text in a library's pictures.

Each run is a new batch whose items refer to the pictures.
"""

from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from batches.engine.refusals import ReanalysisRunning
from batches.messaging import live_events, wake_ups
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, BatchStatus
from uploads.models import TEXT_UNREAD, MediaKind, Upload

# A single statement inserts all items: 100,000 items take 2 s, instead of 9 s in chunks with the ORM. `queue_position`
# equals the id, as for every pending item.
INSERT_ITEMS = """
INSERT INTO batches_batchitem (id, queue_position, batch_id, upload_id, filename, relative_path, fingerprint, size,
                               status, stage, attempts, crash_count, error_code, error_message, created_at)
SELECT number, number, %(batch)s, upload_id, filename, relative_path,
       encode(sha256(convert_to('upload ' || upload_id, 'UTF8')), 'hex'), size,
       'pending', '', 0, 0, '', '', clock_timestamp()
  FROM (SELECT nextval(pg_get_serial_sequence('batches_batchitem', 'id')) AS number, picture.*
          FROM (SELECT upload_id, filename, relative_path, size FROM ({pictures}) locked ORDER BY id) picture) numbered
"""
# Pictures are locked in id order, and deleted pictures are skipped. Each picture gets one item, with the name and the
# position of its first item in the source batch. Sidecars, archives and files that failed in the source batch are
# skipped too: they have no results to replace.
OF_BATCH = """
SELECT upload.id AS upload_id, first.filename, first.relative_path, upload.size, first.id
  FROM (SELECT DISTINCT ON (upload_id) upload_id, id, filename, relative_path
          FROM batches_batchitem
         WHERE batch_id = %(source)s AND status = 'completed' AND upload_id IS NOT NULL
           AND result IN ('new', 'duplicate')
         ORDER BY upload_id, id) first
  JOIN uploads_upload upload ON upload.id = first.upload_id
 ORDER BY upload.id FOR KEY SHARE OF upload
"""
OF_LIBRARY = """
SELECT id AS upload_id, filename, filename AS relative_path, size, id
  FROM uploads_upload upload
 WHERE owner_id = %(owner)s AND processed_at IS NOT NULL AND kind <> 'archive'
   AND NOT (%(only_missing)s AND EXISTS (SELECT FROM uploads_embedding
                                          WHERE upload_id = upload.id AND model = %(model)s))
 ORDER BY id FOR KEY SHARE
"""
OF_SELECTION = """
SELECT id AS upload_id, filename, filename AS relative_path, size, id
  FROM uploads_upload
 WHERE owner_id = %(owner)s AND id = ANY(%(ids)s) AND processed_at IS NOT NULL AND kind <> 'archive'
   AND trashed_at IS NULL
 ORDER BY id FOR KEY SHARE
"""
SELECTION = "selection"
"""The `model` of batches that re-analyse selected pictures. Like library re-analyses, they keep no pictures."""

MAX_TEXT_PICTURES = 100_000


def reanalyse_batch(batch_id: int) -> int | None:
    """Create a re-analysis of a completed batch: a new batch with one item per described picture. Return its id.

    If the given batch is itself a re-analysis, this function re-analyses what that batch covered: its source batch, the
    whole library or the selected pictures. Return None if the batch is not completed, only reads text, or has no
    described pictures. Raises ReanalysisRunning while another re-analysis of the same batch is live.

    The new batch and its items are inserted in one transaction. A picture keeps its old results until its item
    completes; if the item fails or is cancelled, the old results stay.
    """
    batch = UploadBatch.objects.filter(id=batch_id).first()
    if batch is not None and batch.source_id is not None:
        batch = UploadBatch.objects.filter(id=batch.source_id).first()
    if batch is None or batch.status != BatchStatus.COMPLETED or batch.kind == BatchKind.TEXT:
        return None
    if batch.model == SELECTION:
        return reanalyse_selection(batch.owner_id, list(batch.items.values_list("upload_id", flat=True)))
    if batch.model and batch.kind == BatchKind.REANALYSIS:
        return reanalyse_library(batch.owner_id, batch.model, only_missing=False)
    opened = {"owner_id": batch.owner_id, "name": batch.name, "source": batch}
    return _create(OF_BATCH, {"source": batch.id}, opened, notified=[batch.id])


def reanalyse_library(owner_id: int, model: str, *, only_missing: bool) -> int | None:
    """Create a re-analysis of the owner's processed pictures: a new batch with one item per picture. Return its id.

    `model` names the model that will compute the vectors. With `only_missing`, pictures that already have a vector from
    this model are skipped. Return None if there are no pictures. Raises ReanalysisRunning while another re-analysis of
    the owner's library or of selected pictures is live. See reanalyse_batch().
    """
    opened = {"owner_id": owner_id, "name": _("Library"), "model": model}
    return _create(OF_LIBRARY, {"owner": owner_id, "model": model, "only_missing": only_missing}, opened, notified=[])


def count_library(owner_id: int) -> int:
    """Return how many pictures `reanalyse_library` covers without `only_missing`; see OF_LIBRARY."""
    processed = Upload.objects.filter(owner_id=owner_id, processed_at__isnull=False)
    return processed.exclude(kind=MediaKind.ARCHIVE).count()


def read_library_text(owner_id: int, model: str) -> int | None:
    """Create a batch that reads the text in the owner's unread pictures; see `unread_pictures`. Return its id.

    The batch covers only the oldest MAX_TEXT_PICTURES pictures, because their ids are held in memory; later calls cover
    the rest. Return None if there are none. Raises ReanalysisRunning while another such batch of the owner is live.
    """
    opened = {"owner_id": owner_id, "name": _("Text in pictures"), "kind": BatchKind.TEXT, "model": model}
    unread = unread_pictures().filter(owner_id=owner_id).order_by("id").values_list("id", flat=True)
    ids = list(unread[:MAX_TEXT_PICTURES])
    return _create(OF_SELECTION, {"owner": owner_id, "ids": ids}, opened, notified=[]) if ids else None


def unread_pictures() -> QuerySet[Upload]:
    """Return the pictures whose text is still to be read.

    Those that already have an item in a batch that reads text are left out, so a picture whose text could not be read
    is not tried again.
    """
    read_before = BatchItem.objects.filter(upload_id=OuterRef("pk"), batch__kind=BatchKind.TEXT)
    return Upload.objects.filter(TEXT_UNREAD, ~Exists(read_before))


def reanalyse_selection(owner_id: int, ids: Collection[int | None]) -> int | None:
    """Create a re-analysis of the pictures in `ids`.

    Pictures that are not in the owner's library are skipped. See reanalyse_library().
    """
    opened = {"owner_id": owner_id, "name": _("Selected pictures"), "model": SELECTION}
    return _create(OF_SELECTION, {"owner": owner_id, "ids": list(ids)}, opened, notified=[])


def _create(pictures: str, parameters: dict[str, Any], opened: dict[str, Any], notified: list[int]) -> int | None:
    """Insert a batch with the field values `opened`, and an item for each picture; do nothing if there are none."""
    with transaction.atomic():
        reanalysis = _open(**opened)
        with connection.cursor() as cursor:
            cursor.execute(INSERT_ITEMS.format(pictures=pictures), {"batch": reanalysis.id, **parameters})
            items = int(cursor.rowcount)
        if not items:
            transaction.set_rollback(True)
            return None
        UploadBatch.objects.filter(id=reanalysis.id).update(total=items, expected_items=items)
    live_events.notify_batches_changed([*notified, reanalysis.id])
    wake_ups.notify_workers(wake_ups.total_threads())
    return reanalysis.id


def _open(**fields: Any) -> UploadBatch:
    """Insert the new batch. If several calls run at the same time, only one succeeds.

    The others wait for the transaction of that call to end, then raise ReanalysisRunning.
    """
    now = timezone.now()
    opened = {"kind": BatchKind.REANALYSIS, "sealed_at": now, "started_at": now, **fields}
    try:
        return UploadBatch.objects.create(status=BatchStatus.PROCESSING, **opened)
    except IntegrityError as error:  # violates batch_one_live_reanalysis or …_library_reanalysis
        raise ReanalysisRunning from error
