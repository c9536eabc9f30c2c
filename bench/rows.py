"""Create batches with many items for the benches, with the counters that the engine would set, and run them."""

import shutil
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.messaging.wake_ups import send_wake_ups, total_threads
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from bench.stack import wait_for
from uploads.models import MediaKind, Upload
from uploads.storage import store_original


def fill(files: int, owner: str = "bench") -> int:
    """Create a paused, sealed batch with `files` pending items, run `vacuum`, and return the batch's id."""
    batch_id = add(files, owner)
    vacuum()
    return batch_id


def add(files: int, owner: str) -> int:
    """Like `fill`, but without `vacuum`, so that a caller can create many batches and then call it once."""
    user, _ = User.objects.get_or_create(username=owner)
    batch = UploadBatch.objects.create(
        owner=user, name=f"{files} files", status=BatchStatus.PAUSED, total=files, sealed_at=timezone.now()
    )
    if files:
        first = BatchItem(
            batch=batch, filename="IMG_0.JPG", fingerprint="0" * 64, size=1, status=ItemStatus.PENDING, queue_position=1
        )
        first.save()
        _copy_item(first, files - 1)
    return batch.id


def _copy_item(item: BatchItem, copies: int) -> None:
    """Insert `copies` copies of `item` with different names, fingerprints and positions. A copy takes 10 µs."""
    changed = {"id", "filename", "fingerprint", "queue_position"}
    kept = ", ".join(str(field.column) for field in BatchItem._meta.concrete_fields if field.name not in changed)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO batches_batchitem (filename, fingerprint, queue_position, {kept})"
            f" SELECT 'IMG_' || number || '.JPG', lpad(number::text, 64, '0'), number + 1, {kept}"
            "   FROM batches_batchitem, generate_series(1, %s) number WHERE id = %s",
            [copies, item.id],
        )


def vacuum() -> None:
    """Vacuum the item table and update its statistics, like autovacuum."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE batches_batchitem")


def attach_pictures(batch_id: int) -> None:
    """Give each item its own Upload row with a description; no files are stored."""
    first = Upload.objects.create(
        owner_id=UploadBatch.objects.get(id=batch_id).owner_id,
        sha256=uuid4().hex * 2,
        filename="IMG_0.JPG",
        size=1,
        mime_type="image/jpeg",
        kind=MediaKind.IMAGE,
        previews={"320": "previews/there.jpg"},
        description="A glacier between dark mountains under a clear sky.",
        processed_at=timezone.now(),
    )
    _copy_upload(first, BatchItem.objects.filter(batch=batch_id).count() - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE batches_batchitem item SET upload_id = upload.id FROM uploads_upload upload"
            " WHERE batch_id = %s AND upload.id >= %s AND upload.filename = item.filename",
            [batch_id, first.id],
        )
        cursor.execute("VACUUM ANALYZE uploads_upload")


def _copy_upload(upload: Upload, copies: int) -> None:
    changed = {"id", "key", "sha256", "filename"}
    stored = [field for field in Upload._meta.concrete_fields if not field.generated]
    kept = ", ".join(str(field.column) for field in stored if field.name not in changed)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO uploads_upload (key, sha256, filename, {kept})"
            " SELECT gen_random_uuid(), encode(sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'hex'),"
            f"       'IMG_' || number || '.JPG', {kept}"
            "   FROM uploads_upload, generate_series(1, %s) number WHERE id = %s",
            [copies, upload.id],
        )


def start(batch_ids: list[int]) -> None:
    """Set the batches to `processing` and wake the workers."""
    UploadBatch.objects.filter(id__in=batch_ids).update(status=BatchStatus.PROCESSING, started_at=timezone.now())
    send_wake_ups(total_threads())


def pause(batch_ids: list[int]) -> None:
    """Pause the batches that are processing; leave the others unchanged."""
    UploadBatch.objects.filter(id__in=batch_ids, status=BatchStatus.PROCESSING).update(status=BatchStatus.PAUSED)


def count_completed(batch_id: int) -> int:
    """Return how many of the batch's items are completed, according to its counter."""
    return UploadBatch.objects.values_list("successful", flat=True).get(id=batch_id)


def run_to_completion(batch_id: int, limit: float = 600) -> float:
    """Start the batch and wait. Return the seconds from start to completion, according to the times in its row.

    The row is polled only every 0.25 s, so that polling uses little CPU time.
    """
    start([batch_id])
    wait_for(lambda: is_completed(batch_id), limit, every=0.25)
    batch = UploadBatch.objects.get(id=batch_id)
    if batch.completed_at is None or batch.started_at is None:
        raise SystemExit("The batch has no times.")
    return (batch.completed_at - batch.started_at).total_seconds()


def is_completed(batch_id: int) -> bool:
    """Return whether the batch is completed. Exit if an item failed, because the results would be meaningless."""
    batch = UploadBatch.objects.get(id=batch_id)
    if batch.failed:
        item = batch.items.filter(status=ItemStatus.FAILED)[0]
        raise SystemExit(f"{item.filename} failed: {item.error_code} {item.error_message}")
    return batch.status == BatchStatus.COMPLETED


def store(files: list[Path], owner: str = "bench") -> int:
    """Copy `files` into storage, create a paused, sealed batch with them, and return its id."""
    user, _ = User.objects.get_or_create(username=owner)
    batch = UploadBatch.objects.create(
        owner=user, name="files", status=BatchStatus.PAUSED, total=len(files), sealed_at=timezone.now()
    )
    for number, path in enumerate(files, 1):
        is_archive = path.suffix == ".zip"
        upload = Upload.objects.create(
            owner=user,
            sha256=uuid4().hex * 2,
            filename=path.name,
            size=path.stat().st_size,
            mime_type="application/zip" if is_archive else "image/jpeg",
            kind=MediaKind.ARCHIVE if is_archive else MediaKind.IMAGE,
        )
        _store_copy(path, upload.key)
        BatchItem.objects.create(
            batch=batch,
            upload=upload,
            filename=path.name,
            fingerprint=f"{number:064}",
            size=upload.size,
            status=ItemStatus.PENDING,
            queue_position=number,
        )
    return batch.id


def _store_copy(path: Path, key: UUID) -> None:
    copy = settings.PARTIAL_ROOT / key.hex
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, copy)
    store_original(copy, key)
    copy.unlink()
