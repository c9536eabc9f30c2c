"""Commands for guest links: owners create and revoke them, and guests add files through them.

A guest's files go to an ordinary import that belongs to the owner. The name of the import contains the name that the
guest typed. Guests see none of the owner's pictures, and do not learn whether the owner already had a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from batches.engine.incoming import is_resendable, is_resumable
from batches.engine.refusals import Refused
from batches.intake import guest_limits
from batches.intake.activity import record_activity
from batches.intake.disk_space import disk_error_code, require_space
from batches.intake.file_name import FileName
from batches.intake.file_part import FilePart, PartOutcome, receive_part
from batches.intake.manifest import open_for_files
from batches.intake.outcome import IntakeOutcome
from batches.intake.partial_file import PartialFileBusy
from batches.intake.quota import free_bytes
from batches.intake.receive import receive_file
from batches.intake.register import register_once, resume_file
from batches.models import BatchItem, GuestLink, UploadBatch
from batches.models.batch_name import clean_name, truncate_name
from batches.models.error_codes import RESUMABLE_CODES, refusal_message
from batches.models.guest_link import open_guest_links
from batches.models.scope import NotFound, Scope, owner_scope
from batches.models.states import ItemStatus
from batches.services.batch_commands import open_batch, seal_batch


@dataclass(frozen=True, slots=True)
class ReceivedFiles:
    """The import of a guest's files, and how many were accepted. If not all files were tried, `error` says why."""

    batch_id: int
    accepted: int
    error: str = ""


def create_guest_link(scope: Scope, name: str, expires_at: datetime, max_files: int, max_bytes: int) -> GuestLink:
    """Create a link with which guests can add up to `max_files` files and `max_bytes` bytes to the user's library."""
    limits = {"max_files": max_files, "max_bytes": max_bytes}
    return GuestLink.objects.create(owner_id=scope.user_id, name=name, expires_at=expires_at, **limits)


def revoke_guest_link(scope: Scope, link_id: int) -> bool:
    """Permanently revoke one of the user's links. Return False if it does not exist or is already revoked."""
    own = GuestLink.objects.filter(id=link_id, owner_id=scope.user_id, revoked_at=None)
    return bool(own.update(revoked_at=timezone.now()))


def find_guest_link(token: str) -> GuestLink:
    """Return the link with this token if it works. Raises NotFound."""
    link = GuestLink.objects.filter(open_guest_links(), token=token).select_related("owner").first()
    if link is None:
        raise NotFound
    return link


def receive_from_guest(link: GuestLink, guest: str, batch_id: int | None, files: Sequence[Any]) -> ReceivedFiles:
    """Add uploaded files to the guest's import. Only photos and videos are accepted.

    `batch_id` is the import to which this guest added files earlier. If it accepts no more files, a new one is opened.
    Raises Refused, before any file is received, if the link has reached a limit (`guest.limit`) or no import can be
    opened.
    """
    guest_limits.reserve(link.pk, _sizes(files))
    try:
        batch = _open_batch(link, guest, batch_id)
    except Refused:
        guest_limits.release(link.pk, _sizes(files))
        raise
    try:
        return _receive(link, batch, files)
    finally:
        seal_batch(owner_scope(link.owner), batch.id)


def receive_part_from_guest(
    link: GuestLink, guest: str, batch_id: int | None, part: FilePart
) -> tuple[int, PartOutcome]:
    """Add a part of a file to the guest's import; return the import's id, and what happened to the part.

    As soon as the first part arrives, the whole file counts towards the link's limits; a file that is never completed
    counts until its partial file expires. If the first part cannot be stored at all, the file fails and does not count.
    Otherwise, this works like `receive_from_guest`. Raises Refused if the file cannot be registered; if a later step
    fails, the outcome contains the error.
    """
    try:
        item = _find_item(link, batch_id, part.name) or _register_item(link, guest, batch_id, part)
    except (Refused, PartialFileBusy, OSError) as error:
        raise _guest_refusal(error) from error
    try:
        record_activity(item.batch)
        return item.batch_id, receive_part(item, part)
    except (Refused, PartialFileBusy) as error:
        return item.batch_id, PartOutcome(0, error=_guest_refusal(error).message)
    except OSError as error:
        code = disk_error_code(error)
        guest_limits.fail_if_empty(link.pk, item, code)
        return item.batch_id, PartOutcome(0, error=refusal_message(code))
    finally:
        seal_batch(owner_scope(link.owner), item.batch_id)


def _find_item(link: GuestLink, batch_id: int | None, name: FileName) -> BatchItem | None:
    """Return the item of a file whose first part arrived earlier, or None if the file must be registered (again).

    If the item became missing because the upload stopped, the upload is resumed. The file is not counted again, because
    it has counted towards the link's limits since its first part.
    """
    if batch_id is None:
        return None
    batches = open_for_files(owner_scope(link.owner)).filter(id=batch_id, guest_link=link)
    items = BatchItem.objects.filter(batch__in=batches, fingerprint=name.as_new_file().fingerprint)
    item = items.select_related("batch").first()
    if item is None or not is_resendable(item):
        return item
    if item.status == ItemStatus.FAILED or not is_resumable(item):
        return None
    resume_file(item, link.owner_id)
    return item


def _register_item(link: GuestLink, guest: str, batch_id: int | None, part: FilePart) -> BatchItem:
    """Register a part's file, and count it in the same transaction, so that a refused file leaves nothing behind.

    Concurrent requests with parts of the same file count it once. Raises Refused, PartialFileBusy, OSError.
    """
    size, room = part.name.size, free_bytes(link.owner_id)
    if room is not None and size > room:
        raise Refused("guest.full")
    guest_limits.check(link, size)
    require_space(part.size)
    with transaction.atomic():
        batch = _open_batch(link, guest, batch_id)
        item, is_registered = register_once(batch, part.name.as_new_file())
        # Count last: `partial_cleanup` also locks the item before the link.
        if is_registered:
            guest_limits.reserve(link.pk, [size])
    item.batch = batch
    return item


def _receive(link: GuestLink, batch: UploadBatch, files: Sequence[Any]) -> ReceivedFiles:
    accepted = 0
    for position, file in enumerate(files):
        try:
            outcome = _receive_file(batch, file)
        except (Refused, PartialFileBusy) as error:
            guest_limits.release(link.pk, _sizes(files[position:]))
            return ReceivedFiles(batch.id, accepted, _guest_refusal(error).message)
        if outcome.code in RESUMABLE_CODES:
            guest_limits.release(link.pk, [file.size])
        accepted += outcome.state != "refused"
    return ReceivedFiles(batch.id, accepted)


def _guest_refusal(error: Refused | PartialFileBusy | OSError) -> Refused:
    """Return the refusal to show to the guest, without figures from the owner's quota."""
    if isinstance(error, PartialFileBusy):
        return Refused("server.busy")
    if isinstance(error, OSError):
        return Refused(disk_error_code(error))
    return Refused("guest.full") if error.code == "quota.exceeded" else error


def _receive_file(batch: UploadBatch, file: Any) -> IntakeOutcome:
    # Forms send no modification times. Random text lets a guest send different files with the same name and size.
    name = FileName(file.name or "file", file.size, last_modified=f"guest {uuid4()}")
    return receive_file(batch, name, file.open("rb"))


def _sizes(files: Sequence[Any]) -> list[int]:
    return [file.size for file in files]


def _open_batch(link: GuestLink, guest: str, batch_id: int | None) -> UploadBatch:
    scope, name = owner_scope(link.owner), truncate_name(f"{link.name}: {clean_name(guest)}")
    if batch_id is not None:
        found = open_for_files(scope).filter(id=batch_id, name=name, guest_link=link).first()
        if found is not None:
            return found
    return open_batch(scope, name, guest_link_id=link.pk)
