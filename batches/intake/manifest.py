"""List the files of an unfinished batch, so that choosing the same folder again sends only the remaining files."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from batches.intake.discard import expects_bytes
from batches.intake.outcome import unavailable_reason
from batches.intake.partial_paths import partial_size
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES
from batches.models.scope import Scope
from batches.models.states import BatchKind, BatchStatus, ItemStatus

PAGE_ITEMS = 2000
NEWEST_BATCHES = 50
_RESENDABLE = Q(status=ItemStatus.FAILED, upload__isnull=True, error_code__in=RESENDABLE_CODES)


@dataclass(frozen=True, slots=True)
class UnfinishedBatch:
    """An unfinished batch (see `find_unfinished`); `received` of its `expected` files have arrived."""

    batch: UploadBatch
    received: int
    expected: int


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A registered file. `offset` is where the upload resumes; `state` is `received`, `missing` or `refused`."""

    fingerprint: str
    size: int
    offset: int
    state: str


def find_unfinished(scope: Scope, fingerprints: Collection[str], limit: int = 3) -> list[UnfinishedBatch]:
    """Return up to `limit` of the user's unfinished imports with files that match `fingerprints`, best match first.

    A batch is unfinished if it is not sealed, lacks announced files, or has a failed file that may be sent again. Only
    the user's NEWEST_BATCHES newest unfinished batches are searched.
    """
    newest = _candidates(scope).order_by("-id")[:NEWEST_BATCHES]
    batches = {batch.id: batch for batch in newest}
    found = BatchItem.objects.filter(batch_id__in=list(batches), fingerprint__in=fingerprints)
    matches = found.values_list("batch_id").annotate(count=Count("id")).order_by("-count", "-batch_id")[:limit]
    return [_count_received(batches[batch_id]) for batch_id, _count in matches]


def open_for_files(scope: Scope) -> QuerySet[UploadBatch]:
    """Return the user's batches to which files may still be sent."""
    return scope.batches().filter(kind=BatchKind.IMPORT).exclude(status=BatchStatus.CANCELLED)


def read_page(batch_id: int, after: int) -> tuple[list[ManifestEntry], int | None]:
    """Return up to PAGE_ITEMS entries with ids above `after`, in id order, and the next `after` (None at the end)."""
    items = BatchItem.objects.filter(batch_id=batch_id, id__gt=after).order_by("id")
    page = list(items.only("fingerprint", "size", "status", "upload_id", "error_code", "finished_at")[:PAGE_ITEMS])
    return [_entry(item) for item in page], page[-1].id if len(page) == PAGE_ITEMS else None


def _candidates(scope: Scope) -> QuerySet[UploadBatch]:
    resendable = BatchItem.objects.filter(_RESENDABLE, batch_id=OuterRef("id"))
    return open_for_files(scope).filter(
        Q(sealed_at=None) | Q(missing__gt=0) | Q(expected_items__gt=F("total")) | (Q(failed__gt=0) & Exists(resendable))
    )


def _count_received(batch: UploadBatch) -> UnfinishedBatch:
    incomplete = batch.items.filter(Q(status=ItemStatus.RECEIVING) | _RESENDABLE).count()
    return UnfinishedBatch(batch, batch.total - batch.missing - incomplete, batch.expected_total)


def _entry(item: BatchItem) -> ManifestEntry:
    if item.status in {ItemStatus.MISSING, ItemStatus.RECEIVING}:
        received = min(partial_size(item.id), item.size) if expects_bytes(item) else 0
        return ManifestEntry(item.fingerprint, item.size, received, "missing")
    if unavailable_reason(item):
        return ManifestEntry(item.fingerprint, item.size, 0, "missing")  # the client sends it again and gets the reason
    is_refused = item.status == ItemStatus.FAILED and item.upload_id is None
    if is_refused and item.error_code in RESENDABLE_CODES:
        return ManifestEntry(item.fingerprint, item.size, partial_size(item.id), "missing")
    if is_refused or item.status == ItemStatus.IGNORED:
        return ManifestEntry(item.fingerprint, item.size, 0, "refused")
    return ManifestEntry(item.fingerprint, item.size, item.size, "received")
