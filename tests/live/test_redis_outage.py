"""If Redis stops while pages are open, viewers can still disconnect, and the outage is logged once.

Neither viewers that disconnect nor failed subscriptions leave channels behind.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from websockets.sync.client import connect
from websockets.typing import Origin

from batches.live import event_listener
from batches.live.renderer import subscribe
from batches.live.topics import BatchJsonTopic
from batches.live.viewer import Viewer
from batches.messaging.live_events import batch_group
from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.live_page import cookie_of
from tests.support.servers import Services
from tests.support.waiting import until, wait_until
from tests.support.web_server import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def topic(owner: User) -> BatchJsonTopic:
    batch = await sync_to_async(make_batch)(owner, 3)
    return BatchJsonTopic(batch.id, owner.id)


@pytest.fixture
def site(worker_env: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    site = Site(worker_env, tmp_path / "site.log")
    yield site
    site.stop()


async def test_viewer_that_leaves_during_an_outage_is_removed(topic: BatchJsonTopic, services: Services) -> None:
    layer = get_channel_layer()
    async with asyncio.timeout(60):
        async with subscribe(topic, Viewer(1)):
            await until(lambda: layer.groups)
            await sync_to_async(services.stop_redis)()

    await until(lambda: not event_listener._leaving)
    assert (layer.channels, layer.groups) == ({}, {})


async def test_failed_subscriptions_leave_no_channels(
    topic: BatchJsonTopic, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_listener, "RECONNECT_SECONDS", 0.02)
    layer = get_channel_layer()
    attempts = 0
    send = layer.send

    async def count_and_send(*args: object) -> None:
        nonlocal attempts
        attempts += 1
        await send(*args)

    monkeypatch.setattr(layer, "send", count_and_send, raising=False)
    await sync_to_async(services.stop_redis)()

    async with subscribe(topic, Viewer(1)):
        await until(lambda: attempts > 5)
        assert layer.channels == {}
        await sync_to_async(services.start)()
        await until(lambda: layer.groups)


def test_outage_and_recovery_are_logged_once(
    owner: User, site: Site, services: Services, redis_client: "redis.Redis", tmp_path: Path
) -> None:
    batch = make_batch(owner, 9)
    log = tmp_path / "site.log"
    url = f"{site.address.replace('http', 'ws')}/ws/batches/{batch.id}/"
    headers = {"Cookie": cookie_of(owner)}

    with connect(url, origin=Origin(site.address), additional_headers=headers) as socket:
        wait_until(lambda: redis_client.pubsub_numsub(f"asgi__group__{batch_group(batch.id)}")[0][1])
        services.stop_redis()
        wait_until(lambda: "Redis is unavailable" in log.read_text())
        # Wait until polls have found two changes. Without Redis, the channel layer keeps failing during this time.
        for count in (1, 2):
            UploadBatch.objects.filter(id=batch.id).update(successful=count)
            while f'<strong id="count">{count}</strong>' not in str(socket.recv(60)):
                socket.send("seen")
            socket.send("seen")
        services.start()
        wait_until(lambda: "Redis is available again" in log.read_text())

    text = log.read_text()
    assert (text.count("Redis is unavailable"), text.count("Redis is available again")) == (1, 1)
    assert "Traceback" not in text
