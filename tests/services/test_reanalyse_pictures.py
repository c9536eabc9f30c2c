"""Re-analysis of selected pictures: which of them are queued, and when it is refused."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from batches import services
from batches.engine.refusals import ReanalysisRunning, Refused
from batches.models import UploadBatch
from batches.models.states import BatchKind
from batches.services import owner_scope
from tests.support.batches import make_upload
from tests.support.users import make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner")


def test_own_processed_pictures_outside_the_trash_are_described_again(owner: User) -> None:
    chosen, trashed, unprocessed, other = (make_upload(owner, number) for number in range(4))
    others = make_upload(make_user("ben"), 1)
    Upload.objects.exclude(id=unprocessed.id).update(processed_at=timezone.now())
    Upload.objects.filter(id=trashed.id).update(trashed_at=timezone.now())
    ids = [upload.id for upload in (chosen, trashed, unprocessed, others)]

    batch = UploadBatch.objects.get(id=services.reanalyse_pictures(owner_scope(owner), ids))

    assert (batch.kind, batch.total, batch.owner) == (BatchKind.REANALYSIS, 1, owner)
    assert batch.items.get().upload == chosen
    with pytest.raises(ReanalysisRunning):
        services.reanalyse_pictures(owner_scope(owner), [other.id])


def test_reanalysis_of_a_selection_keeps_no_picture_of_a_deleted_import(owner: User) -> None:
    upload = make_upload(owner, 1)
    Upload.objects.update(processed_at=timezone.now())
    services.reanalyse_pictures(owner_scope(owner), [upload.id])

    assert services.delete_pictures(owner_scope(owner), [upload.id]) == 1


def test_selection_without_a_picture_to_describe_is_refused(owner: User) -> None:
    with pytest.raises(Refused, match=r"library\.nothing_to_describe"):
        services.reanalyse_pictures(owner_scope(owner), [make_upload(owner, 1).id])
