"""Many rows at once for the benches; the counters are set with them, as the engine would have."""

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.bells import ring_now, total_threads
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus

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
