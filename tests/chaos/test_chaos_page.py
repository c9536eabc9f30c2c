"""A page shows a batch correctly while the workers that process it are killed."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from functools import partial

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections

from batches.models import UploadBatch
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_consistent, crash_count, is_finished, start_batch
from tests.chaos.conftest import StartWorkers
from tests.chaos.respawning_workers import RespawningWorkers
from tests.support.live_page import Page, cookie_of

pytestmark = pytest.mark.django_db(transaction=True)
FILES = 400
THREADS = 2


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return start_batch(owner, FILES)


@pytest.fixture
def workers(start_workers: StartWorkers) -> RespawningWorkers:
    return start_workers("gated", processes=2, threads=THREADS)


@pytest.fixture
async def page(owner: User, batch: UploadBatch) -> AsyncIterator[Page]:
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    yield page
    await page.close()
    await sync_to_async(connections.close_all)()


def kill_twice(workers: RespawningWorkers, batch: UploadBatch) -> None:
    """Kill one worker process at a random moment, then all of them; wait until the batch is completed."""

    def enough_completed() -> bool:
        return finish_audit.count() >= target

    chance = random.Random(20_260)
    for kill in (partial(workers.kill_child, chance), workers.kill_group):
        target = finish_audit.count() + chance.randint(20, 60)
        workers.wait_until(enough_completed)
        workers.kill_and_wait(kill)
    workers.wait_until(lambda: is_finished(batch))
    connections.close_all()


async def watch(page: Page) -> list[int]:
    """Read frames until the page shows the batch as completed. Return the numbers of described files that it showed."""
    assert await page.open()
    async with asyncio.timeout(240):
        while "Completed: " not in await page.frame():
            pass
    shown = re.findall(r"<b>(\d+)</b> described", "".join(page.frames))
    return [int(number) for number in shown]


async def test_page_shows_the_exact_end_of_a_batch_with_killed_workers(
    workers: RespawningWorkers, batch: UploadBatch, page: Page
) -> None:
    # The page's socket needs this thread, so another thread kills the workers and starts new ones. New workers are
    # stopped when the thread that started them ends, so that thread runs until the batch is completed.
    killing = asyncio.get_running_loop().run_in_executor(None, kill_twice, workers, batch)
    shown, _ = await asyncio.gather(watch(page), killing)

    await sync_to_async(assert_consistent)(batch)
    assert batch.successful == FILES
    assert await sync_to_async(crash_count)(batch) <= THREADS + 2 * THREADS
    assert f"Completed: {FILES} described, 0 failed." in page.frames[-1]
    assert shown == sorted(shown)
    assert shown[-1] == FILES
