"""The pages that confirm a deletion, and the deletion itself. tests/access covers who may delete."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.deletion.stored_files import finish_all
from tests.support.batches import make_batch
from tests.support.html import compact
from tests.support.users import make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner")


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """A completed batch of three processed pictures."""
    batch = make_batch(owner, 3)
    finish_all(batch)
    lifecycle.seal_batch(batch.id)
    Upload.objects.update(processed_at=timezone.now())
    return batch


@pytest.fixture
def page(client: Client, owner: User, batch: UploadBatch) -> Client:
    client.force_login(owner)
    return client


def ids(batch: UploadBatch) -> list[int]:
    return [number for number in batch.items.order_by("id").values_list("upload_id", flat=True) if number]


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return compact(answer.content.decode())


def test_batch_page_links_to_a_confirmation_with_counts(page: Client, batch: UploadBatch) -> None:
    url = reverse("batch-delete", args=[batch.id])
    assert f'href="{url}"' in text(page, reverse("batch-detail", args=[batch.id]))

    html = text(page, url)

    assert "Delete “Iceland”?" in html
    assert "This import has 3 files." in html
    assert "<b>3</b>pictures will be deleted" in html
    assert UploadBatch.objects.filter(id=batch.id).exists()


def test_confirmed_deletion_redirects_to_a_list_without_the_batch(page: Client, batch: UploadBatch) -> None:
    answer = page.post(reverse("batch-delete", args=[batch.id]), follow=True)

    assert answer.redirect_chain == [(reverse("batch-list"), 302)]
    html = answer.content.decode()
    assert "Import deleted. Removing its files may take a while." in html
    assert "Iceland" not in html
    assert page.get(reverse("batch-detail", args=[batch.id])).status_code == 404
    assert page.get(reverse("batch-delete", args=[batch.id])).status_code == 404
    assert page.post(reverse("batch-pause", args=[batch.id])).status_code == 404
    assert page.post(reverse("batch-seal", args=[batch.id])).status_code == 404


def test_picture_page_omits_a_batch_that_is_being_deleted(page: Client, owner: User, batch: UploadBatch) -> None:
    upload = ids(batch)[0]
    assert "Iceland" in text(page, reverse("upload-detail", args=[upload]))

    page.post(reverse("batch-delete", args=[batch.id]))

    assert "Iceland" not in text(page, reverse("upload-detail", args=[upload]))


def test_deletion_from_another_site_is_refused(owner: User, batch: UploadBatch) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    assert client.post(reverse("batch-delete", args=[batch.id])).status_code == 403
    assert client.post(reverse("upload-trash"), {"picture": ids(batch)}).status_code == 403


def test_deletion_page_of_a_reanalysis_says_that_pictures_stay(page: Client, batch: UploadBatch) -> None:
    page.post(reverse("batch-reanalyse", args=[batch.id]))
    again = batch.reanalyses.get()

    html = text(page, reverse("batch-delete", args=[again.id]))

    assert "Only this record is deleted. The pictures and their descriptions" in html
