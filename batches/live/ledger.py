"""The ledger of a finished import, which accounts for every file that was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from django.db.models import Count, QuerySet

from batches.failures.batch_failures import BatchFailures
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import error_text
from batches.models.states import BatchKind, ItemStatus

BAR_WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason why files were rejected or left out, and the number of these files."""

    count: int
    title: str


@dataclass(frozen=True, slots=True)
class BarPart:
    """One part of the bar that represents all files. `start` and `width` are in thousandths of the bar."""

    name: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the ledger shows in addition to the batch's counters. The most frequent reasons come first."""

    found: int
    refused: tuple[Reason, ...]
    ignored: tuple[Reason, ...]
    bar: tuple[BarPart, ...]


def read_ledger(batch: UploadBatch, failures: BatchFailures) -> Ledger | None:
    """Return the ledger of an import with no work left, otherwise None. Makes one query if files were left out."""
    if batch.kind != BatchKind.IMPORT or batch.is_active or batch.remaining or not batch.found:
        return None
    ignored = dict(count_ignored(batch.id)) if batch.ignored else {}
    return Ledger(batch.found, _reasons(failures.counts), _reasons(ignored), _bar(batch))


def count_ignored(batch_id: int) -> QuerySet[BatchItem, tuple[str, int]]:
    """Return (error code, number of files) for each reason why files were left out. Reads only an index."""
    ignored = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.IGNORED)
    return ignored.order_by("error_code").values_list("error_code").annotate(files=Count("*"))


def _reasons(counts: Mapping[str, int]) -> tuple[Reason, ...]:
    ordered = sorted(counts.items(), key=lambda reason: (-reason[1], reason[0]))
    return tuple(Reason(count, error_text(code).title) for code, count in ordered)


def _bar(batch: UploadBatch) -> tuple[BarPart, ...]:
    counts = {
        "new": batch.new,
        "duplicates": batch.duplicates,
        "sidecars": batch.sidecars + batch.archives,
        "refused": batch.failed,
        "ignored": batch.ignored + batch.cancelled + batch.missing,
    }
    ends = [total * BAR_WIDTH // batch.found for total in accumulate(counts.values())]
    starts = [0, *ends]
    return tuple(
        BarPart(name, start, end - start) for name, start, end in zip(counts, starts, ends, strict=False) if end > start
    )
