"""Sockets are closed when their session ends for any reason."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from batches.live import socket_sessions
from batches.messaging.live_events import owner_group
from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.live_page import Page, cookie_of, wait_for_subscriber
from tests.support.users import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 3)


def expire() -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def remove() -> None:
    Session.objects.all().delete()


def deactivate() -> None:
    User.objects.update(is_active=False)


def change_password() -> None:
    User.objects.update(password="another hash")


@pytest.mark.parametrize("end_session", [expire, remove, deactivate, change_password])
@pytest.mark.parametrize("of_batch", [True, False], ids=["batch", "list"])
async def test_socket_closes_when_the_session_is_no_longer_valid(
    owner: User, batch: UploadBatch, end_session: Callable[[], None], of_batch: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_sessions, "CHECK_SECONDS", 0.05)
    page = Page(batch.id if of_batch else None, await sync_to_async(cookie_of)(owner))
    assert await page.open()
    await page.frame()

    await sync_to_async(end_session)()

    assert await page.close_code() == 4403


async def test_sign_out_closes_only_the_sockets_of_that_session(
    owner: User, redis_client: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_sessions, "CHECK_SECONDS", 3600)
    browser = Client()
    await sync_to_async(browser.force_login)(owner)
    here = Page(None, f"sessionid={browser.cookies['sessionid'].value}")
    elsewhere = Page(None, await sync_to_async(cookie_of)(owner))
    for page in (here, elsewhere):
        assert await page.open()
        await page.frame()
    await wait_for_subscriber(redis_client, owner_group(owner.id))  # both sockets share one subscription
    await sync_to_async(make_batch)(owner, 1, "Garden")
    for page in (here, elsewhere):
        await page.frame_with("1 running")

    await sync_to_async(browser.post)("/sign-out/")

    assert await here.close_code() == 4403
    await sync_to_async(make_batch)(owner, 1, "Iceland")
    await elsewhere.frame_with("2 running")
    await elsewhere.close()


async def test_socket_of_a_valid_session_stays_open(
    owner: User, batch: UploadBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_sessions, "CHECK_SECONDS", 0.05)
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    await page.open()
    await page.frame()

    assert await page.socket.receive_nothing(0.3)

    await UploadBatch.objects.filter(id=batch.id).aupdate(successful=1)
    await page.frame_with('<strong id="count">1</strong>')
    await page.close()


async def test_socket_closes_when_the_batch_gets_another_owner(owner: User, batch: UploadBatch) -> None:
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    await page.open()
    await page.frame()

    await UploadBatch.objects.filter(id=batch.id).aupdate(owner=await sync_to_async(make_user)("ben"))

    assert await page.close_code() == 4404


async def test_sessions_of_many_sockets_are_checked_with_two_queries(
    owner: User, django_assert_num_queries: Callable[[int], object]
) -> None:
    def check() -> int:
        sessions = []
        for _ in range(30):
            key = cookie_of(owner).removeprefix("sessionid=")
            sessions.append(socket_sessions.SocketSession(key, owner.id, owner.password, viewer=None))  # type: ignore[arg-type]
        with django_assert_num_queries(2):  # type: ignore[attr-defined]
            return len(socket_sessions.valid_sessions(sessions))

    assert await sync_to_async(check)() == 30
