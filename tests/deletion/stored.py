"""Pictures with real files in storage, and what lies there."""

from datetime import timedelta
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F

from batches.engine import claim, finish, incoming
from batches.models import BatchItem, UploadBatch
from tests.support.batches import digest
from uploads.models import Embedding, FileDeletion, Upload
from uploads.storage import original_name, save_previews


def store(upload: Upload) -> Upload:
    """Put an original and previews into storage for a row that has none, and a vector beside it."""
    default_storage.save(original_name(upload.key), ContentFile(b"original"))
    upload.previews = save_previews(upload.key, {320: b"small", 1024: b"large"})
    Upload.objects.filter(id=upload.id).update(previews=upload.previews)
    Embedding.objects.create(upload=upload, model="test", vector=[1.0, 0.0])
    return upload


def stored_names() -> set[str]:
    """The names of all originals and previews, and of anything else beside them."""
    root = Path(default_storage.path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def finish_all(batch: UploadBatch) -> None:
    """Work off what waits, without a pipeline."""
    while taken := claim.claim_item(batch.id, 4711):
        assert finish.complete_item(taken)


def age_tombstones() -> None:
    """Let the files of deleted pictures be due now."""
    FileDeletion.objects.update(due_at=F("due_at") - timedelta(days=1))


def add(batch: UploadBatch, upload: Upload) -> BatchItem:
    """One more file of the batch, with the bytes of a picture that is there."""
    file = incoming.NewFile("again.jpg", "again.jpg", digest(batch.id, "again", upload.id), upload.size)
    item, _ = incoming.register_item(batch.id, file)
    assert incoming.complete_duplicate(item.id, upload.id)
    return item
