"""Sockets end when the login ends, whatever ended it; on real PostgreSQL and Redis."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from batches.live import socket_sessions
from batches.models import UploadBatch
from tests.support.batches import fill
from tests.support.live_page import Page, cookie_of
from tests.support.users import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("give_back_connection")]


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return fill(owner, 3)


def expire() -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def remove() -> None:
    Session.objects.all().delete()


def deactivate() -> None:
    User.objects.update(is_active=False)


def change_password() -> None:
    User.objects.update(password="another hash")


@pytest.mark.parametrize("end", [expire, remove, deactivate, change_password])
@pytest.mark.parametrize("of_batch", [True, False], ids=["batch", "list"])
async def test_socket_ends_with_its_login(
    owner: User, batch: UploadBatch, end: Callable[[], None], of_batch: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_sessions, "CHECK_SECONDS", 0.1)
    page = Page(batch.id if of_batch else None, await sync_to_async(cookie_of)(owner))
    assert await page.open()
    await page.frame()

    await sync_to_async(end)()

    assert await page.close_code() == 4403


async def test_signing_out_ends_the_sockets_of_that_session_at_once_and_no_others(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_sessions, "CHECK_SECONDS", 3600)
    browser = Client()
    await sync_to_async(browser.force_login)(owner)
    here = Page(None, f"sessionid={browser.cookies['sessionid'].value}")
    elsewhere = Page(None, await sync_to_async(cookie_of)(owner))
    for page in (here, elsewhere):
        assert await page.open()
        await page.frame()
    # Hints are heard a moment after the first frame: what comes by one tells that they are.
    await sync_to_async(fill)(owner, 1, "Garden")
    for page in (here, elsewhere):
        await page.frame_with("1 running")

    await sync_to_async(browser.post)("/sign-out/")

    assert await here.close_code() == 4403
    await sync_to_async(fill)(owner, 1, "Iceland")
    await elsewhere.frame_with("2 running")
    await elsewhere.close()


async def test_login_that_holds_goes_on_through_checks(
    owner: User, batch: UploadBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_sessions, "CHECK_SECONDS", 0.1)
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    await page.open()
    await page.frame()

    assert await page.socket.receive_nothing(1)

    await UploadBatch.objects.filter(id=batch.id).aupdate(successful=1)
    await page.frame_with('<strong id="count">1</strong>')
    await page.close()


async def test_socket_of_a_batch_that_changed_hands_is_closed(owner: User, batch: UploadBatch) -> None:
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    await page.open()
    await page.frame()

    await UploadBatch.objects.filter(id=batch.id).aupdate(owner=await sync_to_async(make_user)("ben"))

    assert await page.close_code() == 4404


async def test_checks_of_many_sockets_cost_two_queries(
    owner: User, django_assert_num_queries: Callable[[int], object]
) -> None:
    def ask() -> int:
        held = []
        for _ in range(30):
            key = cookie_of(owner).removeprefix("sessionid=")
            held.append(socket_sessions.SocketSession(key, owner.id, owner.password, viewer=None))  # type: ignore[arg-type]
        with django_assert_num_queries(2):  # type: ignore[attr-defined]
            return len(socket_sessions.valid_sessions(held))

    assert await sync_to_async(ask)() == 30
