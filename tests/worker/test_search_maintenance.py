"""After the model changes, new vectors are computed once, and the old ones are then deleted."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.engine import cancel
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from batches.worker.search_maintenance import start_updates
from tests.support.batches import make_upload
from tests.support.users import make_user
from uploads.models import Embedding, Upload
from uploads.search.replaced_vectors import remove_replaced_vectors

pytestmark = pytest.mark.django_db
OLD, NEW = "before", "after"


@pytest.fixture
def anna(db: None) -> User:
    """A user whose two pictures have vectors of the old model."""
    anna = make_user("anna")
    for number in (1, 2):
        embed(make_upload(anna, number), OLD)
    Upload.objects.update(processed_at=timezone.now())
    return anna


def embed(upload: Upload, model: str) -> None:
    Embedding.objects.create(upload=upload, owner_id=upload.owner_id, model=model, vector=[1, 0, 0])


def models_of(user: User) -> list[str]:
    return sorted(Embedding.objects.filter(owner=user).values_list("model", flat=True))


def test_change_of_the_model_starts_one_update(anna: User) -> None:
    embed(make_upload(make_user("ben"), 3), NEW)

    [batch_id] = start_updates(NEW)

    batch = UploadBatch.objects.get(id=batch_id)
    assert (batch.owner, batch.model, batch.total) == (anna, NEW, 2)
    assert start_updates(NEW) == []


def test_cancelled_update_is_not_started_again(anna: User) -> None:
    [batch_id] = start_updates(NEW)
    cancel.cancel_batch(batch_id)

    assert start_updates(NEW) == []


def test_picture_of_an_old_worker_gets_a_vector_after_the_update(anna: User) -> None:
    begun = timezone.now() - timedelta(hours=1)
    [first, second] = anna.uploads.all()
    [batch_id] = start_updates(NEW)
    embed(first, NEW)
    UploadBatch.objects.filter(id=batch_id).update(
        status=BatchStatus.COMPLETED, successful=1, failed=1, created_at=begun, completed_at=timezone.now()
    )
    Upload.objects.filter(id=second.id).update(processed_at=begun - timedelta(hours=1))
    assert start_updates(NEW) == []  # the update could not process the second picture

    late = make_upload(anna, 3)
    embed(late, OLD)
    Upload.objects.filter(id=late.id).update(processed_at=timezone.now())

    [batch_id] = start_updates(NEW)
    assert set(UploadBatch.objects.get(id=batch_id).items.values_list("upload", flat=True)) == {second.id, late.id}


def test_old_vectors_are_deleted_once_all_pictures_have_new_ones(anna: User) -> None:
    first, second = anna.uploads.order_by("id")
    ben = make_user("ben")
    embed(make_upload(ben, 3), OLD)
    embed(first, NEW)
    assert remove_replaced_vectors(NEW) == 0

    embed(second, NEW)

    assert remove_replaced_vectors(NEW) == 2
    assert models_of(anna) == [NEW, NEW]
    assert models_of(ben) == [OLD]


def test_vector_written_after_the_check_is_kept(anna: User) -> None:
    for upload in anna.uploads.all():
        embed(upload, NEW)
    late = make_upload(anna, 3)

    def write_before_the_deletion(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("DELETE") and not late.embeddings.exists():
            embed(late, OLD)
        return execute(sql, *arguments)

    with connection.execute_wrapper(write_before_the_deletion):
        remove_replaced_vectors(NEW)

    assert models_of(anna) == sorted([NEW, NEW, OLD])
