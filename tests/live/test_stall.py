"""An open page shows the stall reason."""

from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from batches.models import UploadBatch, Worker
from tests.support.batches import make_batch
from tests.support.fake_workers import fake_worker
from tests.support.live_page import Page, cookie_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 3)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[Worker]:
    with fake_worker("storage.full", "The disk is full.") as worker:
        yield worker


@pytest.fixture
async def page(owner: User, batch: UploadBatch) -> AsyncIterator[Page]:
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    yield page
    await page.close()


async def test_stall_reason_is_shown_and_removed_without_events(worker: Worker, page: Page) -> None:
    await page.open()
    await page.frame_with('Waiting for the storage: <span lang="en">The disk is full.</span>')

    await Worker.objects.filter(id=worker.id).aupdate(stall_code="", stall_message="", stalled_since=None)

    frame = await page.frame_with('id="summary"')
    assert "Waiting for" not in frame
