"""Register files before their bytes are sent, and enforce the limits that can be checked without them.

Files from tus, the form and local folders are all registered here.
"""

from collections.abc import Sequence

from django.conf import settings

from batches.engine.announce import announce_items, ignore_items
from batches.engine.incoming import NewFile, is_resendable, is_resumable, register_item, reject_item, reopen_item
from batches.engine.refusals import BatchClosed, FileRefused
from batches.intake import owner_limits, quota
from batches.intake.discard import clear_stale_partial
from batches.intake.disk_space import require_space
from batches.intake.partial_paths import partial_exists
from batches.intake.size_limits import file_rejection
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, BatchStatus, ItemStatus


def register_file(batch: UploadBatch, file: NewFile, *, reserve: bool = True, remote: bool = False) -> BatchItem:
    """Create a file's item and return it; if the file is already registered, return its existing item.

    The item of an empty or oversized file fails immediately, with the reason. Pass `reserve=False` for a file that
    needs no quota because the client will not send it: its bytes are already stored or its type is not supported. Pass
    `remote=True` for a request from a client: a new item is then also refused if there is not enough disk space for the
    file (DiskSpaceLow), or if the owner has too many unfinished files (`files.too_many_open`) or has created too many
    items in the last hour (RateExceeded). Raises BatchClosed. Raises FileRefused without creating an item. Raises
    OSError or PartialFileBusy if a stale partial file under the new item's id cannot be emptied.
    """
    return register_once(batch, file, reserve=reserve, remote=remote)[0]


def register_once(
    batch: UploadBatch, file: NewFile, *, reserve: bool = True, remote: bool = False
) -> tuple[BatchItem, bool]:
    """Register a file; return its item and whether this call, and not an earlier or concurrent one, registered it.

    The second value is also true if the file had failed or was missing, and this call registered it again. Takes the
    same parameters and raises the same errors as `register_file`.
    """
    _require_import(batch)
    if batch.status == BatchStatus.CANCELLED:
        raise BatchClosed
    rejection = file_rejection(file)
    try:
        item, is_registered = _register_new(batch, file, reserve=reserve and rejection is None, remote=remote)
    except FileRefused as refused:
        item, is_registered = _registered_before(batch, file, refused)
    if rejection and item.status == ItemStatus.RECEIVING:
        reject_item(item.id, *rejection)
        item.refresh_from_db()
    return item, is_registered


def announce_files(batch: UploadBatch, files: Sequence[NewFile]) -> int:
    """Create items with status `missing` for the files that the client is going to send; return how many are new.

    Raises BatchClosed. Raises FileRefused, without creating an item, if the batch would have too many files
    (`batch.full`), if the owner would have too many unfinished files (`files.too_many_open`), if the owner has created
    too many items in the last hour (RateExceeded) or if the batch is a re-analysis (`batch.reanalysis`). Raises
    DiskSpaceLow, OSError or PartialFileBusy like `register_file`.
    """
    _require_import(batch)

    def check(ids: list[int], found: int) -> None:
        _check_batch_size(found)
        require_space(0)
        owner_limits.check_announced(batch.owner_id, len(ids))
        for item_id in ids:
            clear_stale_partial(item_id)

    return announce_items(batch.id, files, check)


def ignore_files(batch: UploadBatch, files: Sequence[NewFile], codes: Sequence[str], *, remote: bool = False) -> int:
    """Create ignored items for skipped files, each with a code that gives the reason; return how many are new.

    Raises BatchClosed. Raises FileRefused, without creating an item, if the batch would have too many files
    (`batch.full`) or is a re-analysis (`batch.reanalysis`). Pass `remote=True` for a request from a client: the items
    then count towards the owner's hourly limit on new files, which may raise RateExceeded.
    """
    _require_import(batch)

    def check(ids: list[int], found: int) -> None:
        _check_batch_size(found)
        if remote:
            owner_limits.new_files.take(batch.owner_id, len(ids))

    return ignore_items(batch.id, files, codes, check)


def resume_file(item: BatchItem, owner_id: int) -> bool:
    """Move a resendable item back to `receiving`, so that the client can send the rest of the file.

    Return False if another request has already done so. Raises BatchClosed, and FileRefused (`quota.exceeded`).
    """
    # The owner's usage already includes abandoned files that still have a partial file.
    size = 0 if is_resumable(item) and partial_exists(item.id) else item.size
    with quota.usage.reserve(owner_id, size) as reservation:
        reservation.confirmed = reopen_item(item)
    return reservation.confirmed


def _register_new(batch: UploadBatch, file: NewFile, *, reserve: bool, remote: bool) -> tuple[BatchItem, bool]:
    if remote:
        owner_limits.check_new_file(batch)

    def before_visible(item_id: int) -> None:
        if remote:
            require_space(file.size if reserve else 0)
            owner_limits.new_files.take(batch.owner_id)
        clear_stale_partial(item_id)

    _check_batch_size(batch.found + 1)
    if not reserve:
        return register_item(batch.id, file, before_visible)
    with quota.usage.reserve(batch.owner_id, file.size) as reservation:
        item, reservation.confirmed = register_item(batch.id, file, before_visible)
    return item, reservation.confirmed


def _require_import(batch: UploadBatch) -> None:
    if batch.kind == BatchKind.REANALYSIS:
        raise FileRefused("batch.reanalysis")


def _check_batch_size(files: int) -> None:
    if files > settings.MAX_BATCH_FILES:
        raise FileRefused("batch.full")


def _registered_before(batch: UploadBatch, file: NewFile, refused: FileRefused) -> tuple[BatchItem, bool]:
    """Return the item if the file was registered before the limit was reached; otherwise raise `refused`.

    The second value is whether the item was moved back to `receiving`.
    """
    item = BatchItem.objects.filter(batch=batch, fingerprint=file.fingerprint).first()
    if item is None:
        raise refused
    return item, is_resendable(item) and resume_file(item, batch.owner_id)
