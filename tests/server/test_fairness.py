"""One client's requests cannot block those of other clients."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.urls import get_resolver, reverse

from tests.support.live_page import cookie_of
from tests.support.users import make_user
from vuemantics.server.fairness import BULK_VIEWS, SIGN_IN_THREADS, SIGN_IN_VIEWS, FairRequests
from vuemantics.server.senders import sender_of

pytestmark = pytest.mark.django_db(transaction=True)


class Application:
    """An application that begins no response before `may_begin` is set, and ends none before `may_end` is set."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.may_begin = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.running.append(scope["client"][0])
        await self.may_begin.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end.wait()


class Site:
    """The application behind FairRequests, and the tasks of its clients."""

    def __init__(self) -> None:
        self.application = Application()
        self.fair = FairRequests(self.application, refusal_seconds=0)
        self.statuses: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def request(self, path: str, count: int, address: str, *, method: str = "GET") -> None:
        """Start `count` requests, and let them run until each waits or gets a response."""
        headers = [(b"accept", b"text/html")]
        scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": (address, 1)}
        for _ in range(count):
            self.tasks.append(asyncio.create_task(self.fair(scope, None, self._send)))
        for _ in range(500):
            await asyncio.sleep(0)

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def site() -> Any:
    site = Site()
    yield site
    await site.close()


async def test_greedy_bulk_requests_are_refused_and_use_no_slot_of_pages(site: Site) -> None:
    await site.request("/batches/1/unsent/", 30, "203.0.113.7", method="POST")

    assert site.application.running == ["203.0.113.7"]
    assert site.statuses == [429] * 25
    await site.request("/batches/", 1, "203.0.113.7")
    await site.request("/batches/library-sizes/", 1, "198.51.100.1", method="POST")
    assert site.application.running == ["203.0.113.7", "203.0.113.7", "198.51.100.1"]


async def test_sign_ins_hash_only_few_passwords_at_a_time(site: Site) -> None:
    for number in range(32):
        await site.request("/sign-in/", 1, f"203.0.113.{number}", method="POST")

    assert len(site.application.running) == SIGN_IN_THREADS
    await site.request("/sign-in/", 1, "198.51.100.1")
    assert site.application.running[-1] == "198.51.100.1"


async def test_slow_responses_hold_no_slot(site: Site) -> None:
    site.application.may_begin.set()

    await site.request("/library/", 100, "203.0.113.7")

    assert len(site.application.running) == 100


async def test_sessions_of_one_user_are_one_client() -> None:
    def sessions() -> list[str]:
        anna = make_user("anna")
        return [cookie_of(anna), cookie_of(anna), cookie_of(make_user("ben")), "sessionid=guessed", ""]

    first, second, bens, guessed, none = [
        await sender_of(cookie, "203.0.113.7") for cookie in await sync_to_async(sessions)()
    ]

    assert first == second is not None
    assert bens not in {first, None}
    assert (guessed, none) == (None, None)


def test_views_with_separate_queues_exist() -> None:
    assert (BULK_VIEWS | SIGN_IN_VIEWS) - {"admin:login"} <= set(get_resolver().reverse_dict)
    assert reverse("admin:login")
