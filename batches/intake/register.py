"""A file is announced before its bytes come: the limits that need no bytes are kept here, for every door."""

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from batches.engine.incoming import NewFile, is_resendable, register_item, reject_item, reopen_item
from batches.engine.refusals import BatchClosed, Refused
from batches.intake.discard import clear_stale_partial
from batches.intake.quota import reserve, reserve_to_resume
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, BatchStatus, ItemStatus


def register_file(batch: UploadBatch, file: NewFile, *, counted: bool = True) -> BatchItem:
    """Return the row of a file; a repetition finds its row again and is counted once.

    A file that is empty or too large is refused at once: its row is failed, counted and says why. Not `counted` is one
    whose bytes will not come, because they are here already or are not wanted: it needs no room.
    Raises BatchClosed, and Refused without a row when the batch holds as many files as are allowed (`batch.full`), when
    the owner does (`quota.exceeded`) or when the batch describes pictures again (`batch.reanalysis`). Raises OSError
    and PartBusy where a part of another file lies under the number of a new one and cannot be emptied.
    """
    if batch.kind == BatchKind.REANALYSIS:
        raise Refused("batch.reanalysis", _("This batch describes pictures again and takes no files. Start a new one."))
    if batch.status == BatchStatus.CANCELLED:
        raise BatchClosed
    refusal = _refusal(file.size)
    item = _admit(batch, file, counted=counted and refusal is None)
    if refusal and item.status == ItemStatus.RECEIVING:
        reject_item(item.id, refusal.code, refusal.message)
        item.refresh_from_db()
    return item


def resume_file(item: BatchItem, owner_id: int) -> None:
    """Receive the rest of a file that was given up. Raises BatchClosed, Refused (`quota.exceeded`)."""
    with reserve_to_resume(item, owner_id) as room:
        room.admitted = reopen_item(item)


def _admit(batch: UploadBatch, file: NewFile, *, counted: bool) -> BatchItem:
    full = _full(batch)
    if full:
        return _known(batch, file, full)
    if not counted:
        return register_item(batch.id, file, clear_stale_partial)[0]
    try:
        with reserve(batch.owner_id, file.size) as room:
            item, room.admitted = register_item(batch.id, file, clear_stale_partial)
    except BatchClosed:
        raise
    except Refused as over:
        return _known(batch, file, over)
    return item


def _known(batch: UploadBatch, file: NewFile, over: Refused) -> BatchItem:
    """Find the row of a file that was admitted before the limit was reached. Raises Refused when there is none."""
    item = BatchItem.objects.filter(batch=batch, fingerprint=file.fingerprint).first()
    if item is None:
        raise over
    if is_resendable(item):
        resume_file(item, batch.owner_id)
    return item


def _full(batch: UploadBatch) -> Refused | None:
    if batch.total < settings.MAX_BATCH_FILES:
        return None
    words = _("One batch takes %(most)s files. Put the rest in another.")
    return Refused("batch.full", words % {"most": intcomma(settings.MAX_BATCH_FILES)})


def _refusal(size: int) -> Refused | None:
    if size == 0:
        return Refused("file.empty", "The file is empty. Copy it from its source again.")
    if size > settings.MAX_FILE_BYTES:
        largest = filesizeformat(settings.MAX_FILE_BYTES)
        return Refused("file.too_large", f"The file is {filesizeformat(size)} large; up to {largest} are taken.")
    return None
