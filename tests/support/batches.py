"""Create batches through the engine, and check their counters."""

import hashlib
from collections import Counter, defaultdict
from copy import copy

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count

from batches.engine import incoming, incoming_sql, lifecycle, scheduler
from batches.messaging import live_events, wake_ups
from batches.models import BatchItem, UploadBatch
from batches.models.states import RESULT_COUNTERS, ItemResult, ItemStatus
from uploads.models import MediaKind, Upload


def digest(*parts: object) -> str:
    """Return 64 hex digits that depend only on `parts`."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def next_batch_id() -> int | None:
    """Schedule the next batch; return its id, or None if no batch has work."""
    time_slice = scheduler.next_batch()
    return None if time_slice is None else time_slice.batch_id


def make_upload(owner: User, number: int) -> Upload:
    """Create an upload row without a file."""
    upload = _new_upload(owner, number)
    upload.save()
    return upload


def _new_upload(owner: User, number: int) -> Upload:
    return Upload(
        owner=owner,
        sha256=digest(owner.id, number),
        filename=f"IMG_{number:04}.JPG",
        size=1000 + number,
        mime_type="image/jpeg",
        kind=MediaKind.IMAGE,
    )


def make_batch(owner: User, files: int, name: str = "Iceland") -> UploadBatch:
    """Create a batch with `files` pending files. If there are any, the batch is in the state `processing`.

    The engine adds the first file. The others are copies, because adding a file through the engine takes 10 ms.
    """
    batch = lifecycle.open_batch(owner.id, name)
    with transaction.atomic():  # a running worker must not claim the first item before it is copied
        if files:
            item, _ = incoming.register_item(batch.id, _new_file(batch, 0))
            incoming.queue_item(item.id, make_upload(owner, batch.id * 1_000_000).id)
        if files > 1:
            item.refresh_from_db()
            _add_copies(batch, item, owner, files)
    batch.refresh_from_db()
    return batch


def _new_file(batch: UploadBatch, number: int) -> incoming.NewFile:
    filename = f"IMG_{number:04}.JPG"
    return incoming.NewFile(filename, f"{batch.name}/{filename}", digest(batch.id, number), 1000)


def _add_copies(batch: UploadBatch, first: BatchItem, owner: User, files: int) -> None:
    """Add files 1 to `files` - 1 as copies of the first row, and notify workers and pages."""
    numbers = range(1, files)
    uploads = Upload.objects.bulk_create([_new_upload(owner, batch.id * 1_000_000 + number) for number in numbers])
    items = []
    for number, upload in zip(numbers, uploads, strict=True):
        item, file = copy(first), _new_file(batch, number)
        item.pk, item._state.adding, item.upload, item.sha256 = None, True, upload, upload.sha256
        item.filename, item.relative_path, item.fingerprint = file.filename, file.relative_path, file.fingerprint
        item.name_key = incoming_sql.item_keys(file.filename, file.relative_path)["name_key"]
        item.queue_position = first.id + number
        items.append(item)
    BatchItem.objects.bulk_create(items)
    UploadBatch.objects.filter(id=batch.id).update(total=files)
    live_events.notify_batch_changed(batch.id)
    wake_ups.notify_workers(files - 1)


def assert_counters_match(batch: UploadBatch) -> None:
    """Refresh the batch and check that its counters match its item rows."""
    batch.refresh_from_db()
    rows = batch.items.values_list("status", "result").annotate(Count("id")).order_by()
    _assert_counters(batch, [(status, result, count) for status, result, count in rows])


def assert_all_counters_match(owner: User) -> None:
    """Check the counters of all batches of `owner`, including those being deleted, with two queries."""
    rows = BatchItem.objects.filter(batch__owner=owner).values_list("batch", "status", "result").annotate(Count("id"))
    of_batch: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for batch_id, status, result, count in rows.order_by():
        of_batch[batch_id].append((status, result, count))
    for batch in UploadBatch.all_objects.filter(owner=owner):
        _assert_counters(batch, of_batch[batch.id])


def _assert_counters(batch: UploadBatch, rows: list[tuple[str, str, int]]) -> None:
    counts, results = Counter[str](), Counter[str]()
    for status, result, count in rows:
        counts[status] += count
        results[result] += count
    assert batch.found == counts.total()
    assert batch.successful == counts[ItemStatus.COMPLETED]
    assert batch.failed == counts[ItemStatus.FAILED]
    assert batch.cancelled == counts[ItemStatus.CANCELLED]
    assert batch.missing == counts[ItemStatus.MISSING]
    assert batch.ignored == counts[ItemStatus.IGNORED]
    counters = {ItemResult.NEW: batch.new, **{key: getattr(batch, name) for key, name in RESULT_COUNTERS.items()}}
    assert {key: count for key, count in counters.items() if count} == {key: results[key] for key in results if key}
