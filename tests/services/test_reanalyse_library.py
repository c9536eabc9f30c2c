"""Which pictures a re-analysis of a whole library queues, who may start it, and how: button, admin and command."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches import services
from batches.engine import cancel
from batches.engine.refusals import Refused
from batches.models import UploadBatch
from batches.models.states import BatchKind
from batches.services import operator_scope, owner_scope
from tests.support.batches import assert_counters_match, make_upload
from tests.support.users import make_staff, make_user
from uploads.models import Embedding, MediaKind, Upload
from uploads.search.encoders import site_model

pytestmark = pytest.mark.django_db
VECTOR = [1.0, 0.0, 0.0]


@pytest.fixture
def owner(db: None) -> User:
    """A user with, in this order: a current vector, a vector from another model, an unprocessed picture, an archive."""
    owner = make_user("owner")
    for number in range(1, 5):
        make_upload(owner, number)
    first, second, _unprocessed, archive = owner.uploads.order_by("id")
    Upload.objects.filter(id__in=[first.id, second.id, archive.id]).update(processed_at=timezone.now())
    Upload.objects.filter(id=archive.id).update(kind=MediaKind.ARCHIVE)
    Embedding.objects.create(upload=first, owner=owner, model=site_model() or "", vector=VECTOR)
    Embedding.objects.create(upload=second, owner=owner, model="before", vector=VECTOR)
    return owner


def queued(batch_id: int) -> list[int | None]:
    batch = UploadBatch.objects.get(id=batch_id)
    assert (batch.kind, batch.name, batch.model, batch.source) == (BatchKind.REANALYSIS, "Library", site_model(), None)
    assert_counters_match(batch)
    return list(batch.items.order_by("queue_position").values_list("upload_id", flat=True))


def test_library_reanalysis_queues_processed_pictures(owner: User) -> None:
    first, second = owner.uploads.order_by("id")[:2]

    assert queued(services.reanalyse_library(owner_scope(owner), owner.pk)) == [first.id, second.id]


def test_library_reanalysis_can_skip_pictures_with_a_current_vector(owner: User) -> None:
    second = owner.uploads.order_by("id")[1]

    assert queued(services.reanalyse_library(owner_scope(owner), owner.pk, only_missing=True)) == [second.id]


def test_library_reanalysis_is_refused_while_one_is_live(owner: User) -> None:
    batch_id = services.reanalyse_library(owner_scope(owner), owner.pk)
    with pytest.raises(Refused) as refusal:
        services.reanalyse_library(owner_scope(owner), owner.pk)
    assert refusal.value.code == "batch.reanalysis_running"

    cancel.cancel_batch(batch_id)

    assert services.reanalyse_library(owner_scope(owner), owner.pk)


def test_empty_library_is_not_reanalysed(db: None) -> None:
    user = make_user("new")
    with pytest.raises(Refused) as refusal:
        services.reanalyse_library(owner_scope(user), user.pk)

    assert refusal.value.code == "library.nothing_to_describe"
    assert not UploadBatch.objects.exists()


@pytest.mark.parametrize("scope", [owner_scope, operator_scope])
def test_other_users_library_is_not_found(scope: Callable[[User], services.Scope], owner: User) -> None:
    with pytest.raises(services.NotFound):
        services.reanalyse_library(scope(make_user("other")), owner.pk)


def test_confirmation_says_how_many_pictures_are_described_again(owner: User, client: Client) -> None:
    client.force_login(owner)
    assert reverse("library-reanalyse") in client.get(reverse("upload-list")).content.decode()

    page = client.get(reverse("library-reanalyse")).content.decode()

    assert "Describe all 2 pictures again?" in page
    assert not UploadBatch.objects.filter(owner=owner).exists()


def test_confirmed_reanalysis_leads_to_the_batch(owner: User, client: Client) -> None:
    client.force_login(owner)

    response = client.post(reverse("library-reanalyse"))

    batch = UploadBatch.objects.get(owner=owner)
    assert response.headers["Location"] == reverse("batch-detail", args=[batch.id])
    assert client.post(reverse("library-reanalyse")).headers["Location"] == reverse("upload-list")


def test_operator_reanalyses_a_users_library(owner: User, client: Client) -> None:
    client.force_login(make_staff("operator", "change_uploadbatch", "view_user"))

    client.post(
        reverse("admin:auth_user_changelist"), {"action": "reanalyse_library", "_selected_action": [str(owner.pk)]}
    )

    assert UploadBatch.objects.get().owner == owner


def test_command_reanalyses_libraries(owner: User) -> None:
    make_user("empty")
    output = StringIO()

    call_command("reanalyze", "--only-missing", stdout=output)

    batch = UploadBatch.objects.get()
    assert output.getvalue() == f"owner: started import {batch.id}.\nempty: There are no pictures to describe again.\n"
    assert batch.total == 1
    with pytest.raises(CommandError, match="nobody"):
        call_command("reanalyze", "--owner", "nobody")
