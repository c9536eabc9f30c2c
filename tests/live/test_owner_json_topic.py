"""A program that follows all batches receives the final state of each, even if it reads slowly."""

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
from tests.support.batches import make_batch
from tests.support.users import make_user

pytestmark = pytest.mark.django_db


def complete(batch: UploadBatch, status: BatchStatus = BatchStatus.COMPLETED) -> None:
    now = timezone.now()
    UploadBatch.objects.filter(id=batch.id).update(
        status=status, successful=batch.total, sealed_at=now, completed_at=now
    )


def statuses(messages: OwnerJsonTopic) -> dict[int, str]:
    """Refresh the topic; return each batch's status according to the topic's messages."""
    parsed: list[dict[str, Any]] = [json.loads(part) for part in messages.read().values()]
    return {message["batch_id"]: message["status"] for message in parsed}


@pytest.mark.django_db(transaction=True)
async def test_slow_viewer_gets_the_final_status_once(transactional_db: None) -> None:
    batch = await sync_to_async(lambda: make_batch(make_user("anna"), 1))()
    messages, viewer = OwnerJsonTopic(batch.owner_id), Viewer(1)
    viewer.offer("messages", await sync_to_async(messages.read)(), low_priority=False)
    await viewer.next_fragments()
    await sync_to_async(complete)(batch)
    for _ in range(2):
        viewer.offer("messages", await sync_to_async(messages.read)(), low_priority=False)

    assert [json.loads(part)["status"] for part in await viewer.next_fragments()] == ["completed"]


@pytest.mark.parametrize("status", [BatchStatus.COMPLETED, BatchStatus.CANCELLED])
def test_final_status_is_in_every_later_refresh(owner: User, status: BatchStatus) -> None:
    batch, messages = make_batch(owner, 1), OwnerJsonTopic(owner.pk)
    assert statuses(messages) == {batch.id: "processing"}
    complete(batch, status)

    assert [statuses(messages) for _ in range(3)] == [{batch.id: str(status)}] * 3


def test_batch_created_and_finished_between_two_refreshes_is_included(owner: User) -> None:
    messages = OwnerJsonTopic(owner.pk)
    assert statuses(messages) == {}
    batch = make_batch(owner, 1)
    complete(batch)

    assert statuses(messages) == {batch.id: "completed"}


def test_batches_finished_before_the_first_refresh_are_omitted(owner: User) -> None:
    complete(make_batch(owner, 1))

    assert statuses(OwnerJsonTopic(owner.pk)) == {}


def test_reopened_batch_is_included_as_running(owner: User) -> None:
    batch, messages = make_batch(owner, 1), OwnerJsonTopic(owner.pk)
    statuses(messages)
    complete(batch)
    statuses(messages)
    UploadBatch.objects.filter(id=batch.id).update(status=BatchStatus.PROCESSING, completed_at=None)

    assert statuses(messages) == {batch.id: "processing"}


def test_running_and_finished_batches_have_separate_limits(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_summary, "MAX_BATCHES", 2)
    monkeypatch.setattr(topics, "MAX_ENDED", 2)
    batches, messages = [make_batch(owner, 1, f"{number}") for number in range(5)], OwnerJsonTopic(owner.pk)
    ids = [batch.id for batch in batches]
    assert statuses(messages) == dict.fromkeys(ids[:2], "processing")
    for batch in batches[:3]:
        complete(batch)

    assert statuses(messages) == {ids[1]: "completed", ids[2]: "completed", ids[3]: "processing", ids[4]: "processing"}
