"""Finalize a received file from any source: check its type, store it, insert its Upload and queue its item.

A crash at any point loses nothing, because the partial file is removed only after the database has committed.

- Crash before the commit: the rows are unchanged and the partial file is complete, so the next request (HEAD or a
  repeated POST) or the cleanup finalizes the file again. The original may already be in storage under a key derived
  from the item. The retry overwrites it, or deletes it if the same bytes have since been stored for another item.
- Connection lost during the commit: nothing is removed, because the outcome is unknown. If the transaction was
  committed, the retry finds an item that is no longer `receiving` and only removes the partial file. If it was not, the
  retry finalizes the file as above.
- Crash after the commit, before the partial file is removed: the retry only removes the partial file.

Bytes are synced before they are stored, and stored before the transaction begins. Therefore every committed row has its
file, and no transaction waits for remote storage.
"""

from django.conf import settings

from batches.engine.refusals import BatchClosed
from batches.intake.discard import expects_bytes
from batches.intake.disk_space import disk_outage
from batches.intake.duplicates import is_from_guest, store_or_reuse
from batches.intake.outcome import IntakeOutcome, NotReceiving, reject_received
from batches.intake.partial_file import PartialFile
from batches.intake.sidecars import finalize_sidecar
from batches.intake.size_limits import size_rejection
from batches.models import BatchItem
from batches.models.error_codes import default_message
from uploads.media.formats import SUPPORTED, unsupported
from uploads.media.sniff import ARCHIVES, HEAD_BYTES, name_type, sniff
from uploads.sidecars.recognise import sidecar_kind

UNSUPPORTED = "file.unsupported"


def finalize_item(item: BatchItem, owner_id: int, partial: PartialFile) -> IntakeOutcome:
    """Finalize a complete partial file that the caller has locked, then remove it. Safe to repeat.

    The partial file is also removed before BatchClosed is raised, and before NotReceiving is raised unless the item
    still expects bytes. After an OSError or a database error, the partial file is kept, so the call can be repeated.
    There is one exception: if `PartialFile.sync` fails, the partial file is removed and the client must send the bytes
    again.
    """
    partial.sync()
    head = partial.head(HEAD_BYTES)
    mime_type = sniff(head)
    try:
        kind = sidecar_kind(item.filename, item.size, head)
        if (kind or mime_type in ARCHIVES) and is_from_guest(item):
            # A sidecar could change the owner's pictures, and an archive's files could exceed the guest link's limits.
            outcome = reject_received(item, partial.sha256(), "guest.type", default_message("guest.type"))
        elif kind:
            outcome = finalize_sidecar(item, owner_id, partial, kind)
        elif mime_type is None or mime_type not in SUPPORTED | ARCHIVES:
            outcome = reject_received(item, partial.sha256(), UNSUPPORTED, unsupported(name_type(head)).message)
        elif rejection := _limit(item, mime_type):
            outcome = reject_received(item, partial.sha256(), *rejection)
        else:
            outcome = store_or_reuse(item, owner_id, partial, mime_type)
    except BatchClosed:
        partial.delete()
        raise
    except NotReceiving:
        item.refresh_from_db()
        if not expects_bytes(item):
            partial.delete()
        raise
    partial.delete()
    disk_outage.report(None)
    return outcome


def _limit(item: BatchItem, mime_type: str) -> tuple[str, str] | None:
    """Return the code and message if the file exceeds a limit for its type, otherwise None."""
    if mime_type not in ARCHIVES:
        return size_rejection(item.size, settings.MAX_FILE_BYTES)
    if _depth(item) < settings.ARCHIVE_DEPTH:
        return None
    return "archive.nested", default_message("archive.nested")


def _depth(item: BatchItem) -> int:
    """Return the number of nested archives that contain the file."""
    depth, archive = 0, item.archive_id
    while archive is not None:
        depth += 1
        archive = BatchItem.objects.filter(id=archive).values_list("archive_id", flat=True).first()
    return depth
