"""What people may command of batches: find what is theirs, call the engine, say what is not possible and why.

A command that finds its aim already reached changes nothing, says nothing and returns False; one that is not possible
from the present state raises `Refused` with words for the person. The state is read after the engine's conditional
UPDATE, for the words only: the UPDATE alone decides.
"""

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _

from batches.engine import cancel, expiry, lifecycle, pause, reanalyse, retry, scheduler
from batches.engine.refusals import Refused
from batches.intake.discard import discard_cancelled
from batches.models import BatchItem, UploadBatch, error_codes
from batches.models.batch_name import MAX_NAME_LENGTH, clean_name
from batches.models.states import BatchStatus, ItemStatus

STAFF_PERMISSION = "batches.change_uploadbatch"
CANCEL_PERMISSION = "batches.cancel_uploadbatch"


class NotFound(Exception):
    """There is no such batch or file, or it is somebody else's: the two are not told apart."""


def is_operator(user: User | AnonymousUser) -> bool:
    """Whether the user may command everybody's batches."""
    return user.is_staff and user.has_perm(STAFF_PERMISSION)


def may_cancel_all(user: User | AnonymousUser) -> bool:
    """Whether an operator may cancel everybody's batches, too: nothing brings a cancelled one back."""
    return is_operator(user) and user.has_perm(CANCEL_PERMISSION)


def find_batch(user: User | AnonymousUser, batch_id: int, *, everybody: bool = False) -> UploadBatch:
    """Return a batch that the user may command: their own, or with `everybody` any for an operator. Raises NotFound."""
    batches = UploadBatch.objects.filter(id=batch_id)
    batch = (batches if everybody and is_operator(user) else batches.filter(owner_id=user.pk)).first()
    if batch is None:
        raise NotFound
    return batch


def pause_batch(user: User | AnonymousUser, batch_id: int, *, everybody: bool = False) -> bool:
    """Begin no more files of it until it is resumed. Raises NotFound, Refused."""
    batch = find_batch(user, batch_id, everybody=everybody)
    if pause.pause_batch(batch_id):
        return True
    if _status(batch) == BatchStatus.PAUSED:
        return False
    raise _refused(batch, _("This batch is completed; nothing is left to pause."))


def resume_batch(user: User | AnonymousUser, batch_id: int, *, everybody: bool = False) -> bool:
    """Let a paused batch go on. Raises NotFound, Refused."""
    batch = find_batch(user, batch_id, everybody=everybody)
    if pause.resume_batch(batch_id):
        return True
    if _status(batch) in {BatchStatus.PENDING, BatchStatus.PROCESSING}:
        return False
    raise _refused(batch, _("This batch is completed; nothing is left to resume."))


def cancel_batch(user: User | AnonymousUser, batch_id: int, *, everybody: bool = False) -> bool:
    """End it: what is described stays in the library, everything else is dropped. Raises NotFound, Refused."""
    everybody = everybody and may_cancel_all(user)
    batch = find_batch(user, batch_id, everybody=everybody)
    if cancel.cancel_batch(batch_id):
        discard_cancelled(batch_id)
        return True
    if _status(batch) == BatchStatus.CANCELLED:
        return False
    raise _refused(batch, _("This batch is completed; nothing is left to cancel."))


def rename_batch(user: User | AnonymousUser, batch_id: int, name: str) -> bool:
    """Call it `name`, which is put on one line. Raises NotFound, Refused."""
    find_batch(user, batch_id)
    line = clean_name(name)
    if not line:
        raise Refused("batch.name_empty", _("Give it a name of at least one letter."))
    if len(line) > MAX_NAME_LENGTH:
        words = _("A name has at most %(most)s letters; this one has %(count)s. Shorten it.")
        raise Refused("batch.name_too_long", words % {"most": MAX_NAME_LENGTH, "count": len(line)})
    return lifecycle.rename_batch(batch_id, line)


def retry_failed(user: User | AnonymousUser, batch_id: int, *, everybody: bool = False) -> int:
    """Queue its failed files whose bytes are stored and whose cause may pass; returns how many.

    Raises NotFound, Refused.
    """
    batch = find_batch(user, batch_id, everybody=everybody)
    queued = retry.retry_failed(batch_id, error_codes.PERMANENT_CODES)
    if queued:
        return queued
    if _status(batch) == BatchStatus.CANCELLED:
        raise _refused(batch, "")
    if batch.failed:
        words = _("Trying again cannot help. Mend the files and add them once more.")
        raise Refused("batch.nothing_to_retry", words)
    return 0


def retry_item(user: User | AnonymousUser, item_id: int, *, everybody: bool = False) -> bool:
    """Queue one failed file again. Raises NotFound, Refused."""
    item = BatchItem.objects.filter(id=item_id).first()
    if item is None:
        raise NotFound
    batch = find_batch(user, item.batch_id, everybody=everybody)
    if error_codes.is_retryable(item.error_code) and retry.retry_item(item_id):
        return True
    item.refresh_from_db()
    if item.status in {ItemStatus.PENDING, ItemStatus.PROCESSING}:
        return False
    raise _item_refused(item, batch)


def reanalyse_batch(user: User | AnonymousUser, batch_id: int, *, everybody: bool = False) -> int:
    """Describe all its stored pictures again; returns the id of the batch that does it. Raises NotFound, Refused."""
    batch = find_batch(user, batch_id, everybody=everybody)
    made = reanalyse.reanalyse_batch(batch_id)
    if made is not None:
        return made
    source = batch.source or batch
    if _status(source) == BatchStatus.CANCELLED:
        raise _refused(source, "")
    if source.status != BatchStatus.COMPLETED:
        words = _("“%(name)s” is not done yet. Wait for its end, then try again.")
        raise Refused("batch.unfinished", words % {"name": source.name})
    if not source.items.filter(upload__isnull=False).exists():
        words = _("No picture of “%(name)s” is stored here.")
        raise Refused("batch.nothing_stored", words % {"name": source.name})
    raise _busy()


def process_now(user: User | AnonymousUser, batch_id: int, *, everybody: bool = False) -> bool:
    """Wait for no more files of it and, when an operator says so to `everybody`'s, serve it before all others.

    What is half sent is failed and may be sent again. An owner's own word only seals the batch: nobody takes a turn
    before the others. Raises NotFound, Refused.
    """
    batch = find_batch(user, batch_id, everybody=everybody)
    if _status(batch) == BatchStatus.PAUSED:
        words = _("“%(name)s” is paused. Resume it first.")
        raise Refused("batch.paused", words % {"name": batch.name})
    if batch.status in {BatchStatus.COMPLETED, BatchStatus.CANCELLED}:
        raise _refused(batch, _("This batch is completed; nothing is left to process."))
    changed = expiry.finish_without_missing(batch_id)
    if everybody and is_operator(user):
        scheduler.prioritize_batch(batch_id)
        return True
    return changed


def _status(batch: UploadBatch) -> str:
    """Read the state as it is now, and the counters with it. Raises NotFound when the batch is gone."""
    try:
        batch.refresh_from_db()
    except UploadBatch.DoesNotExist:
        raise NotFound from None
    return batch.status


def _busy() -> Refused:
    return Refused("batch.busy", _("This batch changed just now. Look at it again."))


def _refused(batch: UploadBatch, completed: str) -> Refused:
    """Say why not; `completed` are the words for a batch that is."""
    if batch.status == BatchStatus.CANCELLED:
        return Refused("batch.cancelled", _("This batch was cancelled; start a new one to add its files again."))
    if batch.status == BatchStatus.COMPLETED:
        return Refused("batch.completed", completed)
    return _busy()


def _item_refused(item: BatchItem, batch: UploadBatch) -> Refused:
    if _status(batch) == BatchStatus.CANCELLED:
        return _refused(batch, "")
    if item.status == ItemStatus.COMPLETED:
        words = _("“%(name)s” is described already; there is nothing to try again.")
        return Refused("item.completed", words % {"name": item})
    if item.status == ItemStatus.FAILED and item.upload_id is None:
        words = _("“%(name)s” is not stored here. Mend it and add it once more.")
        return Refused("item.not_stored", words % {"name": item})
    if item.status == ItemStatus.FAILED:
        words = _("Trying “%(name)s” again cannot help. Mend it and add it once more.")
        return Refused("item.permanent", words % {"name": item})
    words = _("“%(name)s” has not failed; there is nothing to try again.")
    return Refused("item.not_failed", words % {"name": item})
