"""A file that was received but is no longer stored is refused when it is sent to the same batch again."""

import hashlib
import io

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from batches import services
from batches.engine import claim, lifecycle
from batches.intake.file_name import FileName
from batches.intake.manifest import read_page
from batches.intake.preflight import HashedFile, register_unsent
from batches.intake.receive import receive_file
from batches.models import BatchItem, UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import delete_files, is_stored

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")
NAME = FileName("a.jpg", len(JPEG), "", "1000")


def lose(batch: UploadBatch, ada: User, how: str) -> str:
    """Make the batch's only file unavailable in the way given by `how`; return the expected error code."""
    upload = Upload.objects.get()
    if how == "missing":
        delete_files(upload.key, {})
        BatchItem.objects.update(
            status="failed", error_code="file.missing", finished_at=timezone.now(), queue_position=None
        )
        UploadBatch.objects.update(failed=1)
        return "file.missing"
    if how == "in progress":
        assert claim.claim_item(batch.id, 4711)
    if how == "described":
        BatchItem.objects.update(status="completed", result="new", finished_at=timezone.now(), queue_position=None)
        UploadBatch.objects.update(successful=1)
    assert services.delete_pictures(services.owner_scope(ada), [upload.id]) == 1
    return "item.deleted"


@pytest.mark.parametrize("how", ["missing", "waiting", "in progress", "described"])
def test_lost_bytes_are_refused_in_the_same_batch_and_accepted_by_a_new_one(
    tus: TusClient, batch: UploadBatch, ada: User, how: str
) -> None:
    tus.send(batch.id, "a.jpg", JPEG)
    code = lose(batch, ada, how)

    answer = tus.create(batch.id, "a.jpg", len(JPEG))
    outcome = receive_file(batch, NAME, io.BytesIO(JPEG))
    [entry], _next = read_page(batch.id, 0)

    assert (answer.status, answer.text.partition(":")[0]) == (422, code)
    assert "Start a new import" in answer.text
    assert (outcome.state, outcome.code) == ("refused", code)
    assert (entry.state, entry.offset) == ("missing", 0)
    assert_counters_match(batch)
    again = lifecycle.open_batch(ada.id, "Again")
    assert tus.send(again.id, "a.jpg", JPEG).status == 204
    assert is_stored(Upload.objects.get().key)


def test_deleted_picture_is_refused_even_if_the_owner_has_another_copy(
    tus: TusClient, batch: UploadBatch, ada: User
) -> None:
    tus.send(batch.id, "a.jpg", JPEG)
    lose(batch, ada, "described")
    tus.send(lifecycle.open_batch(ada.id, "Again").id, "a.jpg", JPEG)

    [outcome] = register_unsent(batch, [HashedFile(NAME, hashlib.sha256(JPEG).hexdigest())])

    assert outcome is not None
    assert (outcome.state, outcome.code) == ("refused", "item.deleted")
