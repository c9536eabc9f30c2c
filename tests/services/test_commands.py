"""The effect of an owner's commands on a batch in each state."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from batches import services
from batches.engine import claim, finish_item, incoming, lifecycle
from batches.engine.refusals import Refused
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from batches.services import Scope
from tests.support.batches import assert_counters_match, make_batch
from tests.support.users import make_user

pytestmark = pytest.mark.django_db
WORKER = 4711


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner")


def fail_one(batch: UploadBatch, code: str = "item.internal") -> BatchItem:
    """Fail the next pending file of the batch with the error `code`, by default a temporary one."""
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    assert finish_item.fail_item(claimed, code, "A message.")
    return BatchItem.objects.get(id=claimed.item_id)


def completed(owner: User) -> UploadBatch:
    """Create a completed batch whose only file failed."""
    batch = make_batch(owner, files=1)
    fail_one(batch)
    lifecycle.seal_batch(batch.id)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.COMPLETED
    return batch


def cancelled(owner: User) -> UploadBatch:
    batch = make_batch(owner, files=1)
    services.cancel_batch(services.owner_scope(owner), batch.id)
    batch.refresh_from_db()
    return batch


def test_second_pause_changes_nothing(owner: User) -> None:
    batch = make_batch(owner, files=1)

    assert services.pause_batch(services.owner_scope(owner), batch.id)
    assert not services.pause_batch(services.owner_scope(owner), batch.id)

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PAUSED


def test_resume_of_a_running_batch_changes_nothing(owner: User) -> None:
    batch = make_batch(owner, files=1)

    assert not services.resume_batch(services.owner_scope(owner), batch.id)

    services.pause_batch(services.owner_scope(owner), batch.id)
    assert services.resume_batch(services.owner_scope(owner), batch.id)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING


def test_second_cancel_changes_nothing(owner: User) -> None:
    batch = make_batch(owner, files=2)

    assert services.cancel_batch(services.owner_scope(owner), batch.id)
    assert not services.cancel_batch(services.owner_scope(owner), batch.id)

    batch.refresh_from_db()
    assert (batch.status, batch.cancelled) == (BatchStatus.CANCELLED, 2)
    assert_counters_match(batch)


@pytest.mark.parametrize(
    "command", [services.pause_batch, services.resume_batch, services.retry_failed, services.finish_without_missing]
)
def test_cancelled_batch_refuses_every_other_command(owner: User, command: Callable[[Scope, int], object]) -> None:
    batch = cancelled(owner)

    with pytest.raises(Refused, match="was cancelled") as refusal:
        command(services.owner_scope(owner), batch.id)

    assert refusal.value.code == "batch.cancelled"
    assert_counters_match(batch)


@pytest.mark.parametrize(
    "command", [services.pause_batch, services.resume_batch, services.cancel_batch, services.finish_without_missing]
)
def test_completed_batch_refuses_commands(owner: User, command: Callable[[Scope, int], object]) -> None:
    batch = completed(owner)

    with pytest.raises(Refused, match="is already finished") as refusal:
        command(services.owner_scope(owner), batch.id)

    assert refusal.value.code == "batch.completed"
    batch.refresh_from_db()
    assert batch.status == BatchStatus.COMPLETED


def test_retry_of_failed_files_queues_them_and_reopens_the_batch(owner: User) -> None:
    batch = completed(owner)

    assert services.retry_failed(services.owner_scope(owner), batch.id) == 1

    batch.refresh_from_db()
    assert (batch.status, batch.failed) == (BatchStatus.PROCESSING, 0)
    assert_counters_match(batch)


def test_retry_without_failures_changes_nothing(owner: User) -> None:
    batch = make_batch(owner, files=1)

    assert services.retry_failed(services.owner_scope(owner), batch.id) == 0


def test_retry_of_rejected_files_is_refused(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Texts")
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.txt", "a.txt", "a" * 64, 1))
    incoming.reject_item(item.id, "file.unsupported", "a.txt is a text.")

    with pytest.raises(Refused) as refusal:
        services.retry_failed(services.owner_scope(owner), batch.id)
    with pytest.raises(Refused, match=r"a\.txt") as item_refusal:
        services.retry_item(services.owner_scope(owner), item.id)

    assert (refusal.value.code, item_refusal.value.code) == ("failures.permanent", "item.not_stored")


def test_retry_skips_permanent_failures(owner: User) -> None:
    batch = make_batch(owner, files=2)
    damaged, unlucky = fail_one(batch, "image.truncated"), fail_one(batch)

    assert services.retry_failed(services.owner_scope(owner), batch.id) == 1

    assert set(batch.items.values_list("id", "status")) == {
        (damaged.id, ItemStatus.FAILED),
        (unlucky.id, ItemStatus.PENDING),
    }
    assert_counters_match(batch)


def test_retry_of_a_permanent_failure_is_refused(owner: User) -> None:
    batch = make_batch(owner, files=1)
    item = fail_one(batch, "image.truncated")

    with pytest.raises(Refused, match="won't help") as refusal:
        services.retry_item(services.owner_scope(owner), item.id)

    assert refusal.value.code == "item.permanent"


def test_retry_of_a_file_queues_it_once(owner: User) -> None:
    batch = make_batch(owner, files=2)
    item = fail_one(batch)

    assert services.retry_item(services.owner_scope(owner), item.id)
    assert not services.retry_item(services.owner_scope(owner), item.id)

    item.refresh_from_db()
    assert item.status == ItemStatus.PENDING
    assert_counters_match(batch)


def test_retry_of_a_described_file_is_refused(owner: User) -> None:
    batch = make_batch(owner, files=1)
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    finish_item.complete_item(claimed)

    with pytest.raises(Refused, match=r"IMG_0000\.JPG. is already described") as refusal:
        services.retry_item(services.owner_scope(owner), claimed.item_id)

    assert refusal.value.code == "item.completed"


def test_retry_of_a_cancelled_file_is_refused(owner: User) -> None:
    batch = cancelled(owner)

    with pytest.raises(Refused) as refusal:
        services.retry_item(services.owner_scope(owner), batch.items.get().id)

    assert refusal.value.code == "batch.cancelled"


def test_retry_of_a_failed_file_of_a_cancelled_batch_is_refused(owner: User) -> None:
    batch = make_batch(owner, files=2)
    item = fail_one(batch)
    services.cancel_batch(services.owner_scope(owner), batch.id)

    with pytest.raises(Refused) as refusal:
        services.retry_item(services.owner_scope(owner), item.id)

    assert refusal.value.code == "batch.cancelled"
    assert_counters_match(batch)


def test_retry_of_a_file_still_being_received_is_refused(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Coming")
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", "a" * 64, 1))

    with pytest.raises(Refused) as refusal:
        services.retry_item(services.owner_scope(owner), item.id)

    assert refusal.value.code == "item.not_failed"


def test_finish_of_a_paused_batch_asks_to_resume_it_first(owner: User) -> None:
    batch = make_batch(owner, files=1)
    services.pause_batch(services.owner_scope(owner), batch.id)

    with pytest.raises(Refused, match="Resume it first") as refusal:
        services.finish_without_missing(services.owner_scope(owner), batch.id)

    assert refusal.value.code == "batch.paused"
    batch.refresh_from_db()
    assert batch.sealed_at is None
