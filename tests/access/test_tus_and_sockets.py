"""The upload protocol and sockets deny access to other users and visitors. Sockets refuse pages from other sites."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async

from tests.access.access_data import AccessData
from tests.intake.tus_client import TusClient
from tests.support.live_page import JsonClient, Page, cookie_of

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = pytest.mark.parametrize("kind", [Page, JsonClient], ids=["page", "json"])
TUS: dict[str, Callable[[TusClient, AccessData], int]] = {
    "POST": lambda client, data: client.create(data.batch.id, "mine.jpg", 9).status,
    "POST with bytes": lambda client, data: client.create_with(data.batch.id, "a.jpg", 3, b"abc").status,
    "HEAD": lambda client, data: client.head(f"/tus/{data.receiving.id}").status,
    "PATCH": lambda client, data: client.patch(f"/tus/{data.receiving.id}", 0, b"123456789").status,
    "DELETE": lambda client, data: client.request("DELETE", f"/tus/{data.receiving.id}").status,
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("request_name", TUS)
@pytest.mark.parametrize(("who", "status"), [("ben", 404), ("visitor", 401)])
def test_upload_protocol_refuses_other_users_and_visitors(
    data: AccessData, request_name: str, who: str, status: int
) -> None:
    client = TusClient(data.ben if who == "ben" else None, Origin="http://localhost")

    assert TUS[request_name](client, data) == status


@KINDS
@pytest.mark.parametrize(("who", "code"), [("ben", 4404), ("", 4403), ("sessionid=none", 4403)])
async def test_batch_socket_is_closed_to_other_users_and_visitors(
    data: AccessData, kind: type[Page], who: str, code: int
) -> None:
    cookie = await sync_to_async(cookie_of)(data.ben) if who == "ben" else who
    socket = kind(data.batch.id, cookie)

    assert await socket.open()

    assert await socket.close_code() == code


@KINDS
async def test_socket_of_all_batches_sends_only_the_users_own(data: AccessData, kind: type[Page]) -> None:
    socket = kind(None, await sync_to_async(cookie_of)(data.ben))
    assert await socket.open()

    frame = await socket.frame()

    assert f'"batch_id": {data.batch.id},' not in frame
    assert "Zanzibar" not in frame
    assert f'"batch_id": {data.own.id}' in frame or "1 running" in frame
    await socket.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "", "null", "http://localhost:8001", "https://localhost"])
async def test_socket_is_refused_to_pages_of_other_sites(data: AccessData, origin: str) -> None:
    socket = Page(data.batch.id, await sync_to_async(cookie_of)(data.anna), origin=origin)

    assert not await socket.open()
