"""Create rows with real stored files, list the stored files, and run the cleanup."""

from datetime import timedelta
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F

from batches.engine import claim, finish_item, incoming
from batches.models import BatchItem, UploadBatch
from batches.worker.cleanup import clean_up
from tests.support.batches import digest
from uploads.models import Embedding, FileDeletion, Upload
from uploads.storage import original_name, save_previews


def store(upload: Upload) -> Upload:
    """Store an original, previews and an embedding for an upload."""
    default_storage.save(original_name(upload.key), ContentFile(b"original"))
    upload.previews = save_previews(upload.key, {320: b"small", 1024: b"large"})
    Upload.objects.filter(id=upload.id).update(previews=upload.previews)
    Embedding.objects.create(upload=upload, owner_id=upload.owner_id, model="test", vector=[1.0, 0.0])
    return upload


def stored_names() -> set[str]:
    root = Path(default_storage.path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def finish_all(batch: UploadBatch) -> None:
    """Complete all pending files of a batch without running the pipeline."""
    while job := claim.claim_item(batch.id, 4711):
        assert finish_item.complete_item(job)


def make_deletions_due() -> None:
    FileDeletion.objects.update(due_at=F("due_at") - timedelta(days=1))


def add(batch: UploadBatch, upload: Upload) -> BatchItem:
    """Add a duplicate of an existing upload to a batch."""
    file = incoming.NewFile("again.jpg", "again.jpg", digest(batch.id, "again", upload.id), upload.size)
    item, _ = incoming.register_item(batch.id, file)
    assert incoming.complete_duplicate(item.id, upload.id)
    return item


def purge_all() -> None:
    """Run the cleanup twice; before the second run, make all file deletions due, so that none waits for its delay."""
    clean_up()
    make_deletions_due()
    clean_up()
