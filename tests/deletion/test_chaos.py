"""A large deletion completes and leaves nothing behind even if real workers are killed during it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches import services
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus
from tests.conftest import StartWorker
from tests.deletion.stored_files import stored_names
from tests.support.batches import assert_counters_match, digest
from tests.support.waiting import wait_until
from tests.support.worker_processes import Workers
from uploads.models import Embedding, FileDeletion, Upload
from uploads.storage import original_name, preview_name

pytestmark = pytest.mark.django_db(transaction=True)
FILES, SHARED = 2_000, 200


def write(media: Path, name: str) -> None:
    path = media / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def make_pictures(owner: User, media: Path) -> list[Upload]:
    """Create processed pictures, each with an original, a preview and an embedding."""
    made = [
        Upload(owner=owner, sha256=digest(number), filename="a.jpg", size=1, mime_type="image/jpeg", kind="image")
        for number in range(FILES)
    ]
    for upload in made:
        upload.previews = {"320": preview_name(upload.key, 320)}
        upload.processed_at = timezone.now()
        write(media, original_name(upload.key))
        write(media, upload.previews["320"])
    uploads = Upload.objects.bulk_create(made)
    Embedding.objects.bulk_create(
        Embedding(upload=upload, owner_id=upload.owner_id, model="test", vector=[1.0]) for upload in uploads
    )
    return uploads


def make_large_batch(owner: User, name: str, uploads: list[Upload], pending: int = 0) -> UploadBatch:
    """Create a running batch, whose last `pending` files are pending and all others completed."""
    done, total = len(uploads) - pending, len(uploads)
    now = timezone.now()
    batch = UploadBatch.objects.create(
        owner=owner, name=name, status=BatchStatus.PROCESSING, total=total, successful=done, started_at=now
    )
    BatchItem.objects.bulk_create(
        BatchItem(
            batch=batch, upload=upload, filename="a.jpg", fingerprint=digest(name, number), size=1, finished_at=now,
            status="completed" if number < done else "pending", result="new" if number < done else "",
            queue_position=None if number < done else number + 1,
        )
        for number, upload in enumerate(uploads)
    )  # fmt: skip
    return batch


def test_workers_killed_during_a_deletion_leave_nothing_behind(
    owner: User, media: Path, start_worker: StartWorker
) -> None:
    uploads = make_pictures(owner, media)
    other = make_large_batch(owner, "Garden", uploads[:SHARED])
    batch = make_large_batch(owner, "Iceland", uploads, pending=500)
    env = {"VUEMANTICS_MEDIA": str(media), "TEST_PROCESSOR": "tests.support.processors.slow"}
    env |= {"VUEMANTICS_GRACE_SECONDS": "0", "VUEMANTICS_RECONCILE_SECONDS": "0.2"}

    def kill_when(condition: Callable[[], bool]) -> None:
        workers: Workers = start_worker(processes=1, threads=2, env=env)
        wait_until(condition, 120, interval=0.001)
        workers.kill_all()
        connection.close()

    assert services.delete_batch(services.owner_scope(owner), batch.id)
    kill_when(lambda: FileDeletion.objects.exists())
    assert BatchItem.objects.filter(batch=batch).count() < FILES
    kill_when(lambda: not all((media / original_name(upload.key)).exists() for upload in uploads[SHARED::50]))
    assert stored_names() > kept_names(uploads)

    start_worker(processes=2, threads=2, env=env)
    FileDeletion.objects.update(due_at=timezone.now())  # a killed worker's claims delay some deletions by a minute
    wait_until(
        lambda: not UploadBatch.all_objects.filter(id=batch.id).exists() and not FileDeletion.objects.exists(), 180
    )

    assert set(Upload.objects.values_list("id", flat=True)) == {upload.id for upload in uploads[:SHARED]}
    assert stored_names() == kept_names(uploads)
    assert Embedding.objects.count() == SHARED
    assert not BatchItem.objects.filter(batch_id=batch.id).exists()
    assert_counters_match(other)
    assert (other.successful, other.items.filter(upload=None).count()) == (SHARED, 0)


def kept_names(uploads: list[Upload]) -> set[str]:
    """Return the names of the files that the other batch still needs."""
    kept = uploads[:SHARED]
    return {original_name(upload.key) for upload in kept} | {upload.previews["320"] for upload in kept}
