"""What is here of an unfinished batch, so that the same folder, chosen again, sends only what is missing."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from batches.intake.partial_paths import partial_size
from batches.intake.unavailable import unavailable_reason
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES
from batches.models.states import BatchKind, BatchStatus, ItemStatus

PAGE_ITEMS = 2000
NEWEST = 50
_GIVEN_UP = Q(status=ItemStatus.FAILED, upload__isnull=True, error_code__in=RESENDABLE_CODES)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A batch that still misses files: so many of `whole` are here."""

    batch: UploadBatch
    here: int
    whole: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One announced file. `offset` counts the bytes that are here; `state` is `here`, `missing` or `refused`."""

    fingerprint: str
    size: int
    offset: int
    state: str


def unfinished(owner_id: int, fingerprints: Collection[str], most: int = 3) -> list[Unfinished]:
    """Return the owner's unfinished imports that hold any of these files, best match first.

    Unfinished is a batch that waits for files, that ended with fewer than were announced, or in which a file was given
    up. Only the newest 50 are looked at; each is asked by the index of its fingerprints.
    """
    newest = _candidates(owner_id).order_by("-id")[:NEWEST]
    batches = {batch.id: batch for batch in newest}
    found = BatchItem.objects.filter(batch_id__in=list(batches), fingerprint__in=fingerprints)
    matches = found.values_list("batch_id").annotate(count=Count("id")).order_by("-count", "-batch_id")[:most]
    return [describe(batches[batch_id]) for batch_id, _count in matches]


def describe(batch: UploadBatch) -> Unfinished:
    """Count what is here of a batch."""
    missing = batch.items.filter(Q(status=ItemStatus.RECEIVING) | _GIVEN_UP).count()
    return Unfinished(batch, batch.total - missing, max(batch.total, batch.expected_items or 0))


def open_for_files(owner_id: int) -> QuerySet[UploadBatch]:
    """Return the owner's batches into which files may still be sent."""
    return UploadBatch.objects.filter(owner_id=owner_id, kind=BatchKind.IMPORT).exclude(status=BatchStatus.CANCELLED)


def read_page(batch_id: int, after: int) -> tuple[list[Entry], int | None]:
    """Return up to 2,000 entries after an item's id, in the order of their announcement, and where to go on."""
    wanted = BatchItem.objects.filter(batch_id=batch_id, id__gt=after).order_by("id")
    rows = list(wanted.only("fingerprint", "size", "status", "upload_id", "error_code")[:PAGE_ITEMS])
    return [_entry(item) for item in rows], rows[-1].id if len(rows) == PAGE_ITEMS else None


def _candidates(owner_id: int) -> QuerySet[UploadBatch]:
    given_up = BatchItem.objects.filter(_GIVEN_UP, batch_id=OuterRef("id"))
    return open_for_files(owner_id).filter(
        Q(sealed_at=None) | Q(expected_items__gt=F("total")) | (Q(failed__gt=0) & Exists(given_up))
    )


def _entry(item: BatchItem) -> Entry:
    if item.status == ItemStatus.RECEIVING:
        return Entry(item.fingerprint, item.size, min(partial_size(item.id), item.size), "missing")
    if unavailable_reason(item):
        return Entry(item.fingerprint, item.size, 0, "missing")  # sent once more it is refused, with the reason
    if item.status == ItemStatus.FAILED and item.upload_id is None:
        if item.error_code in RESENDABLE_CODES:
            return Entry(item.fingerprint, item.size, partial_size(item.id), "missing")
        return Entry(item.fingerprint, item.size, 0, "refused")
    return Entry(item.fingerprint, item.size, item.size, "here")
