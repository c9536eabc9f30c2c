"""What is to be expected of a running batch: its pace, and whose files take turns with its own.

It is read from the rows, so the first look at a page knows as much as the last, whichever process answers.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet
from django.db.models.lookups import IsNull
from django.utils import timezone

from batches.live.throughput import (
    LATEST,
    Throughput,
    duration_text,
    measure_throughput,
    throughput_text,
    time_left_text,
)
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, BatchStatus, ItemStatus


@dataclass(frozen=True, slots=True)
class Eta:
    """All in words, blank where nothing is known. `behind_own`: it waits until the owner's imports are done."""

    time_left: str = ""
    throughput: str = ""
    elapsed: str = ""
    shared: bool = False
    behind_own: bool = False


def read_eta(batch: UploadBatch) -> Eta:
    """Look at the files that finished last and at the running batches: two queries, none unless the batch runs."""
    if batch.status != BatchStatus.PROCESSING or not batch.remaining:
        return Eta(elapsed=_elapsed(batch))
    pace = _pace(batch)
    others, shared, behind_own = _queues_beside(batch)
    missing = batch.expected_total - batch.processed - batch.cancelled
    return Eta(time_left_text(missing, pace, others), throughput_text(pace), _elapsed(batch), shared, behind_own)


def _elapsed(batch: UploadBatch) -> str:
    if batch.started_at is None:
        return ""
    return duration_text(((batch.completed_at or timezone.now()) - batch.started_at).total_seconds())


def _pace(batch: UploadBatch) -> Throughput | None:
    times = sorted((when for when, idle in latest_ends(batch.id) if when and not idle), reverse=True)
    return measure_throughput(times[:LATEST], timezone.now())


def latest_ends(batch_id: int) -> QuerySet[BatchItem, tuple[datetime | None, bool]]:
    """Return when the last files of a batch ended, described and failed ones, and whether that took no work."""
    # The queue goes by ids, so the last of an index of ended files are those that ended last. A picture that was in the
    # library before took no work, nor did a file that was refused on its way, so that there is no upload.
    items = BatchItem.objects.filter(batch_id=batch_id).order_by("-id")
    described = items.filter(status=ItemStatus.COMPLETED).annotate(idle=F("duplicate"))
    failed = items.filter(status=ItemStatus.FAILED).annotate(idle=IsNull(F("upload_id"), True))
    described_ends, failed_ends = (each.values_list("finished_at", "idle")[:LATEST] for each in (described, failed))
    return described_ends.union(failed_ends, all=True)


def _queues_beside(batch: UploadBatch) -> tuple[list[int], bool, bool]:
    """Return the files left in each queue that takes turns with this batch, whether others' are among them, and
    whether imports of its own owner come before it. Turns go round owners, then round an owner's batches."""
    running = UploadBatch.objects.filter(status=BatchStatus.PROCESSING).exclude(id=batch.id)
    of_others: dict[int, int] = defaultdict(int)
    own: list[int] = []
    behind_own = False
    for other in running:
        if not other.remaining:
            continue
        if other.owner_id != batch.owner_id:
            of_others[other.owner_id] += other.remaining
        elif batch.kind == BatchKind.REANALYSIS and other.kind == BatchKind.IMPORT:
            behind_own = True
        elif batch.kind == other.kind:
            own.append(other.remaining)
    return [*of_others.values(), *own], bool(of_others), behind_own
