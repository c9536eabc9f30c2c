"""German pages mark English text as English for screen readers, and show stages and numbers in German."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.engine import claim
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus, Stage
from tests.support.batches import make_batch
from tests.support.failures import fail_stored
from tests.support.fake_workers import fake_worker
from tests.support.html import compact
from uploads.models import Upload

pytestmark = pytest.mark.django_db
DESCRIPTION = "A dog on a beach."
MARKED = f'lang="en">{DESCRIPTION}'


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def batch(page: Client) -> UploadBatch:
    """A batch with one completed file, whose picture has a description, a label and previews."""
    batch = make_batch(User.objects.get(), 1)
    now = timezone.now()
    batch.items.update(
        status=ItemStatus.COMPLETED,
        result="new",
        queue_position=None,
        started_at=now - timedelta(seconds=2.5),
        finished_at=now,
    )
    UploadBatch.objects.update(successful=1)
    facts = {
        "description": DESCRIPTION,
        "labels": [{"name": "dog", "score": 0.9}],
        "previews": {"320": "x", "1024": "y"},
    }
    Upload.objects.update(processed_at=now, **facts)
    return batch


def german(page: Client, name: str, *args: int, **query: object) -> str:
    response = page.get(reverse(name, args=args, query=query), headers={"Accept-Language": "de"})
    assert response.status_code == 200
    return compact(response.content.decode())


def test_description_and_labels_are_marked_in_the_library(page: Client, batch: UploadBatch) -> None:
    upload = Upload.objects.get()

    detail = german(page, "upload-detail", upload.id)

    assert f'<p class="lead" {MARKED}</p>' in detail
    assert '<a lang="en" href="/search/?q=dog">dog</a>' in detail
    for html in (detail, german(page, "upload-list")):
        assert f'alt="{DESCRIPTION}" lang="en"' in html


def test_description_is_marked_on_batch_pages(page: Client, batch: UploadBatch) -> None:
    item = batch.items.get()

    assert f'<p class="desc small muted" {MARKED}</p>' in german(page, "batch-detail", batch.id)
    assert f'alt="{DESCRIPTION}" lang="en"' in german(page, "item-detail", batch.id, item.id)


def test_size_of_a_pending_file_is_german(page: Client, batch: UploadBatch) -> None:
    waiting = make_batch(User.objects.get(), 1, "Norway")

    assert '<p class="desc small muted">1000' in german(page, "batch-detail", waiting.id)


def test_description_and_labels_are_marked_in_the_admin(page: Client, batch: UploadBatch) -> None:
    assert f"<span {MARKED}</span>" in german(page, "admin:uploads_upload_changelist")
    detail = german(page, "admin:uploads_upload_change", Upload.objects.get().id)

    assert f"<span {MARKED}</span>" in detail
    assert '<span lang="en">dog 90%</span>' in detail


def test_reason_of_a_failure_is_marked_in_the_admin(page: Client, batch: UploadBatch) -> None:
    item = fail_stored(make_batch(User.objects.get(), 1), message=DESCRIPTION)

    listed = german(page, "admin:batches_batchitem_changelist")

    assert f'<td class="field-message"><span {MARKED}</span></td>' in listed
    assert "Fehlermeldung" in listed
    assert f"<span {MARKED}</span>" in german(page, "admin:batches_batchitem_change", item.id)


def test_stall_reason_of_a_worker_is_marked_in_the_admin(page: Client) -> None:
    with fake_worker("storage.full", DESCRIPTION) as worker:
        assert f"<span {MARKED}</span>" in german(page, "admin:batches_worker_changelist")
        assert f"<span {MARKED}</span>" in german(page, "admin:batches_worker_change", worker.id)


def test_stage_is_german_on_the_engine_page(page: Client) -> None:
    batch = make_batch(User.objects.get(), 1)
    with fake_worker() as worker:
        assert claim.claim_item(batch.id, worker.id)
        BatchItem.objects.update(stage=Stage.DESCRIBING)

        html = german(page, "admin:batches_engine")

    assert "<td>Wird beschrieben</td>" in html


def test_duration_uses_the_german_format(page: Client, batch: UploadBatch) -> None:
    assert "Dauer: 2,5 s" in german(page, "item-detail", batch.id, batch.items.get().id)
