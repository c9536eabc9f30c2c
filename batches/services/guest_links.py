"""Commands for guest links: owners create and revoke them, and guests add files through them.

A guest's files go to an ordinary import of the owner, whose name contains the name that the guest typed. Guests see
none of the owner's pictures, and do not learn whether the owner already had a file.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from batches.engine.refusals import Refused
from batches.intake.file_name import FileName
from batches.intake.manifest import open_for_files
from batches.intake.receive import receive_file
from batches.models import GuestLink, UploadBatch
from batches.models.batch_name import clean_name, truncate_name
from batches.models.guest_link import open_guest_links
from batches.models.scope import NotFound, Scope, owner_scope
from batches.services.batch_commands import open_batch, seal_batch


def create_guest_link(scope: Scope, name: str, expires_at: datetime, max_files: int, max_bytes: int) -> GuestLink:
    """Create a link that lets guests add files to the user's library, up to these limits."""
    limits = {"max_files": max_files, "max_bytes": max_bytes}
    return GuestLink.objects.create(owner_id=scope.user_id, name=name, expires_at=expires_at, **limits)


def revoke_guest_link(scope: Scope, link_id: int) -> bool:
    """Revoke a link of the user permanently. Return False if it does not exist or is already revoked."""
    own = GuestLink.objects.filter(id=link_id, owner_id=scope.user_id, revoked_at=None)
    return bool(own.update(revoked_at=timezone.now()))


def find_guest_link(token: str) -> GuestLink:
    """Return the link with this token if it works. Raises NotFound."""
    link = GuestLink.objects.filter(open_guest_links(), token=token).select_related("owner").first()
    if link is None:
        raise NotFound
    return link


def receive_from_guest(link: GuestLink, guest: str, batch_id: int | None, files: Sequence[Any]) -> tuple[int, int]:
    """Add uploaded files to the guest's import; return its id and how many files were accepted.

    `batch_id` is the import to which this guest added files before. If it accepts no more files, a new one is opened.
    Raises Refused (`guest.limit`, and what `receive_file` raises).
    """
    _reserve(link, len(files), sum(file.size for file in files))
    batch = _open_batch(link, guest, batch_id)
    accepted = 0
    try:
        for position, file in enumerate(files):
            # Forms send no modification times. Use the file's number among all files of the link to tell files apart.
            name = FileName(file.name or str(position), file.size, last_modified=f"guest {link.files + position}")
            accepted += receive_file(batch, name, file.open("rb")).state != "refused"
    finally:
        seal_batch(owner_scope(link.owner), batch.id)
    return batch.id, accepted


def _reserve(link: GuestLink, files: int, size: int) -> None:
    """Count files before they are received, so that concurrent requests do not exceed the limits together."""
    room = GuestLink.objects.filter(open_guest_links(), id=link.pk, files__lte=F("max_files") - files)
    room = room.filter(bytes__lte=F("max_bytes") - size)
    if not room.update(files=F("files") + files, bytes=F("bytes") + size):
        raise Refused("guest.limit")


def _open_batch(link: GuestLink, guest: str, batch_id: int | None) -> UploadBatch:
    scope, name = owner_scope(link.owner), truncate_name(f"{link.name}: {clean_name(guest)}")
    if batch_id is not None:
        found = open_for_files(scope).filter(id=batch_id, name=name).first()
        if found is not None:
            return found
    return open_batch(scope, name)
