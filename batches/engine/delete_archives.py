"""Delete stored archives that no item needs any more."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from batches.models import ArchiveEntry, BatchItem
from batches.models.error_codes import PERMANENT_CODES
from batches.models.states import ItemStatus
from uploads.models import MediaKind, Upload
from uploads.storage.file_deletion import delete_uploads, lock_uploads

CHUNK = 20
LIVE = [ItemStatus.PENDING, ItemStatus.PROCESSING]
# A failed archive is kept while its owner can retry it.
NEEDED = Q(status__in=LIVE) | (Q(status=ItemStatus.FAILED) & ~Q(error_code__in=PERMANENT_CODES))


def delete_unneeded_archives() -> int:
    """Delete up to CHUNK archives that no item needs any more; return how many were deleted. Their items are kept."""
    ids = list(unneeded_archives().order_by("id").values_list("id", flat=True)[:CHUNK])
    return sum(_delete(upload_id) for upload_id in ids)


def unneeded_archives() -> QuerySet[Upload]:
    """Return the archives that are not needed by a live item or a retryable failure."""
    entries = ArchiveEntry.objects.filter(archive=OuterRef("pk"), item__status__in=LIVE)
    items = BatchItem.objects.filter(NEEDED, upload=OuterRef("pk"))
    return Upload.objects.filter(~Exists(entries), ~Exists(items), kind=MediaKind.ARCHIVE)


def _delete(upload_id: int) -> int:
    with transaction.atomic():
        items = BatchItem.objects.filter(upload_id=upload_id)
        list(items.select_for_update(of=("self",)).order_by("id").values_list("id"))
        locked = lock_uploads([upload_id])
        if not unneeded_archives().filter(id__in=locked).exists():
            return 0  # another item now needs the archive
        forget_entries(locked)
        items.update(upload=None)
        return delete_uploads(locked)


def forget_entries(archives: list[int]) -> None:
    """Delete the entries of `archives` (upload ids). The caller deletes the archives in the same transaction."""
    ArchiveEntry.objects.filter(archive_id__in=archives).delete()
