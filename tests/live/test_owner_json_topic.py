"""The last word on each batch reaches a program that watches all of its owner's, however slowly it listens."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone

from batches.live import owner_summary, topics
from batches.live.topics import OwnerJsonTopic
from batches.live.viewer import Viewer
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import fill
from tests.support.users import make_user

pytestmark = pytest.mark.django_db


def end(batch: UploadBatch, status: BatchStatus = BatchStatus.COMPLETED) -> None:
    now = timezone.now()
    UploadBatch.objects.filter(id=batch.id).update(
        status=status, successful=batch.total, sealed_at=now, completed_at=now
    )


def told(messages: OwnerJsonTopic) -> dict[int, str]:
    """The state of each batch that a look tells of."""
    parsed: list[dict[str, Any]] = [json.loads(part) for part in messages.read().values()]
    return {message["batch_id"]: message["status"] for message in parsed}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("give_back_connection")
async def test_viewer_that_took_nothing_for_two_looks_hears_of_the_end_once(transactional_db: None) -> None:
    batch = await sync_to_async(lambda: fill(make_user("anna"), 1))()
    messages, viewer = OwnerJsonTopic(batch.owner_id), Viewer(1)
    viewer.offer("messages", await sync_to_async(messages.read)(), low_priority=False)
    await viewer.next_fragments()
    await sync_to_async(end)(batch)
    for _ in range(2):
        viewer.offer("messages", await sync_to_async(messages.read)(), low_priority=False)

    assert [json.loads(part)["status"] for part in await viewer.next_fragments()] == ["completed"]


@pytest.mark.parametrize("status", [BatchStatus.COMPLETED, BatchStatus.CANCELLED])
def test_end_is_in_every_later_look(owner: User, status: BatchStatus) -> None:
    batch, messages = fill(owner, 1), OwnerJsonTopic(owner.pk)
    assert told(messages) == {batch.id: "processing"}
    end(batch, status)

    assert [told(messages) for _ in range(3)] == [{batch.id: str(status)}] * 3


def test_batch_that_came_and_ended_between_two_looks_is_told(owner: User) -> None:
    messages = OwnerJsonTopic(owner.pk)
    assert told(messages) == {}
    batch = fill(owner, 1)
    end(batch)

    assert told(messages) == {batch.id: "completed"}


def test_batches_that_ended_before_are_not_told(owner: User) -> None:
    end(fill(owner, 1))

    assert told(OwnerJsonTopic(owner.pk)) == {}


def test_ended_batch_that_goes_on_is_told_as_it_is(owner: User) -> None:
    batch, messages = fill(owner, 1), OwnerJsonTopic(owner.pk)
    told(messages)
    end(batch)
    told(messages)
    UploadBatch.objects.filter(id=batch.id).update(status=BatchStatus.PROCESSING, completed_at=None)

    assert told(messages) == {batch.id: "processing"}


def test_live_batches_are_told_up_to_a_number_and_ended_ones_up_to_another(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner_summary, "MAX_BATCHES", 2)
    monkeypatch.setattr(topics, "MAX_ENDED", 2)
    batches, messages = [fill(owner, 1, f"{number}") for number in range(5)], OwnerJsonTopic(owner.pk)
    ids = [batch.id for batch in batches]
    assert told(messages) == dict.fromkeys(ids[:2], "processing")
    for batch in batches[:3]:
        end(batch)

    assert told(messages) == {ids[1]: "completed", ids[2]: "completed", ids[3]: "processing", ids[4]: "processing"}
