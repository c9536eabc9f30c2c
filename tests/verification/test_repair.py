"""A damaged original is repaired when its owner uploads or imports the same bytes again."""

import errno
import hashlib
import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection

from batches.engine import lifecycle
from batches.intake.file_name import FileName
from batches.intake.local_files import find_existing, inspect_file, receive_local_file
from batches.intake.preflight import HashedFile, register_unsent
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from tests.support.images import encoded, textured
from tests.verification.library import flip_byte, make_unreadable, store
from uploads.models import DamagedFile, Upload
from uploads.storage import original_name, read_file
from uploads.verification.schedule import verify_due

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return lifecycle.open_batch(owner.id, "Again")


@pytest.fixture
def damaged(owner: User) -> Upload:
    """A picture with one flipped byte in storage, found by verification."""
    upload = store(owner, JPEG, "cat.jpg")
    flip_byte(upload, JPEG)
    assert [check.reason for check in verify_due(2**30)] == ["original.changed"]
    return upload


def is_repaired(upload: Upload) -> bool:
    upload.refresh_from_db()
    intact = hashlib.sha256(read_file(original_name(upload.key))).hexdigest() == upload.sha256
    return intact and not DamagedFile.objects.exists()


def test_sent_bytes_repair_the_original(damaged: Upload, batch: UploadBatch) -> None:
    outcome = receive_file(batch, FileName("cat.jpg", len(JPEG)), io.BytesIO(JPEG))

    assert outcome.state == "duplicate"
    assert batch.items.get().upload == damaged
    assert is_repaired(damaged)


def test_local_file_repairs_the_original(damaged: Upload, batch: UploadBatch, tmp_path: Path) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(JPEG)
    local = inspect_file(path, "cat.jpg")

    outcome = receive_local_file(batch, local, find_existing(batch, [local]))

    assert outcome.state == "duplicate"
    assert is_repaired(damaged)


def test_client_is_asked_for_the_bytes_of_a_damaged_original(damaged: Upload, batch: UploadBatch) -> None:
    file = HashedFile(FileName("cat.jpg", len(JPEG)), damaged.sha256)

    assert register_unsent(batch, [file]) == [None]

    assert not batch.items.exists()


def test_bytes_of_another_owner_repair_nothing(damaged: Upload, other: User) -> None:
    batch = lifecycle.open_batch(other.id, "Mine")

    receive_file(batch, FileName("cat.jpg", len(JPEG)), io.BytesIO(JPEG))

    assert DamagedFile.objects.get().upload == damaged


def test_sent_bytes_replace_an_original_that_the_disk_cannot_find(
    damaged: Upload, batch: UploadBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as disk:
        make_unreadable(damaged, errno.EIO, disk, "stat")
        receive_file(batch, FileName("cat.jpg", len(JPEG)), io.BytesIO(JPEG))

    assert is_repaired(damaged)


def test_original_stays_if_the_database_refuses_the_item(damaged: Upload, batch: UploadBatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'refused' USING ERRCODE = 'integrity_constraint_violation'; END $$; "
            "CREATE TRIGGER refuse BEFORE UPDATE ON batches_batchitem FOR EACH ROW "
            "WHEN (NEW.upload_id IS NOT NULL) EXECUTE FUNCTION refuse()"
        )
        try:
            with pytest.raises(IntegrityError):
                receive_file(batch, FileName("cat.jpg", len(JPEG)), io.BytesIO(JPEG))
        finally:
            cursor.execute("DROP TRIGGER refuse ON batches_batchitem; DROP FUNCTION refuse()")

    assert read_file(original_name(damaged.key)) == JPEG
