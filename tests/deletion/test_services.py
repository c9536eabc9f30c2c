"""Who may delete a batch or a picture, and what the confirmation page counts."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser, User

from batches import services
from batches.engine import lifecycle, reanalyse
from batches.engine.refusals import Refused
from batches.models import UploadBatch
from batches.services import deletion
from tests.deletion.stored_files import add, finish_all
from tests.support.batches import make_batch
from tests.support.users import make_staff, make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner")


@pytest.mark.parametrize("who", ["other user", "staff without the permission"])
def test_other_users_batch_is_not_found(owner: User, who: str) -> None:
    batch = make_batch(owner, 1)
    user = make_user("ben") if who == "other user" else make_staff("viewer", "change_uploadbatch")

    with pytest.raises(services.NotFound):
        services.delete_batch(services.operator_scope(user), batch.id)

    assert UploadBatch.objects.get(id=batch.id).deleting_since is None


def test_operator_deletes_any_batch(owner: User) -> None:
    batch = make_batch(owner, 1)

    operator = make_staff("operator", "delete_uploadbatch", "delete_upload")

    with pytest.raises(services.NotFound):
        services.delete_batch(services.owner_scope(operator), batch.id)

    assert services.delete_batch(services.operator_scope(operator), batch.id)


@pytest.mark.parametrize("permission", ["delete_uploadbatch", "delete_upload"])
def test_deleting_a_batch_requires_both_permissions(owner: User, permission: str) -> None:
    batch = make_batch(owner, 1)

    with pytest.raises(services.NotFound):
        services.delete_batch(services.operator_scope(make_staff("operator", permission)), batch.id)


def test_extent_counts_deleted_and_shared_pictures(owner: User) -> None:
    batch, other = make_batch(owner, 4), make_batch(owner, 1, "Garden")
    finish_all(batch)
    lifecycle.seal_batch(batch.id)
    first = batch.items.order_by("id")[0].upload
    assert first is not None
    add(other, first)
    reanalyse.reanalyse_batch(batch.id)
    batch.refresh_from_db()

    assert services.deletion_extent(batch) == deletion.DeletionExtent(files=4, pictures=3, shared=1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_user("ben"),
        AnonymousUser,
        lambda: make_staff("viewer", "view_upload", "delete_uploadbatch"),
    ],
)
def test_other_users_pictures_are_not_deleted(owner: User, make: Callable[[], User]) -> None:
    make_batch(owner, 1)
    upload = Upload.objects.get()

    assert services.delete_pictures(services.operator_scope(make()), [upload.id]) == 0

    assert Upload.objects.exists()


def test_operator_deletes_any_picture(owner: User) -> None:
    make_batch(owner, 1)
    upload = Upload.objects.get()

    operator = make_staff("operator", "delete_upload")

    assert services.delete_pictures(services.owner_scope(operator), [upload.id]) == 0
    assert services.delete_pictures(services.operator_scope(operator), [upload.id]) == 1


def test_too_many_pictures_are_refused(owner: User) -> None:
    with pytest.raises(Refused) as refused:
        services.delete_pictures(services.owner_scope(owner), range(services.MAX_PICTURES + 1))

    assert refused.value.code == "picture.too_many"
    assert "2,000" in refused.value.message
