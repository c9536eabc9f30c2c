"""Create batches through the engine, and check their counters."""

import hashlib

from django.contrib.auth.models import User
from django.db.models import Count

from batches.engine import incoming, lifecycle, scheduler
from batches.models import UploadBatch
from batches.models.states import RESULT_COUNTERS, ItemResult, ItemStatus
from uploads.models import MediaKind, Upload


def digest(*parts: object) -> str:
    """Return 64 hex digits that depend only on `parts`."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def next_batch_id() -> int | None:
    """Give a batch the next time slice and return its id."""
    time_slice = scheduler.next_batch()
    return None if time_slice is None else time_slice.batch_id


def make_upload(owner: User, number: int) -> Upload:
    """Create an upload row without a file."""
    return Upload.objects.create(
        owner=owner,
        sha256=digest(owner.id, number),
        filename=f"IMG_{number:04}.JPG",
        size=1000 + number,
        mime_type="image/jpeg",
        kind=MediaKind.IMAGE,
    )


def make_batch(owner: User, files: int, name: str = "Iceland") -> UploadBatch:
    """Create a batch in the state processing with `files` pending files."""
    batch = lifecycle.open_batch(owner.id, name)
    for number in range(files):
        file = incoming.NewFile(f"IMG_{number:04}.JPG", f"{name}/IMG_{number:04}.JPG", digest(batch.id, number), 1000)
        item, _ = incoming.register_item(batch.id, file)
        incoming.queue_item(item.id, make_upload(owner, batch.id * 1_000_000 + number).id)
    batch.refresh_from_db()
    return batch


def assert_counters_match(batch: UploadBatch) -> None:
    """Check that the batch's counters match its item rows."""
    batch.refresh_from_db()
    counts = dict(batch.items.values_list("status").annotate(Count("id")).order_by())
    assert batch.found == sum(counts.values())
    assert batch.successful == counts.get(ItemStatus.COMPLETED, 0)
    assert batch.failed == counts.get(ItemStatus.FAILED, 0)
    assert batch.cancelled == counts.get(ItemStatus.CANCELLED, 0)
    assert batch.missing == counts.get(ItemStatus.MISSING, 0)
    assert batch.ignored == counts.get(ItemStatus.IGNORED, 0)
    results = dict(batch.items.exclude(result="").values_list("result").annotate(Count("id")).order_by())
    counters = {ItemResult.NEW: batch.new, **{key: getattr(batch, name) for key, name in RESULT_COUNTERS.items()}}
    assert {key: count for key, count in counters.items() if count} == results
