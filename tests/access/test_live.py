"""The upload protocol and the sockets are closed to a second account and to other sites' pages."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async

from tests.access.there import There
from tests.intake.tus_client import TusClient
from tests.live.test_json import Program
from tests.support.live_page import Page, cookie_of

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = pytest.mark.parametrize("kind", [Page, Program], ids=["page", "program"])
TUS: dict[str, Callable[[TusClient, There], int]] = {
    "POST": lambda client, there: client.create(there.batch.id, "mine.jpg", 9).status,
    "POST with bytes": lambda client, there: client.create_with(there.batch.id, "a.jpg", 3, b"abc").status,
    "HEAD": lambda client, there: client.head(f"/tus/{there.coming.id}").status,
    "PATCH": lambda client, there: client.patch(f"/tus/{there.coming.id}", 0, b"123456789").status,
    "DELETE": lambda client, there: client.request("DELETE", f"/tus/{there.coming.id}").status,
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("how", TUS)
@pytest.mark.parametrize(("who", "status"), [("ben", 404), ("nobody", 401)])
def test_upload_protocol_refuses(there: There, how: str, who: str, status: int) -> None:
    client = TusClient(there.ben if who == "ben" else None, Origin="http://localhost")

    assert TUS[how](client, there) == status


@pytest.mark.usefixtures("give_back_connection")
@KINDS
@pytest.mark.parametrize(("who", "code"), [("ben", 4404), ("", 4403), ("sessionid=none", 4403)])
async def test_socket_of_a_batch_is_closed_to_others(there: There, kind: type[Page], who: str, code: int) -> None:
    cookie = await sync_to_async(cookie_of)(there.ben) if who == "ben" else who
    socket = kind(there.batch.id, cookie)

    assert await socket.open()

    assert await socket.close_code() == code


@pytest.mark.usefixtures("give_back_connection")
@KINDS
async def test_socket_of_all_batches_tells_of_ones_own(there: There, kind: type[Page]) -> None:
    socket = kind(None, await sync_to_async(cookie_of)(there.ben))
    assert await socket.open()

    told = await socket.frame()

    assert f'"batch_id": {there.batch.id},' not in told
    assert "Zanzibar" not in told
    assert f'"batch_id": {there.own.id}' in told or "1 running" in told
    await socket.close()


@pytest.mark.usefixtures("give_back_connection")
@pytest.mark.parametrize("origin", ["https://evil.example", "", "null"])
async def test_socket_is_refused_to_another_sites_page(there: There, origin: str) -> None:
    socket = Page(there.batch.id, await sync_to_async(cookie_of)(there.anna), origin=origin)

    assert not await socket.open()
