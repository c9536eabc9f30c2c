"""Count guests' files towards the limits of their link."""

from collections.abc import Sequence

from django.db.models import F

from batches.engine.refusals import Refused
from batches.models import GuestLink
from batches.models.guest_link import open_guest_links


def check(link: GuestLink, size: int) -> None:
    """Raise Refused (`guest.limit`) if a file would exceed the limits. Unlike `reserve`, this uses the link as read."""
    if link.files >= link.max_files or link.bytes + size > link.max_bytes:
        raise Refused("guest.limit")


def reserve(link_id: int, sizes: Sequence[int]) -> None:
    """Count files before they are received, so that concurrent requests cannot together exceed the limits.

    Raises Refused (`guest.limit`).
    """
    count, size = len(sizes), sum(sizes)
    room = GuestLink.objects.filter(open_guest_links(), id=link_id, files__lte=F("max_files") - count)
    if not room.filter(bytes__lte=F("max_bytes") - size).update(files=F("files") + count, bytes=F("bytes") + size):
        raise Refused("guest.limit")


def release(link_id: int, sizes: Sequence[int]) -> None:
    """Reduce the link's counts by files that were counted but not received."""
    count, size = len(sizes), sum(sizes)
    GuestLink.objects.filter(id=link_id).update(files=F("files") - count, bytes=F("bytes") - size)
