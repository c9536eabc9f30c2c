"""The socket as programs use it: JSON by a subprotocol; on real PostgreSQL and Redis."""

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
from tests.support.batches import fill
from tests.support.failures import LOST_WORKER, fail_stored
from tests.support.live_page import Program, cookie_of
from tests.support.users import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("give_back_connection")]


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return fill(owner, 4)


async def program(user: User, batch: UploadBatch | None) -> Program:
    """A program of this person, connected."""
    program = Program(batch.id if batch else None, await sync_to_async(cookie_of)(user))
    assert await program.open()
    return program


async def take_one(batch: UploadBatch, stage: Stage) -> BatchItem:
    item = await BatchItem.objects.filter(batch=batch).order_by("id").afirst()
    assert item is not None
    await BatchItem.objects.filter(id=item.id).aupdate(
        status=ItemStatus.PROCESSING, stage=stage, claim=uuid.uuid4(), worker=1, queue_position=None
    )
    return item


async def end(item: BatchItem, status: ItemStatus) -> None:
    await BatchItem.objects.filter(id=item.id).aupdate(
        status=status, stage="", claim=None, worker=None, finished_at=timezone.now()
    )
    counters = {ItemStatus.COMPLETED: "successful", ItemStatus.FAILED: "failed", ItemStatus.CANCELLED: "cancelled"}
    await UploadBatch.objects.filter(id=item.batch_id).aupdate(**{counters[status]: 1})


async def test_program_is_told_all_of_its_batch_at_once(owner: User, batch: UploadBatch) -> None:
    await UploadBatch.objects.filter(id=batch.id).aupdate(successful=1, failed=1)
    told = await program(owner, batch)

    assert await told.message() == {
        "type": "batch_progress",
        "batch_id": batch.id,
        "status": "processing",
        "total": 4,
        "processed": 2,
        "successful": 1,
        "failed": 1,
        "progress_percentage": 50,
    }
    await told.close()


@pytest.mark.parametrize("ending", [ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED])
async def test_program_is_told_of_a_file_in_hand_and_of_its_end(
    owner: User, batch: UploadBatch, ending: ItemStatus
) -> None:
    item = await take_one(batch, Stage.DESCRIBING)
    told = await program(owner, batch)
    of_file = {
        "type": "file_progress",
        "batch_id": batch.id,
        "upload_id": item.upload_id,
        "file_name": "IMG_0000.JPG",
        "file_size": 1000,
    }

    assert await told.message(type="file_progress") == of_file | {"progress_percentage": 40, "status": "processing"}
    await end(item, ending)

    ended = await told.message(type="file_progress", progress_percentage=100)
    assert ended == of_file | {"progress_percentage": 100, "status": str(ending)}
    await told.close()


async def test_program_is_told_of_a_file_that_is_given_back(owner: User, batch: UploadBatch) -> None:
    taken = await sync_to_async(claim.claim_item)(batch.id, LOST_WORKER)
    assert taken is not None
    told = await program(owner, batch)
    begun = await told.message(type="file_progress")
    assert (begun["status"], begun["progress_percentage"]) == ("processing", 0)

    assert await sync_to_async(release.release_claims)([taken]) == 1

    waits = await told.message(type="file_progress")
    assert (waits["status"], waits["progress_percentage"]) == ("pending", 0)
    await told.close()


async def test_last_message_tells_the_end(owner: User, batch: UploadBatch) -> None:
    told = await program(owner, batch)
    await told.message()
    now = timezone.now()

    await UploadBatch.objects.filter(id=batch.id).aupdate(
        successful=4, status=BatchStatus.COMPLETED, sealed_at=now, completed_at=now
    )

    assert (await told.message(status="completed"))["progress_percentage"] == 100
    await told.close()


def test_look_for_a_program_reads_no_failures(
    owner: User, batch: UploadBatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fail_stored(batch)
    messages = BatchJsonTopic(batch.id, owner.pk)

    with django_assert_num_queries(2):  # the batch, its files in hand
        parts = messages.read()

    assert parts is not None
    assert json.loads(parts[f"batch {batch.id}"])["failed"] == 1


async def test_program_watches_all_batches_of_its_owner_each_to_its_end(owner: User, batch: UploadBatch) -> None:
    garden = await sync_to_async(fill)(owner, 2, "Garden")
    await sync_to_async(lambda: fill(make_user("ben"), 1))()
    told = await program(owner, None)
    assert {(await told.message())["batch_id"] for _ in range(2)} == {batch.id, garden.id}
    now = timezone.now()

    await UploadBatch.objects.filter(id=garden.id).aupdate(
        successful=2, status=BatchStatus.COMPLETED, sealed_at=now, completed_at=now
    )

    assert (await told.message())["status"] == "completed"
    await told.close()


async def test_program_is_refused_like_a_page(owner: User, batch: UploadBatch) -> None:
    stranger = await program(await sync_to_async(make_user)("ben"), batch)
    nobody = Program(batch.id)
    assert await nobody.open()

    assert await stranger.close_code() == 4404
    assert await nobody.close_code() == 4403
