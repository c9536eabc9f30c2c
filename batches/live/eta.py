"""Estimate how long a running batch will take, based on its throughput and the other batches that share the workers.

All inputs come from the database, so every process returns the same estimate, even one that has just started.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.db.models.lookups import IsNull
from django.utils import timezone

from batches.live.throughput import (
    MAX_SAMPLES,
    Throughput,
    duration_text,
    measure_throughput,
    throughput_text,
    time_left_text,
)
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, BatchStatus, ItemResult, ItemStatus


@dataclass(frozen=True, slots=True)
class Eta:
    """The estimate for one batch. A text is blank if its value is unknown.

    `shared` means that batches of other owners are being processed too. `after_imports` means that the batch is not an
    import, and waits for its owner's imports. A batch that reads text also waits for re-analyses.
    """

    time_left: str = ""
    throughput: str = ""
    elapsed: str = ""
    shared: bool = False
    after_imports: bool = False


def read_eta(batch: UploadBatch) -> Eta:
    """Return the estimate for a batch. Makes two queries while the batch is being processed, otherwise none."""
    if batch.status != BatchStatus.PROCESSING or not batch.remaining:
        return Eta(elapsed=_elapsed(batch))
    throughput = _read_throughput(batch)
    other_queues, shared, after_imports = _read_other_queues(batch)
    # Files that have not arrived count only until the batch is sealed.
    files_left = batch.remaining if batch.sealed_at else batch.remaining + batch.never_arrived
    time_left = time_left_text(files_left, throughput, other_queues)
    return Eta(time_left, throughput_text(throughput), _elapsed(batch), shared, after_imports)


def _elapsed(batch: UploadBatch) -> str:
    if batch.started_at is None:
        return ""
    return duration_text(((batch.completed_at or timezone.now()) - batch.started_at).total_seconds())


def _read_throughput(batch: UploadBatch) -> Throughput | None:
    times = sorted((when for when, unprocessed in last_finishes(batch.id) if when and not unprocessed), reverse=True)
    return measure_throughput(times[:MAX_SAMPLES], timezone.now())


def last_finishes(batch_id: int) -> QuerySet[BatchItem, tuple[datetime | None, bool]]:
    """Return (`finished_at`, `unprocessed`) for each of the batch's most recently finished files.

    `unprocessed` is true for a file that completed or failed without being processed.
    """
    # Files are claimed in id order, so those with the highest ids finish last. Neither duplicates nor files that fail
    # while being received are processed; a file that fails in this way has no upload.
    items = BatchItem.objects.filter(batch_id=batch_id).order_by("-id")
    completed = items.filter(status=ItemStatus.COMPLETED).annotate(unprocessed=~Q(result=ItemResult.NEW))
    failed = items.filter(status=ItemStatus.FAILED).annotate(unprocessed=IsNull(F("upload_id"), True))
    last_completed, last_failed = (
        queryset.values_list("finished_at", "unprocessed")[:MAX_SAMPLES] for queryset in (completed, failed)
    )
    return last_completed.union(last_failed, all=True)


def _read_other_queues(batch: UploadBatch) -> tuple[list[int], bool, bool]:
    """Return the lengths of the queues that take turns with `batch`, then the values of `shared` and `after_imports`.

    The scheduler goes round robin over owners, then over each owner's batches. So each other owner counts as one queue,
    and so does each other batch of the same owner and kind.
    """
    running = UploadBatch.objects.filter(status=BatchStatus.PROCESSING).exclude(id=batch.id)
    of_other_owners: dict[int, int] = defaultdict(int)
    of_same_owner: list[int] = []
    after_imports = False
    for other in running:
        if not other.remaining or (other.kind == BatchKind.TEXT and batch.kind != BatchKind.TEXT):
            continue
        if other.owner_id != batch.owner_id:
            of_other_owners[other.owner_id] += other.remaining
        elif batch.kind == other.kind:
            of_same_owner.append(other.remaining)
        elif other.kind == BatchKind.IMPORT or batch.kind == BatchKind.TEXT:
            after_imports = True
    return [*of_other_owners.values(), *of_same_owner], bool(of_other_owners), after_imports
