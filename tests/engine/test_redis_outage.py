"""The engine keeps accepting files while Redis is unavailable."""

import time

import pytest
from django.contrib.auth.models import User

from batches.engine import incoming
from batches.models.states import ItemStatus
from tests.support.batches import digest, make_batch, make_upload
from tests.support.servers import Services

pytestmark = pytest.mark.django_db(transaction=True)


def test_files_are_accepted_without_redis(owner: User, services: Services) -> None:
    batch = make_batch(owner, files=1)
    services.stop_redis()

    start = time.monotonic()
    item, _ = incoming.register_item(batch.id, incoming.NewFile("late.jpg", "late.jpg", digest("late"), 1))
    assert incoming.queue_item(item.id, make_upload(owner, 5).id)

    assert time.monotonic() - start < 10
    item.refresh_from_db()
    assert item.status == ItemStatus.PENDING
