"""What the endpoint does on disk and in the database. Blocking: runs on the intake's threads, never on the loop."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User

from batches.engine.abandon import note_sender
from batches.engine.arrive import refuse_item
from batches.engine.errors import BatchClosed, Refused
from batches.intake.announce import announce
from batches.intake.ending import NotReceiving, Outcome, end_item, past_outcome
from batches.intake.parts import Part, delete_part, lock_part, locked_part, part_size
from batches.intake.tus.errors import TusError, not_found
from batches.intake.tus.headers import Creation, Patch
from batches.intake.tus.origin import signed_in_user
from batches.intake.tus.reception import Reception
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus

WITHDRAWN = "file.withdrawn"
STATUSES = {"file.too_large": 413, WITHDRAWN: 410}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file stands: its item, the bytes that are here and all of them; `note` says why it was not taken."""

    item_id: int
    offset: int
    length: int
    note: str = ""


def create(cookies: str, creation: Creation) -> Place:
    """Announce a file, or find it again. Raises TusError."""
    user = signed_in_user(cookies)
    batch = UploadBatch.objects.filter(id=creation.batch_id, owner=user).first()
    if batch is None:
        raise TusError(404, "batch.unknown", "There is no such batch of yours. Open one first.")
    try:
        item = announce(batch, creation.name.as_new_file())
    except BatchClosed as error:
        raise TusError(410, error.code, error.message) from error
    except Refused as error:
        raise TusError(413, error.code, error.message) from error
    item.batch = batch
    return _standing(item)


def look(cookies: str, item_id: int) -> Place:
    """Say where a file stands. Raises TusError."""
    return _standing(find_item(signed_in_user(cookies), item_id))


def begin(cookies: str, item_id: int, patch: Patch) -> tuple[BatchItem, Reception] | Place:
    """Lock the part for a PATCH that the caller closes; or, when there is nothing to write, where the file stands.

    Raises TusError, PartBusy.
    """
    item = find_item(signed_in_user(cookies), item_id)
    if item.status == ItemStatus.RECEIVING:
        note_sender(item.batch_id, settings.ABANDONED_SECONDS / 10)
        part = lock_part(item.id)
        try:
            return item, Reception(part, item.size, patch)
        except BaseException:
            part.close()
            raise
    place = _standing(item)
    if patch.offset != place.offset:
        raise TusError(409, "tus.offset", f"The file stands at {place.offset} bytes: it is here already.")
    return place


def finish(item: BatchItem, part: Part) -> Place:
    """End a complete part and say so. Raises TusError 410, 422 for refused content, and what `end_item` raises."""
    try:
        outcome = end_item(item, item.batch.owner_id, part)
    except BatchClosed as error:
        raise TusError(410, error.code, error.message) from error
    except NotReceiving:
        item.refresh_from_db()
        return _standing(item)
    return _place_after(item, outcome)


def withdraw(cookies: str, item_id: int) -> None:
    """Give up a file that its sender cannot send to the end: it is failed and its part removed. Raises as `begin`."""
    item = find_item(signed_in_user(cookies), item_id)
    with locked_part(item.id) as part:
        if refuse_item(item.id, WITHDRAWN, "The sender could not read it to its end. Add it again."):
            part.delete()
            return
    raise TusError(409, "upload.complete", "All of it has arrived: it cannot be taken back here.")


def find_item(user: User, item_id: int) -> BatchItem:
    """Return the user's own item with its batch. Raises TusError 404, or 410 when the batch was cancelled."""
    item = BatchItem.objects.select_related("batch").filter(id=item_id, batch__owner=user).first()
    if item is None or item.batch.deleting_since:
        raise not_found()
    if item.batch.status == BatchStatus.CANCELLED:
        delete_part(item.id)
        closed = BatchClosed()
        raise TusError(410, closed.code, closed.message)
    return item


def _standing(item: BatchItem) -> Place:
    """Say where the file stands, and finish what a crash left complete but not ended. Raises TusError, PartBusy."""
    if item.status != ItemStatus.RECEIVING:
        delete_part(item.id)  # left by a crash after the commit
        return _place_after(item, past_outcome(item))
    arrived = part_size(item.id)
    if arrived < item.size:
        return Place(item.id, arrived, item.size)
    with locked_part(item.id) as part:
        if part.size == item.size:
            return finish(item, part)
    # Between the look and the lock somebody else ended it.
    item.refresh_from_db()
    if item.status == ItemStatus.RECEIVING:
        return Place(item.id, part_size(item.id), item.size)
    return _place_after(item, past_outcome(item))


def _place_after(item: BatchItem, outcome: Outcome) -> Place:
    """An ended file is all here; one that was refused is an error, except an empty one: all of its bytes came."""
    if outcome.state == "refused" and item.size:
        raise TusError(STATUSES.get(outcome.code, 422), outcome.code, outcome.message)
    note = f"{outcome.code}: {outcome.message}" if outcome.state == "refused" else ""
    return Place(item.id, item.size, item.size, note)
