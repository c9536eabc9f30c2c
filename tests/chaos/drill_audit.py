"""Checks for the end of a fault drill."""

import hashlib
from collections.abc import Sequence
from io import BytesIO, StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from PIL import Image

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.chaos.chaos_batches import assert_consistent
from tests.deletion.stored_files import purge_all, stored_names
from tests.support.waiting import wait_until
from uploads.media import PREVIEW_SIZES
from uploads.models import Upload
from uploads.storage import original_name, read_file


def assert_exact(batches: Sequence[UploadBatch]) -> None:
    """Check the rows and the stored files of all batches.

    Counters match the item rows, and each item that a worker completed has exactly one recorded finish. The original of
    each picture matches its row's SHA-256, and the picture of each completed item has its previews. After all due
    deletions, no other files and no partial files are left.
    """
    for batch in batches:
        assert_consistent(batch)
    for upload in Upload.objects.all():
        assert hashlib.sha256(read_file(original_name(upload.key))).hexdigest() == upload.sha256
    done = BatchItem.objects.filter(batch__in=batches, status=ItemStatus.COMPLETED, upload__isnull=False)
    for item in done.select_related("upload"):
        assert_previewed(item.upload)
    assert_no_orphans()


def assert_sent_photos_completed(batch: UploadBatch, photos: Sequence[Path]) -> None:
    """Check that the batch consists of exactly the files in `photos`, and that each is completed and stored."""
    batch.refresh_from_db()
    assert (batch.total, batch.successful) == (len(photos), len(photos))
    assert set(batch.items.values_list("filename", flat=True)) == {path.name for path in photos}
    sent = {hashlib.sha256(path.read_bytes()).hexdigest() for path in photos}
    assert set(batch.items.values_list("upload__sha256", flat=True)) == sent


def assert_previewed(upload: Upload | None) -> None:
    """Check that the picture is processed and that all its previews exist and can be decoded."""
    assert upload is not None
    assert upload.processed_at is not None
    assert set(upload.previews) == {str(side) for side in PREVIEW_SIZES}
    for name in upload.previews.values():
        with Image.open(BytesIO(read_file(name))) as preview:
            preview.load()


def assert_no_orphans() -> None:
    """Run all file deletions, and check that exactly the files of existing pictures and no partial files are left."""

    def is_clean() -> bool:
        purge_all()
        uploads = list(Upload.objects.values_list("key", "previews"))
        previews = {name for _, names in uploads for name in names.values()}
        return stored_names() == {original_name(key) for key, _ in uploads} | previews

    wait_until(is_clean)
    assert list(settings.PARTIAL_ROOT.iterdir()) == []
    out = StringIO()
    call_command("remove_orphaned_files", "--dry-run", stdout=out)
    assert out.getvalue().startswith("0 files")
