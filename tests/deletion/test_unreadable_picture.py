"""After an unreadable picture is deleted, the same bytes are refused in its old batch and accepted in a new one."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage

from batches import services
from batches.engine import claim, lifecycle
from batches.engine.runner import run_job
from batches.models import UploadBatch
from tests.deletion.stored_files import make_deletions_due
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import is_stored, original_name
from uploads.storage.file_deletion import purge_deleted_files

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = encoded(textured(64, 48), "JPEG")


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return lifecycle.open_batch(owner.id, "Iceland")


@pytest.fixture
def tus(owner: User, batch: UploadBatch) -> TusClient:
    """The owner's client, after one file failed as unreadable and its picture was deleted."""
    tus = TusClient(owner)
    assert tus.send(batch.id, "a.jpg", PICTURE).status == 204
    stored = Path(default_storage.path(original_name(Upload.objects.get().key)))
    stored.unlink()
    stored.mkdir()  # a folder in place of the file makes only this file unreadable, not the whole storage
    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None
    run_job(claimed)
    assert batch.items.get().error_code == "file.unreadable"
    stored.rmdir()
    assert services.delete_pictures(services.owner_scope(owner), [Upload.objects.get().id]) == 1
    return tus


def test_deleted_picture_is_not_received_into_the_same_row(tus: TusClient, batch: UploadBatch) -> None:
    answer = tus.create_with(batch.id, "a.jpg", len(PICTURE), PICTURE)

    assert (answer.status, answer.text.partition(":")[0]) == (422, "item.deleted")
    item = batch.items.get()
    assert (item.status, item.error_code) == ("failed", "item.gone")
    assert_counters_match(batch)


def test_same_bytes_in_a_new_batch_survive_the_purge(tus: TusClient, owner: User) -> None:
    again = lifecycle.open_batch(owner.id, "Once more")
    assert tus.create_with(again.id, "a.jpg", len(PICTURE), PICTURE).status == 201
    make_deletions_due()

    assert purge_deleted_files() == 1

    assert is_stored(Upload.objects.get().key)
