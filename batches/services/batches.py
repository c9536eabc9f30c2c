"""Commands on one batch: open, rename, seal, finish, prioritize, pause, resume and cancel it.

A command returns False if nothing was left to do. It raises `Refused` with a message for the person if the state of the
batch does not allow it. The engine's conditional UPDATE decides; the state is read afterwards for the message only.
"""

from django.utils.translation import gettext as _

from batches.engine import cancel, expiry, lifecycle, pause, scheduler
from batches.engine.refusals import Refused
from batches.intake.discard import discard_cancelled
from batches.models import UploadBatch
from batches.models.batch_name import MAX_NAME_LENGTH, clean_name
from batches.models.states import BatchStatus
from batches.services.scope import CANCEL_BATCHES, CHANGE_BATCHES, NotFound, Scope


def find_batch(scope: Scope, batch_id: int, permissions: tuple[str, ...] = CHANGE_BATCHES) -> UploadBatch:
    """Return a batch of the scope. Raises NotFound."""
    batch = scope.filter(UploadBatch.objects.filter(id=batch_id), permissions).first()
    if batch is None:
        raise NotFound
    return batch


def open_batch(scope: Scope, name: str, *, expected_items: int | None = None) -> UploadBatch:
    """Create an empty batch of the scope's user that takes files; a name that is too long is cut."""
    return lifecycle.open_batch(scope.user_id, name, expected_items=expected_items)


def rename_batch(scope: Scope, batch_id: int, name: str) -> bool:
    """Rename a batch; white space in the name is normalised. Raises NotFound, Refused."""
    find_batch(scope, batch_id)
    cleaned = clean_name(name)
    if not cleaned:
        raise Refused("batch.name_empty", _("Enter a name."))
    if len(cleaned) > MAX_NAME_LENGTH:
        message = _("A name can have up to %(limit)s characters; this one has %(count)s.")
        raise Refused("batch.name_too_long", message % {"limit": MAX_NAME_LENGTH, "count": len(cleaned)})
    return lifecycle.rename_batch(batch_id, cleaned)


def seal_batch(scope: Scope, batch_id: int) -> bool:
    """Declare that all files of a batch were sent; it completes once they are processed. Raises NotFound."""
    find_batch(scope, batch_id)
    return lifecycle.seal_batch(batch_id)


def finish_without_missing(scope: Scope, batch_id: int) -> bool:
    """Seal a batch and fail the files that are still being received; they may be sent again.

    Raises NotFound, Refused.
    """
    _require_running(find_batch(scope, batch_id))
    return expiry.finish_without_missing(batch_id)


def prioritize_batch(scope: Scope, batch_id: int) -> bool:
    """Serve a batch before all others. Only for operators. Raises NotFound, Refused."""
    if not scope.covers_all():
        raise NotFound
    _require_running(find_batch(scope, batch_id))
    scheduler.prioritize_batch(batch_id)
    return True


def pause_batch(scope: Scope, batch_id: int) -> bool:
    """Start no more files of a batch until it is resumed. Raises NotFound, Refused."""
    batch = find_batch(scope, batch_id)
    if pause.pause_batch(batch_id):
        return True
    if current_status(batch) == BatchStatus.PAUSED:
        return False
    raise batch_refusal(batch, _("This import is finished; there is nothing to pause."))


def resume_batch(scope: Scope, batch_id: int) -> bool:
    """Resume a paused batch. Raises NotFound, Refused."""
    batch = find_batch(scope, batch_id)
    if pause.resume_batch(batch_id):
        return True
    if current_status(batch) in {BatchStatus.PENDING, BatchStatus.PROCESSING}:
        return False
    raise batch_refusal(batch, _("This import is finished; there is nothing to resume."))


def cancel_batch(scope: Scope, batch_id: int) -> bool:
    """Cancel a batch: pictures already described stay in the library, everything else is discarded.

    Raises NotFound, Refused.
    """
    batch = find_batch(scope, batch_id, CANCEL_BATCHES)
    if cancel.cancel_batch(batch_id):
        discard_cancelled(batch_id)
        return True
    if current_status(batch) == BatchStatus.CANCELLED:
        return False
    raise batch_refusal(batch, _("This import is finished; there is nothing to cancel."))


def current_status(batch: UploadBatch) -> str:
    """Reload the batch and return its status. Raises NotFound if it was deleted."""
    try:
        batch.refresh_from_db()
    except UploadBatch.DoesNotExist:
        raise NotFound from None
    return batch.status


def batch_refusal(batch: UploadBatch, completed: str = "") -> Refused:
    """Return why the state of a batch does not allow a command; `completed` is the message for a completed one."""
    if batch.status == BatchStatus.CANCELLED:
        return Refused("batch.cancelled", _("This import was cancelled. Start a new one to add its files again."))
    if batch.status == BatchStatus.COMPLETED:
        return Refused("batch.completed", completed)
    return Refused("batch.busy", _("This import changed just now. Check it, then try again."))


def _require_running(batch: UploadBatch) -> None:
    if batch.status == BatchStatus.PAUSED:
        message = _("“%(name)s” is paused. Resume it first.")
        raise Refused("batch.paused", message % {"name": batch.name})
    if batch.status in {BatchStatus.COMPLETED, BatchStatus.CANCELLED}:
        raise batch_refusal(batch, _("This import is finished already."))
