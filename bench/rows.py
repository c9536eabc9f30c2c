"""Many rows at once for the benches; the counters are set with them, as the engine would have."""

import shutil
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.bells import ring_now, total_threads
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus
from uploads.models import Upload
from uploads.storage import store_original

CHUNK = 5_000


def fill(files: int, owner: str = "bench") -> int:
    """Make a paused, sealed batch with so many waiting files and return its id."""
    user, _ = User.objects.get_or_create(username=owner)
    batch = UploadBatch.objects.create(
        owner=user, name=f"{files} files", status=BatchStatus.PAUSED, total=files, sealed_at=timezone.now()
    )
    for start in range(0, files, CHUNK):
        BatchItem.objects.bulk_create(
            BatchItem(
                batch=batch,
                filename=f"IMG_{number}.JPG",
                fingerprint=f"{number:064}",
                size=1,
                status=ItemStatus.PENDING,
                queue_position=number + 1,
            )
            for number in range(start, min(start + CHUNK, files))
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE batches_batchitem")
    return batch.id


def start(batch_id: int) -> None:
    """Let the workers at it."""
    UploadBatch.objects.filter(id=batch_id).update(status=BatchStatus.PROCESSING)
    ring_now(total_threads())


def is_completed(batch_id: int) -> bool:
    """Tell whether the batch is at its end."""
    return UploadBatch.objects.filter(id=batch_id, status=BatchStatus.COMPLETED).exists()


def store(files: list[Path]) -> int:
    """Make a paused, sealed batch of stored copies of these files and return its id."""
    user, _ = User.objects.get_or_create(username="bench")
    batch = UploadBatch.objects.create(
        owner=user, name="files", status=BatchStatus.PAUSED, total=len(files), sealed_at=timezone.now()
    )
    for number, path in enumerate(files, 1):
        upload = Upload.objects.create(
            owner=user,
            sha256=uuid4().hex * 2,
            filename=path.name,
            size=path.stat().st_size,
            mime_type="image/jpeg",
            kind="image",
        )
        part = settings.PARTS_ROOT / upload.key.hex
        part.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, part)
        store_original(part, upload.key)
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
