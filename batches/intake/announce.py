"""A file is announced before its bytes come: the limits that need no bytes are kept here, for every door."""

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from batches.engine.arrive import NewFile, add_item, refuse_item
from batches.engine.errors import BatchClosed, Refused
from batches.models import BatchItem, UploadBatch
from batches.states import BatchKind, BatchStatus, ItemStatus


def announce(batch: UploadBatch, file: NewFile) -> BatchItem:
    """Return the row of a file; a repetition finds its row again and is counted once.

    A file that is empty or too large is refused at once: its row is failed, counted and says why.
    Raises BatchClosed, and Refused without a row when the batch holds as many files as are allowed (`batch.full`) or
    describes pictures again (`batch.reanalysis`).
    """
    if batch.kind == BatchKind.REANALYSIS:
        raise Refused("batch.reanalysis", "This batch describes pictures again and takes no files. Start a new one.")
    if batch.status == BatchStatus.CANCELLED:
        raise BatchClosed
    if batch.total >= settings.MAX_BATCH_FILES:
        item = BatchItem.objects.filter(batch=batch, fingerprint=file.fingerprint).first()
        if item is None:
            raise Refused("batch.full", f"One batch takes {settings.MAX_BATCH_FILES:,} files. Put the rest in another.")
    else:
        item, _created = add_item(batch.id, file)
    refusal = _refusal(file.size)
    if refusal and item.status == ItemStatus.RECEIVING:
        refuse_item(item.id, refusal.code, refusal.message)
        item.refresh_from_db()
    return item


def _refusal(size: int) -> Refused | None:
    if size == 0:
        return Refused("file.empty", "The file is empty. Copy it from its source again.")
    if size > settings.MAX_FILE_BYTES:
        largest = filesizeformat(settings.MAX_FILE_BYTES)
        return Refused("file.too_large", f"The file is {filesizeformat(size)} large; up to {largest} are taken.")
    return None
