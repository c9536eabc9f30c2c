"""A viewer can disconnect at any time, even while its topic is being read or a frame is being sent."""

import asyncio
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from autobahn.exception import Disconnected
from channels.exceptions import StopConsumer
from django.contrib.auth.models import User

from batches.live.renderer import subscribe
from batches.live.topics import BatchJsonTopic
from batches.live.viewer import Viewer
from tests.support.batches import make_batch
from tests.support.live_page import SECONDS, Page, cookie_of
from vuemantics.asgi import application

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
async def topic(owner: User) -> BatchJsonTopic:
    batch = await sync_to_async(make_batch)(owner, 3)
    return BatchJsonTopic(batch.id, owner.id)


@pytest.mark.parametrize("turns", range(4))
async def test_viewer_that_leaves_during_a_refresh_is_removed(topic: BatchJsonTopic, turns: int) -> None:
    first = Viewer(1)
    async with asyncio.timeout(30):
        async with subscribe(topic, first):
            await first.next_fragments()
            async with subscribe(topic, Viewer(1)):  # a new viewer triggers a refresh
                for _ in range(turns):
                    await asyncio.sleep(0)


async def test_disconnect_while_a_frame_is_sent_is_not_logged_as_an_error(
    owner: User, topic: BatchJsonTopic, caplog: pytest.LogCaptureFixture
) -> None:
    page = Page(None, await sync_to_async(cookie_of)(owner))
    received: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    received.put_nowait({"type": "websocket.connect"})
    send_attempted = asyncio.Event()

    async def send(message: dict[str, str]) -> None:
        if message["type"] == "websocket.send":
            send_attempted.set()
            raise Disconnected

    serving = asyncio.create_task(application(page.socket.scope, received.get, send))
    await asyncio.wait_for(send_attempted.wait(), SECONDS)
    received.put_nowait({"type": "websocket.disconnect", "code": "1006"})
    with suppress(StopConsumer):
        await asyncio.wait_for(serving, SECONDS)

    assert not [record for record in caplog.records if record.levelname == "ERROR"]
