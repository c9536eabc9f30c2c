"""Pages report an upload as interrupted from 30 seconds after the uploader's last request until its next one."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from batches.engine import incoming, lifecycle, pause
from batches.engine.announce import announce_items
from batches.engine.missing_files import interrupted_uploads
from batches.intake.activity import record_activity
from batches.live.owner_summary import read_owner_summary
from batches.models import UploadBatch
from tests.support.batches import digest, make_batch
from tests.support.html import compact
from tests.support.live_page import Page, cookie_of

pytestmark = pytest.mark.django_db(transaction=True)
NOTICE = "Upload interrupted: 265 files missing"


def silent_for(batch: UploadBatch, seconds: float) -> None:
    """Set the time of the uploader's last request to `seconds` ago."""
    UploadBatch.objects.filter(id=batch.id).update(uploader_seen_at=timezone.now() - timedelta(seconds=seconds))
    batch.refresh_from_db()


def interruption(batch: UploadBatch) -> dict[int, int]:
    batch.refresh_from_db()
    return interrupted_uploads([batch])


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """A batch of 268 files: 3 received, 1 registered but not received, and 264 only announced."""
    batch = make_batch(owner, 3)
    files = [incoming.NewFile(f"{number}.jpg", f"{number}.jpg", digest(number), 10) for number in range(265)]
    announce_items(batch.id, files, lambda ids, total: None)
    incoming.register_item(batch.id, files[0])
    silent_for(batch, 0)
    return batch


def test_upload_is_interrupted_after_30_seconds_of_silence(batch: UploadBatch) -> None:
    silent_for(batch, 20)
    before = interruption(batch)
    silent_for(batch, 31)

    assert (before, interruption(batch)) == ({}, {batch.id: 265})


def test_request_ends_the_interruption(batch: UploadBatch) -> None:
    silent_for(batch, 31)

    record_activity(batch)

    assert interruption(batch) == {}


def test_sealed_or_complete_upload_is_not_interrupted(batch: UploadBatch, owner: User) -> None:
    complete = make_batch(owner, 2, "Garden")
    for each in (batch, complete):
        silent_for(each, 3600)
    lifecycle.seal_batch(batch.id)

    assert (interruption(batch), interruption(complete)) == ({}, {})


def test_paused_upload_is_not_interrupted(client: Client, owner: User, batch: UploadBatch) -> None:
    silent_for(batch, 31)
    pause.pause_batch(batch.id)
    client.force_login(owner)

    pages = [compact(client.get(address).content.decode()) for address in ("/batches/", f"/batches/{batch.id}/")]

    assert ["Upload interrupted" in page for page in pages] == [False, False]
    assert all('<span class="state paused">Paused</span>' in page for page in pages)


def test_activity_is_written_at_most_every_five_seconds(
    batch: UploadBatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    silent_for(batch, 6)

    with django_assert_num_queries(1):
        for _ in range(10):
            record_activity(batch)


def test_list_and_header_offer_to_continue(client: Client, owner: User, batch: UploadBatch) -> None:
    client.force_login(owner)
    running = compact(client.get("/batches/").content.decode())
    silent_for(batch, 31)

    html = compact(client.get("/batches/").content.decode())

    assert NOTICE not in running
    listed, _, summary = html.partition('id="running"')
    assert NOTICE in summary
    assert f'href="/batches/{batch.id}/"' in summary
    assert NOTICE in listed
    assert f'class="button primary" href="/batches/new/?batch={batch.id}">Continue</a>' in listed
    assert "running," not in summary


def test_summary_takes_three_queries_while_an_upload_is_interrupted(
    owner: User, batch: UploadBatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    silent_for(batch, 31)

    with django_assert_num_queries(3):
        assert read_owner_summary(owner.id).missing == 265


async def test_open_page_shows_and_removes_the_interruption(owner: User, batch: UploadBatch) -> None:
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    await page.open()
    assert NOTICE not in await page.frame()

    await sync_to_async(silent_for)(batch, 31)
    shown = await page.frame_with('id="continue-upload"')
    await sync_to_async(record_activity)(batch)
    removed = await page.frame_with('id="actions"')
    await page.close()

    assert NOTICE in "".join(page.frames)
    assert 'class="button primary"' in shown
    assert "continue-upload" not in removed
