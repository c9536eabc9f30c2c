"""Commands for one batch: open, rename, seal, finish, prioritize, pause, resume, cancel, and create an album from it.

A command that changes a batch returns False if there was nothing to do. It raises `Refused` with a message for the user
if the batch's state does not allow the command. The engine's conditional UPDATE decides whether a batch is paused,
resumed or cancelled; its state is read afterwards only to explain why nothing changed.
"""

from batches.engine import cancel, expiry, lifecycle, pause, scheduler
from batches.engine.refusals import Refused
from batches.intake import owner_limits
from batches.intake.discard import discard_cancelled
from batches.models import UploadBatch
from batches.models.batch_name import MAX_NAME_LENGTH, clean_name
from batches.models.scope import CANCEL_BATCHES, NotFound, Scope
from batches.models.states import BatchStatus, ItemStatus
from uploads.albums import MAX_ALBUM_PICTURES, add_pictures, create_album


def open_batch(
    scope: Scope, name: str, *, expected_items: int | None = None, guest_link_id: int | None = None
) -> UploadBatch:
    """Create an empty batch for the scope's user, ready to receive files. A name that is too long is truncated.

    Raises Refused (`batch.too_many_open`, `files.too_many_open`) or RateExceeded.
    """
    owner_limits.check_new_batch(scope.user_id, expected_items or 0)
    return lifecycle.open_batch(scope.user_id, name, expected_items=expected_items, guest_link_id=guest_link_id)


def rename_batch(scope: Scope, batch_id: int, name: str) -> bool:
    """Rename a batch and normalise whitespace in the name. Raises NotFound, Refused."""
    scope.find_batch(batch_id)
    cleaned = clean_name(name)
    if not cleaned:
        raise Refused("batch.name_empty")
    if len(cleaned) > MAX_NAME_LENGTH:
        raise Refused("batch.name_too_long", limit=MAX_NAME_LENGTH, count=len(cleaned))
    return lifecycle.rename_batch(batch_id, cleaned)


def seal_batch(scope: Scope, batch_id: int) -> bool:
    """Declare that all files of a batch have been sent, so it completes once they are processed. Raises NotFound."""
    scope.find_batch(batch_id)
    return lifecycle.seal_batch(batch_id)


def finish_without_missing(scope: Scope, batch_id: int) -> bool:
    """Seal a batch. The files that are still being received become missing; they can still be sent later.

    Raises NotFound, Refused.
    """
    _require_running(scope.find_batch(batch_id))
    return expiry.finish_without_missing(batch_id)


def prioritize_batch(scope: Scope, batch_id: int) -> bool:
    """Put a batch first in the scheduler's order, and finish it without the files that are still being received.

    Only operators may do this. Raises NotFound, Refused.
    """
    if not scope.covers_all():
        raise NotFound
    _require_running(scope.find_batch(batch_id))
    # Prioritize the batch first, because it may complete once it no longer waits for its missing files.
    scheduler.prioritize_batch(batch_id)
    expiry.finish_without_missing(batch_id)
    return True


def pause_batch(scope: Scope, batch_id: int) -> bool:
    """Pause a batch: its files are not processed until it is resumed. Raises NotFound, Refused."""
    batch = scope.find_batch(batch_id)
    if pause.pause_batch(batch_id):
        return True
    if current_status(batch) == BatchStatus.PAUSED:
        return False
    raise batch_refusal(batch)


def resume_batch(scope: Scope, batch_id: int) -> bool:
    """Resume a paused batch. Raises NotFound, Refused."""
    batch = scope.find_batch(batch_id)
    if pause.resume_batch(batch_id):
        return True
    if current_status(batch) in {BatchStatus.PENDING, BatchStatus.PROCESSING}:
        return False
    raise batch_refusal(batch)


def cancel_batch(scope: Scope, batch_id: int) -> bool:
    """Cancel a batch. Pictures that are already described stay in the library; its other files are not processed.

    Raises NotFound, Refused.
    """
    batch = scope.find_batch(batch_id, CANCEL_BATCHES)
    if cancel.cancel_batch(batch_id):
        discard_cancelled(batch_id)
        return True
    if current_status(batch) == BatchStatus.CANCELLED:
        return False
    raise batch_refusal(batch)


def current_status(batch: UploadBatch) -> str:
    """Reload the batch and return its status. Raises NotFound if it was deleted."""
    try:
        batch.refresh_from_db()
    except UploadBatch.DoesNotExist:
        raise NotFound from None
    return batch.status


def batch_refusal(batch: UploadBatch) -> Refused:
    """Return the error that explains why a batch's state does not allow a command."""
    if batch.status == BatchStatus.CANCELLED:
        return Refused("batch.cancelled")
    if batch.status == BatchStatus.COMPLETED:
        return Refused("batch.completed")
    return Refused("batch.busy")


def _require_running(batch: UploadBatch) -> None:
    if batch.status == BatchStatus.PAUSED:
        raise Refused("batch.paused", name=batch.name)
    if batch.status in {BatchStatus.COMPLETED, BatchStatus.CANCELLED}:
        raise batch_refusal(batch)


def create_album_of_batch(scope: Scope, batch_id: int) -> int:
    """Create an album with the batch's name and pictures; return the album's id.

    The album contains the first MAX_ALBUM_PICTURES pictures that are in the library. Raises NotFound, and Refused
    (`batch.nothing_stored`) if none of the batch's pictures is in the library.
    """
    batch = scope.find_batch(batch_id)
    completed = batch.items.filter(status=ItemStatus.COMPLETED, upload__trashed_at=None, upload__part_of=None)
    ids = completed.filter(upload__processed_at__isnull=False).order_by("id").values_list("upload_id", flat=True)
    pictures = [id for id in ids[:MAX_ALBUM_PICTURES] if id is not None]
    if not pictures:
        raise Refused("batch.nothing_stored", name=batch.name)
    album = create_album(batch.owner_id, batch.name)
    add_pictures(album, pictures)
    return album.pk
