"""The sockets of a batch's open pages are closed as soon as the batch is deleted."""

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from batches import services
from tests.support.batches import make_batch
from tests.support.live_page import Page, cookie_of

pytestmark = pytest.mark.django_db(transaction=True)


async def test_socket_of_a_deleted_batch_closes_before_its_rows_are_removed(owner: User) -> None:
    batch = await sync_to_async(make_batch)(owner, 3)
    page = Page(batch.id, await sync_to_async(cookie_of)(owner))
    await page.open()
    await page.frame()

    assert await sync_to_async(services.delete_batch)(services.owner_scope(owner), batch.id)

    assert await page.close_code() == 4404
    assert await batch.items.acount() == 3
    again = Page(batch.id, await sync_to_async(cookie_of)(owner))
    await again.open()
    assert await again.close_code() == 4404
