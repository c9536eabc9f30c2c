"""The owner's buttons on a batch's page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus
from tests.people import make_person
from tests.rows import fill


@pytest.fixture
def anna(transactional_db: None) -> User:
    return make_person("anna")


@pytest.fixture
def page(client: Client, anna: User) -> Client:
    client.force_login(anna)
    return client


def fail_one(batch: UploadBatch) -> BatchItem:
    item = batch.items.order_by("-id")[0]
    BatchItem.objects.filter(id=item.id).update(
        status=ItemStatus.FAILED,
        queue_position=None,
        finished_at=timezone.now(),
        error_code="image.truncated",
        error_message="The picture is incomplete.",
    )
    UploadBatch.objects.filter(id=batch.id).update(failed=1)
    return item


def detail(batch: UploadBatch) -> str:
    return reverse("batch-detail", args=[batch.id])


@pytest.mark.parametrize(
    ("button", "status"),
    [("batch-pause", BatchStatus.PAUSED), ("batch-cancel", BatchStatus.CANCELLED)],
)
def test_button_does_what_it_says_and_leads_back(page: Client, anna: User, button: str, status: BatchStatus) -> None:
    batch = fill(anna, 2)

    answer = page.post(reverse(button, args=[batch.id]), follow=True)

    assert answer.redirect_chain == [(detail(batch), 302)]
    batch.refresh_from_db()
    assert batch.status == status
    assert 'class="notice success"' in answer.content.decode()


def test_resume_goes_on(page: Client, anna: User) -> None:
    batch = fill(anna, 2)
    page.post(reverse("batch-pause", args=[batch.id]))

    page.post(reverse("batch-resume", args=[batch.id]))

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING


def test_no_more_files_seals(page: Client, anna: User) -> None:
    batch = fill(anna, 2)

    page.post(reverse("batch-no-more", args=[batch.id]))

    batch.refresh_from_db()
    assert batch.sealed_at is not None


@pytest.mark.parametrize("one", [True, False])
def test_try_again_queues_failed_files(page: Client, anna: User, one: bool) -> None:
    batch = fill(anna, 2)
    item = fail_one(batch)

    answer = page.post(reverse("batch-retry", args=[batch.id]), {"item": item.id} if one else {}, follow=True)

    item.refresh_from_db()
    assert item.status == ItemStatus.PENDING
    assert "1 file is tried again." in answer.content.decode()


def test_refusal_is_said_in_words(page: Client, anna: User) -> None:
    batch = fill(anna, 1)
    page.post(reverse("batch-cancel", args=[batch.id]))

    answer = page.post(reverse("batch-pause", args=[batch.id]), follow=True)

    assert "This batch was cancelled" in answer.content.decode()
