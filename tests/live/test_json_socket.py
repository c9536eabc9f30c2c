"""The socket's JSON subprotocol, which programs use."""

import json
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from batches.engine import claim, release
from batches.live.topics import BatchJsonTopic
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus, Stage
from tests.support.batches import make_batch
from tests.support.failures import LOST_WORKER, fail_stored
from tests.support.live_page import JsonClient, cookie_of
from tests.support.users import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 4)


async def connect(user: User, batch: UploadBatch | None) -> JsonClient:
    """Connect as `user` to the socket of `batch`, or of all the user's batches if `batch` is None."""
    client = JsonClient(batch.id if batch else None, await sync_to_async(cookie_of)(user))
    assert await client.open()
    return client


async def start_file(batch: UploadBatch, stage: Stage) -> BatchItem:
    item = await BatchItem.objects.filter(batch=batch).order_by("id").afirst()
    assert item is not None
    await BatchItem.objects.filter(id=item.id).aupdate(
        status=ItemStatus.PROCESSING, stage=stage, claim=uuid.uuid4(), worker=1, queue_position=None
    )
    return item


async def finish_file(item: BatchItem, status: ItemStatus) -> None:
    result = "new" if status == ItemStatus.COMPLETED else ""
    await BatchItem.objects.filter(id=item.id).aupdate(
        status=status, result=result, stage="", claim=None, worker=None, finished_at=timezone.now()
    )
    counters = {ItemStatus.COMPLETED: "successful", ItemStatus.FAILED: "failed", ItemStatus.CANCELLED: "cancelled"}
    await UploadBatch.objects.filter(id=item.batch_id).aupdate(**{counters[status]: 1})


async def test_program_gets_the_progress_of_its_batch_at_once(owner: User, batch: UploadBatch) -> None:
    await UploadBatch.objects.filter(id=batch.id).aupdate(successful=1, failed=1)
    client = await connect(owner, batch)

    assert await client.message() == {
        "type": "batch_progress",
        "batch_id": batch.id,
        "status": "processing",
        "total": 4,
        "processed": 2,
        "successful": 1,
        "failed": 1,
        "missing": 0,
        "progress_percentage": 50,
    }
    await client.close()


@pytest.mark.parametrize("outcome", [ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED])
async def test_program_gets_messages_for_a_file_in_progress_and_its_outcome(
    owner: User, batch: UploadBatch, outcome: ItemStatus
) -> None:
    item = await start_file(batch, Stage.DESCRIBING)
    client = await connect(owner, batch)
    expected = {
        "type": "file_progress",
        "batch_id": batch.id,
        "upload_id": item.upload_id,
        "file_name": "IMG_0000.JPG",
        "file_size": 1000,
    }

    assert await client.message(type="file_progress") == expected | {"progress_percentage": 33, "status": "processing"}
    await finish_file(item, outcome)

    ended = await client.message(type="file_progress", progress_percentage=100)
    assert ended == expected | {"progress_percentage": 100, "status": str(outcome)}
    await client.close()


async def test_program_gets_a_message_for_a_released_file(owner: User, batch: UploadBatch) -> None:
    claimed = await sync_to_async(claim.claim_item)(batch.id, LOST_WORKER)
    assert claimed is not None
    client = await connect(owner, batch)
    started = await client.message(type="file_progress")
    assert (started["status"], started["progress_percentage"]) == ("processing", 0)

    assert await sync_to_async(release.release_claims)([claimed]) == 1

    released = await client.message(type="file_progress")
    assert (released["status"], released["progress_percentage"]) == ("pending", 0)
    await client.close()


async def test_last_message_reports_the_completion(owner: User, batch: UploadBatch) -> None:
    client = await connect(owner, batch)
    await client.message()
    now = timezone.now()

    await UploadBatch.objects.filter(id=batch.id).aupdate(
        successful=4, status=BatchStatus.COMPLETED, sealed_at=now, completed_at=now
    )

    assert (await client.message(status="completed"))["progress_percentage"] == 100
    await client.close()


def test_json_topic_reads_no_failures(
    owner: User, batch: UploadBatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fail_stored(batch)
    messages = BatchJsonTopic(batch.id, owner.pk)

    with django_assert_num_queries(2):  # one for the batch and one for its files in progress
        parts = messages.read()

    assert parts is not None
    assert json.loads(parts[f"batch {batch.id}"])["failed"] == 1


async def test_program_follows_all_batches_of_its_owner_to_their_completion(owner: User, batch: UploadBatch) -> None:
    garden = await sync_to_async(make_batch)(owner, 2, "Garden")
    await sync_to_async(lambda: make_batch(make_user("ben"), 1))()
    client = await connect(owner, None)
    assert {(await client.message())["batch_id"] for _ in range(2)} == {batch.id, garden.id}
    now = timezone.now()

    await UploadBatch.objects.filter(id=garden.id).aupdate(
        successful=2, status=BatchStatus.COMPLETED, sealed_at=now, completed_at=now
    )

    assert (await client.message())["status"] == "completed"
    await client.close()


async def test_program_is_refused_like_a_page(owner: User, batch: UploadBatch) -> None:
    other_user = await connect(await sync_to_async(make_user)("ben"), batch)
    anonymous = JsonClient(batch.id)
    assert await anonymous.open()

    assert await other_user.close_code() == 4404
    assert await anonymous.close_code() == 4403
