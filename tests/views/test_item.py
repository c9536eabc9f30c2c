"""The page of one file in a batch: its attempts and its error."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from batches import services
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus, Stage
from tests.support.batches import make_batch
from tests.support.html import compact


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 2)


@pytest.fixture
def item(batch: UploadBatch) -> BatchItem:
    item = batch.items.order_by("id").first()
    assert item is not None
    return item


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def address(item: BatchItem) -> str:
    return f"/batches/{item.batch_id}/files/{item.id}/"


def change(item: BatchItem, **fields: object) -> None:
    BatchItem.objects.filter(id=item.id).update(**fields)


def text(page: Client, item: BatchItem) -> str:
    return compact(page.get(address(item)).content.decode())


def test_failed_file_shows_attempts_crashes_and_reason_and_offers_a_retry(page: Client, item: BatchItem) -> None:
    now = timezone.now()
    change(
        item,
        status=ItemStatus.FAILED,
        queue_position=None,
        started_at=now,
        finished_at=now,
        attempts=3,
        crash_count=1,
        error_code="item.internal",
        error_message="It broke.",
    )

    html = text(page, item)

    assert "An internal error occurred while processing this file." in html
    assert "<code>item.internal</code>" in html
    assert "3 times, last" in html
    assert "once, because the worker stopped" in html
    assert f'name="item" value="{item.id}"' in html


def test_file_in_progress_shows_its_stage_and_refreshes(page: Client, item: BatchItem) -> None:
    change(
        item,
        status=ItemStatus.PROCESSING,
        stage=Stage.DESCRIBING,
        queue_position=None,
        claim=uuid.uuid4(),
        worker=1,
        attempts=1,
        started_at=timezone.now(),
    )

    html = text(page, item)

    assert "Describing · step 3 of 6" in html
    assert 'hx-trigger="every 3s"' in html
    assert '<meta http-equiv="refresh"' in html


def test_described_file_links_to_its_picture_and_does_not_refresh(page: Client, item: BatchItem) -> None:
    change(item, status=ItemStatus.COMPLETED, result="new", queue_position=None, finished_at=timezone.now())

    html = text(page, item)

    assert f'href="/library/{item.upload_id}/?in=import:{item.batch_id}"' in html
    assert "hx-trigger" not in html.partition("<main")[2]


def test_refused_file_offers_no_retry(page: Client, item: BatchItem) -> None:
    change(item, status=ItemStatus.FAILED, queue_position=None, finished_at=timezone.now(), upload=None)

    html = text(page, item)

    assert "Repair it and upload it again." in html
    assert "Try again" not in html


def test_htmx_gets_the_file_alone(page: Client, item: BatchItem) -> None:
    answer = page.get(address(item), headers={"HX-Request": "true"})

    assert compact(answer.content.decode()).startswith('<div id="item"')


def test_file_page_is_for_its_owner_and_under_its_batch_only(client: Client, other: User, item: BatchItem) -> None:
    client.force_login(other)
    strangers = make_batch(other, 1)

    assert client.get(address(item)).status_code == 404
    assert client.get(f"/batches/{strangers.id}/files/{item.id}/").status_code == 404


def test_file_page_of_a_deleted_batch_is_not_found(page: Client, owner: User, item: BatchItem) -> None:
    services.delete_batch(services.owner_scope(owner), item.batch_id)

    assert page.get(address(item)).status_code == 404
