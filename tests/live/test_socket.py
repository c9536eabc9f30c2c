"""Who may connect to a live page's socket, and when it closes."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import User

from batches.live import event_listener, renderer
from batches.messaging import live_events
from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.live_page import Page, cookie_of
from tests.support.servers import Services
from tests.support.users import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 20)


@pytest.fixture
async def page(owner: User, batch: UploadBatch) -> AsyncIterator[Page]:
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    yield page
    await page.close()


async def set_counters(batch: UploadBatch, **fields: object) -> None:
    """Update the batch's row without sending a live event."""
    await UploadBatch.objects.filter(id=batch.id).aupdate(**fields)


async def send_event(batch: UploadBatch) -> None:
    await get_channel_layer().group_send(
        live_events.batch_group(batch.id), {"type": "batch.changed", "batch_id": batch.id}
    )


async def test_first_frame_contains_every_fragment(page: Page) -> None:
    assert await page.open()

    frame = await page.frame()

    assert set(re.findall(r'<\w+ id="([\w-]+)"[^>]*hx-swap-oob', frame)) == {
        "story",
        "title",
        "heading",
        "actions",
        "summary",
        "in-progress",
        "problems",
        "ledger",
        "announcement",
        "running",
    }
    assert "of 20 files" in frame


async def test_socket_of_an_anonymous_user_is_closed(batch: UploadBatch) -> None:
    page = Page(batch.id)
    assert await page.open()

    assert await page.close_code() == 4403


async def test_other_users_batch_is_closed_like_a_missing_one(batch: UploadBatch) -> None:
    cookie = await sync_to_async(lambda: cookie_of(make_user("ben")))()
    other_users, missing = Page(batch.id, cookie), Page(batch.id + 1000, cookie)
    assert await other_users.open()
    assert await missing.open()

    assert await other_users.close_code() == 4404
    assert await missing.close_code() == 4404


async def test_socket_refuses_other_origins(owner: User, batch: UploadBatch) -> None:
    page = Page(batch.id, await sync_to_async(cookie_of)(owner), origin="http://evil.example")

    assert not await page.open()


async def test_socket_with_an_unknown_path_is_refused(owner: User) -> None:
    page = Page(1, await sync_to_async(cookie_of)(owner))
    page.socket.scope["path"] = "/ws/elsewhere/"

    assert not await page.open()


async def test_viewers_share_one_renderer_that_stops_with_the_last_viewer(owner: User, batch: UploadBatch) -> None:
    cookie = await sync_to_async(cookie_of)(owner)
    first, second = Page(batch.id, cookie), Page(batch.id, cookie)
    for page in (first, second):
        await page.open()
        await page.frame()
    running = [one for found in renderer._renderers.values() for one in found.values()]
    assert [len(one.viewers) for one in running] == [2, 2]

    await first.close()
    await second.close()

    assert not any(renderer._renderers.values())
    assert all(one._task.done() for one in running)
    async with asyncio.timeout(30):
        await asyncio.gather(*event_listener._leaving, return_exceptions=True)


async def test_socket_works_during_an_outage_of_redis(page: Page, batch: UploadBatch, services: Services) -> None:
    services.stop_redis()

    assert await page.open()
    await page.frame()
    await set_counters(batch, successful=9)

    await page.frame_with('<strong id="count">9</strong>')


async def test_socket_of_a_removed_batch_is_closed(page: Page, batch: UploadBatch) -> None:
    await page.open()
    await page.frame()

    await batch.adelete()
    await send_event(batch)

    assert await page.close_code() == 4404


async def test_frames_have_the_language_of_the_browser(page: Page) -> None:
    page.socket.scope["headers"].append((b"accept-language", b"de-DE,de;q=0.9"))
    await page.open()

    assert "Wird verarbeitet" in await page.frame()
