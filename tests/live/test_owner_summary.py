"""The navigation of every page shows a summary of the owner's batches, with live updates if JavaScript is enabled."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import redis
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from batches import services
from batches.engine import lifecycle, pause
from batches.live import owner_summary, renderer
from batches.messaging.live_events import owner_group
from batches.models import OwnerLastSeen, UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import make_batch
from tests.support.live_page import Page, cookie_of, wait_for_subscriber

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
async def page(owner: User) -> AsyncIterator[Page]:
    page = Page(None, await sync_to_async(cookie_of)(owner))
    yield page
    await page.close()


def completed(owner: User, name: str, minutes_ago: float = 0) -> UploadBatch:
    when = timezone.now() - timedelta(minutes=minutes_ago)
    return UploadBatch.objects.create(
        owner=owner, name=name, status=BatchStatus.COMPLETED, sealed_at=when, completed_at=when
    )


def html(browser: Client, address: str) -> str:
    return browser.get(address).content.decode()


@pytest.mark.parametrize("address", ["/library/", "/batches/", "/batches/new/", "/nowhere/"])
def test_every_page_shows_running_batches_without_javascript(browser: Client, owner: User, address: str) -> None:
    for name in ("Iceland", "Garden"):
        batch = make_batch(owner, 4, name)
        UploadBatch.objects.filter(id=batch.id).update(successful=1)

    assert "2 running, 25%" in html(browser, address)


def test_summary_omits_batches_of_other_users(browser: Client, other: User) -> None:
    make_batch(other, 2)
    completed(other, "Secret")

    page = html(browser, "/library/")

    assert "running," not in page
    assert "finished</span>" not in page


def test_finished_batches_are_counted_until_the_list_is_visited(browser: Client, owner: User) -> None:
    completed(owner, "Iceland")
    completed(owner, "Garden")
    assert "2 finished" in html(browser, "/library/")

    html(browser, "/batches/")

    assert "finished</span>" not in html(browser, "/library/")
    completed(owner, "Attic")
    assert "1 finished" in html(browser, "/library/")


def test_visiting_a_batch_page_marks_the_finished_batches_up_to_it_as_seen(browser: Client, owner: User) -> None:
    first, second = completed(owner, "Iceland", 5), completed(owner, "Garden", 3)

    html(browser, f"/batches/{second.id}/")
    assert "2 finished" in html(browser, "/library/")
    html(browser, f"/batches/{first.id}/")
    assert "1 finished" in html(browser, "/library/")
    html(browser, f"/batches/{second.id}/")

    assert "finished</span>" not in html(browser, "/library/")


def test_head_request_does_not_mark_batches_as_seen(browser: Client, owner: User) -> None:
    completed(owner, "Iceland")

    browser.head("/batches/")

    assert not OwnerLastSeen.objects.exists()


def test_last_seen_time_never_decreases(owner: User) -> None:
    late, early = completed(owner, "Iceland"), completed(owner, "Garden", 60)
    services.mark_all_seen(services.owner_scope(owner))
    last_seen_at = OwnerLastSeen.objects.get().last_seen_at

    services.mark_batch_seen(services.owner_scope(owner), early)
    services.mark_batch_seen(services.owner_scope(owner), late)

    assert OwnerLastSeen.objects.get().last_seen_at == last_seen_at


def test_summary_takes_two_queries_for_any_number_of_batches(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        completed(owner, f"{number}")

    with django_assert_num_queries(2):
        assert owner_summary.read_owner_summary(owner.id).finished == 20


async def test_socket_sends_the_hidden_summary_when_nothing_runs(page: Page) -> None:
    assert await page.open()

    assert re.search(r'<a id="running"[^>]*\bhidden>', await page.frame())


async def test_socket_of_an_anonymous_user_is_closed(transactional_db: None) -> None:
    page = Page(None)
    assert await page.open()

    assert await page.close_code() == 4403


async def test_creation_pause_and_completion_are_sent_on_events(
    page: Page, owner: User, redis_client: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "POLL_SECONDS", 3600)
    monkeypatch.setattr(renderer, "IDLE_POLL_SECONDS", 3600)
    await page.open()
    await page.frame()
    await wait_for_subscriber(redis_client, owner_group(owner.id))

    batch = await sync_to_async(make_batch)(owner, 2)
    await page.frame_with("1 running, 0%")
    await sync_to_async(pause.pause_batch)(batch.id)
    await page.frame_with("hidden")
    await sync_to_async(pause.resume_batch)(batch.id)
    await page.frame_with("1 running")
    await UploadBatch.objects.filter(id=batch.id).aupdate(successful=2)
    await sync_to_async(lifecycle.seal_batch)(batch.id)

    await page.frame_with("1 finished")


async def test_percentage_is_updated_without_events(page: Page, owner: User) -> None:
    batch = await sync_to_async(make_batch)(owner, 4)
    await page.open()
    await page.frame()

    await UploadBatch.objects.filter(id=batch.id).aupdate(successful=3)

    await page.frame_with("1 running, 75%")


async def test_batch_page_gets_the_summary_on_the_same_socket(owner: User) -> None:
    batch = await sync_to_async(make_batch)(owner, 4)
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    await page.open()
    await page.frame()

    await sync_to_async(make_batch)(owner, 2, "Garden")

    await page.frame_with("2 running")
    await page.close()
