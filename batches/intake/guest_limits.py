"""Count guests' files towards the limits of their link."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from batches.engine.incoming import reject_item
from batches.engine.refusals import Refused
from batches.intake.partial_paths import partial_size
from batches.models import BatchItem, GuestLink
from batches.models.error_codes import default_message
from batches.models.guest_link import open_guest_links


def check(link: GuestLink, size: int) -> None:
    """Raise Refused (`guest.limit`) if a file would exceed the limits. The counts in `link` may be out of date."""
    if link.files >= link.max_files or link.bytes + size > link.max_bytes:
        raise Refused("guest.limit")


def reserve(link_id: int, sizes: Sequence[int]) -> None:
    """Count files before they are received, so that concurrent requests cannot together exceed the limits.

    Raises Refused (`guest.limit`), also if the link no longer works.
    """
    count, size = len(sizes), sum(sizes)
    room = GuestLink.objects.filter(open_guest_links(), id=link_id, files__lte=F("max_files") - count)
    if not room.filter(bytes__lte=F("max_bytes") - size).update(files=F("files") + count, bytes=F("bytes") + size):
        raise Refused("guest.limit")


def release(link_id: int, sizes: Sequence[int]) -> None:
    """Subtract files that were counted but not received from the link's counts."""
    count, size = len(sizes), sum(sizes)
    GuestLink.objects.filter(id=link_id).update(files=F("files") - count, bytes=F("bytes") - size)


def fail_if_empty(link_id: int, item: BatchItem, code: str) -> None:
    """Fail `item` with `code` if none of its bytes are stored, so that it no longer counts towards the limits.

    The cleanup of partial files would never fail such an item, because it skips empty files.
    """
    try:
        if partial_size(item.id):
            return
    except OSError:  # it is unknown whether anything is stored, so the file still counts
        return
    with transaction.atomic():
        if reject_item(item.id, code, default_message(code)):
            release(link_id, [item.size])
