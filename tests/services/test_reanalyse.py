"""Who may start a re-analysis, in which batch states, and the error codes if it is refused."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from batches import services
from batches.engine import claim, finish_item, lifecycle
from batches.engine.refusals import Refused
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_match, make_batch
from tests.support.users import make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    """A user created in the test's transaction."""
    return make_user("owner")


def described(owner: User) -> UploadBatch:
    """Create a completed batch of one described file."""
    batch = make_batch(owner, files=1)
    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None
    assert finish_item.complete_item(claimed)
    lifecycle.seal_batch(batch.id)
    return batch


def test_reanalysis_by_an_operator_belongs_to_the_owner(owner: User) -> None:
    batch = described(owner)

    made = services.reanalyse_batch(services.operator_scope(make_staff("operator", "change_uploadbatch")), batch.id)

    again = UploadBatch.objects.get(id=made)
    assert (again.owner, again.source, again.total) == (owner, batch, 1)


def test_other_users_completed_batch_is_not_found(owner: User) -> None:
    batch = described(owner)

    with pytest.raises(services.NotFound):
        services.reanalyse_batch(services.owner_scope(make_user("other")), batch.id)

    assert not batch.reanalyses.exists()


def empty(owner: User) -> UploadBatch:
    batch = lifecycle.open_batch(owner.id, "Empty")
    lifecycle.seal_batch(batch.id)
    return batch


def running(owner: User) -> UploadBatch:
    return make_batch(owner, files=1)


def paused(owner: User) -> UploadBatch:
    batch = make_batch(owner, files=1)
    services.pause_batch(services.owner_scope(owner), batch.id)
    return batch


def cancelled(owner: User) -> UploadBatch:
    batch = make_batch(owner, files=1)
    services.cancel_batch(services.owner_scope(owner), batch.id)
    return batch


def described_again(owner: User) -> UploadBatch:
    """Create a completed batch whose picture is being described again."""
    batch = described(owner)
    services.reanalyse_batch(services.owner_scope(owner), batch.id)
    return batch


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (running, "batch.unfinished"),
        (paused, "batch.unfinished"),
        (cancelled, "batch.cancelled"),
        (empty, "batch.nothing_stored"),
        (described_again, "batch.reanalysis_running"),
    ],
)
def test_reanalysis_is_refused_with_a_stable_code(owner: User, make: Callable[[User], UploadBatch], code: str) -> None:
    batch = make(owner)
    before = UploadBatch.objects.count()

    with pytest.raises(Refused) as refusal:
        services.reanalyse_batch(services.owner_scope(owner), batch.id)

    assert refusal.value.code == code
    assert UploadBatch.objects.count() == before


def test_reanalysis_can_be_paused_resumed_and_cancelled(owner: User) -> None:
    again = UploadBatch.objects.get(id=services.reanalyse_batch(services.owner_scope(owner), described(owner).id))

    assert services.pause_batch(services.owner_scope(owner), again.id)
    assert claim.claim_item(again.id, 4711) is None
    assert services.resume_batch(services.owner_scope(owner), again.id)
    assert not services.finish_without_missing(services.owner_scope(owner), again.id)
    assert services.cancel_batch(services.owner_scope(owner), again.id)

    again.refresh_from_db()
    assert (again.status, again.cancelled) == (BatchStatus.CANCELLED, 1)
    assert_counters_match(again)


def test_cancelled_reanalysis_can_be_started_again(owner: User) -> None:
    batch = described(owner)
    first = services.reanalyse_batch(services.owner_scope(owner), batch.id)
    services.cancel_batch(services.owner_scope(owner), first)

    second = services.reanalyse_batch(services.owner_scope(owner), first)

    assert UploadBatch.objects.get(id=second).source == batch
