"""Who leaves a live page is let go at once, also in the very moment of a change."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from batches.renderer import watching
from batches.viewer import FRAME_SECONDS, Viewer
from batches.watched import BatchMessages
from tests.rows import fill

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("give_back_connection")]


@pytest.fixture
async def subject(owner: User) -> BatchMessages:
    batch = await sync_to_async(fill)(owner, 3)
    return BatchMessages(batch.id, owner.id)


@pytest.mark.parametrize("turns", range(4))
async def test_viewer_who_leaves_in_the_moment_of_a_change_is_let_go(subject: BatchMessages, turns: int) -> None:
    async with asyncio.timeout(5):
        async with watching(subject, Viewer(1)):
            await asyncio.sleep(3 * FRAME_SECONDS)  # the renderer rests between two looks
            async with watching(subject, Viewer(1)):  # who comes makes it look again
                for _ in range(turns):
                    await asyncio.sleep(0)
