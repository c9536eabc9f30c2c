"""Originals in a bucket are verified and repaired like those on a disk."""

import io

import pytest
from django.contrib.auth.models import User

from batches.engine.lifecycle import open_batch
from batches.intake.file_name import FileName
from batches.intake.receive import receive_file
from tests.support.bucket_server import Bucket
from tests.support.images import encoded, textured
from tests.verification.library import flip_byte, store
from uploads.errors import EnvironmentalError
from uploads.models import DamagedFile, Upload
from uploads.storage import delete_files, original_name, read_file
from uploads.verification.schedule import verify_due

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


def test_flipped_byte_is_found_and_repaired(bucket: Bucket, owner: User) -> None:
    upload = store(owner, JPEG)
    flip_byte(upload, JPEG)
    assert [check.reason for check in verify_due(2**30)] == ["original.changed"]

    receive_file(open_batch(owner.pk, "Again"), FileName("a.jpg", len(JPEG)), io.BytesIO(JPEG))

    assert read_file(original_name(upload.key)) == JPEG
    assert not DamagedFile.objects.exists()


def test_missing_object_is_found(bucket: Bucket, owner: User) -> None:
    delete_files(store(owner, JPEG).key, {})

    assert [check.reason for check in verify_due(2**30)] == ["original.missing"]


def test_unreachable_bucket_does_not_count_as_damage(bucket: Bucket, owner: User) -> None:
    store(owner, JPEG)
    bucket.server.stop()

    with pytest.raises(EnvironmentalError):
        list(verify_due(2**30))

    assert Upload.objects.get().verified_at is None
    assert not DamagedFile.objects.exists()
