"""Deleting in the admin asks for confirmation and is logged. tests/access covers who may delete."""

from typing import Any

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from batches import services
from batches.models import UploadBatch
from batches.services import selection
from tests.support.batches import make_batch
from tests.support.users import make_staff, make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db
LISTS = {
    "delete_batches": "admin:batches_uploadbatch_changelist",
    "delete_pictures": "admin:uploads_upload_changelist",
}


@pytest.fixture
def owner(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def operator(client: Client) -> Client:
    """A client signed in as staff who may delete batches and pictures."""
    names = ("view_uploadbatch", "delete_uploadbatch", "view_upload", "delete_upload")
    client.force_login(make_staff("operator", *names))
    return client


def run(client: Client, action: str, *pks: int, **more: str) -> Any:
    chosen = {"action": action, "_selected_action": list(map(str, pks)), "index": "0", **more}
    return client.post(reverse(LISTS[action]), chosen)


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def history() -> list[tuple[int, str, str]]:
    return list(LogEntry.objects.order_by("id").values_list("action_flag", "object_repr", "user__username"))


def test_deletion_of_batches_asks_first(operator: Client, owner: User) -> None:
    batch, other = make_batch(owner, 3), make_batch(owner, 1, "Garden")

    html = run(operator, "delete_batches", batch.id, other.id).content.decode()

    assert "2 batches will be deleted." in html
    assert "Number of files: 4." in html
    assert "<li>Iceland (ada)</li>" in html
    assert UploadBatch.objects.count() == 2


def test_confirmed_deletion_of_batches_is_logged(operator: Client, owner: User) -> None:
    batch = make_batch(owner, 3)

    response = run(operator, "delete_batches", batch.id, confirmed="yes")

    assert not UploadBatch.objects.exists()
    assert messages_of(response) == ["1 batch is being deleted with its files."]
    assert history() == [(DELETION, "Iceland", "operator")]
    assert "Being deleted" in operator.get(reverse(LISTS["delete_batches"])).content.decode()


def test_deletion_of_a_deleted_batch_has_nothing_to_do(operator: Client, owner: User) -> None:
    batch = make_batch(owner, 1)
    services.delete_batch(services.owner_scope(owner), batch.id)

    response = run(operator, "delete_batches", batch.id, confirmed="yes")

    assert messages_of(response) == ["Nothing to do for Iceland."]


def test_deletion_of_pictures_asks_first(operator: Client, owner: User) -> None:
    make_batch(owner, 2)
    make_batch(make_user("ben"), 1)
    ids = list(Upload.objects.values_list("id", flat=True))

    html = run(operator, "delete_pictures", *ids).content.decode()

    assert "3 pictures will be deleted with their originals" in html
    assert "Owned by 2 users." in html
    assert Upload.objects.count() == 3


def test_confirmed_deletion_of_pictures_is_logged(operator: Client, owner: User) -> None:
    make_batch(owner, 2)
    first = Upload.objects.order_by("id")[0]

    response = run(operator, "delete_pictures", first.id, confirmed="yes")

    assert Upload.objects.count() == 1
    assert messages_of(response) == ["1 picture was deleted."]
    assert history() == [(DELETION, first.filename, "operator")]


def test_deletion_of_too_many_pictures_is_refused_and_not_logged(
    operator: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MAX_PICTURES", 1)
    make_batch(owner, 2)
    first = Upload.objects.order_by("id")[0]

    response = run(operator, "delete_pictures", first.id, confirmed="yes", select_across="1")

    assert messages_of(response) == ["Select up to 1 pictures at a time."]
    assert (Upload.objects.count(), history()) == (2, [])


@pytest.mark.parametrize("name", ["batches_uploadbatch", "uploads_upload"])
def test_builtin_deletion_is_off(operator: Client, owner: User, name: str) -> None:
    batch = make_batch(owner, 1)
    pk = batch.id if name == "batches_uploadbatch" else Upload.objects.get().id

    assert operator.post(reverse(f"admin:{name}_delete", args=[pk]), {"post": "yes"}).status_code == 403
    assert 'value="delete_selected"' not in operator.get(reverse(f"admin:{name}_changelist")).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_user_with_pictures_is_not_deleted(client: Client, owner: User, method: str) -> None:
    make_batch(owner, 2)
    client.force_login(User.objects.create_superuser("root"))

    answer = getattr(client, method)(reverse("admin:auth_user_delete", args=[owner.pk]), {"post": "yes"})

    assert answer.status_code == 200
    assert "ada has 2 pictures and 1 batches. Delete these first" in answer.content.decode()
    assert User.objects.filter(pk=owner.pk).exists()


def test_users_of_whom_one_has_pictures_are_not_deleted(client: Client, owner: User) -> None:
    make_batch(owner, 1)
    ben = make_user("ben")
    client.force_login(User.objects.create_superuser("root"))
    chosen = {"action": "delete_selected", "_selected_action": [owner.pk, ben.pk], "post": "yes"}

    answer = client.post(reverse("admin:auth_user_changelist"), chosen)

    assert "ada has 1 pictures" in answer.content.decode()
    assert User.objects.filter(pk=ben.pk).exists()


def test_user_without_pictures_is_deleted(client: Client) -> None:
    ben = make_user("ben")
    client.force_login(User.objects.create_superuser("root"))

    client.post(reverse("admin:auth_user_delete", args=[ben.pk]), {"post": "yes"})

    assert not User.objects.filter(pk=ben.pk).exists()
