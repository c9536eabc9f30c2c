"""Dismissed failures are hidden, and dismissals can be undone."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from batches import services
from batches.engine import claim as claiming
from batches.engine import finish_item
from batches.models import UploadBatch
from batches.models.states import ItemStatus
from batches.services import Scope
from tests.services.failed_batches import CODE, failed_batch, open_count
from tests.support.batches import assert_counters_match, make_batch
from tests.support.failures import LOST_WORKER, fail_stored

pytestmark = pytest.mark.django_db


def test_dismissed_failures_are_hidden_and_stay_in_their_batch(owner: User) -> None:
    batch = failed_batch(owner, 2)

    done = services.dismiss_code(services.owner_scope(owner), CODE, timezone.now())

    assert (done.files, done.batches) == (2, (batch.id,))
    assert open_count(owner) == 0
    assert batch.items.filter(status=ItemStatus.FAILED).count() == 2
    assert_counters_match(batch)


def test_dismiss_changes_neither_counters_nor_times_of_the_batch(owner: User) -> None:
    batch = failed_batch(owner, 2)
    before = UploadBatch.objects.values().get(id=batch.id)

    services.dismiss_code(services.owner_scope(owner), CODE, timezone.now())

    assert UploadBatch.objects.values().get(id=batch.id) == before


def test_restored_failures_are_those_of_one_dismissal(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batches.engine.dismiss.CHUNK", 2)
    failed_batch(owner, 2, "One")
    services.dismiss_code(services.owner_scope(owner), CODE, timezone.now())
    batch = failed_batch(owner, 5, "Two")
    later = services.dismiss_code(services.owner_scope(owner), CODE, timezone.now())
    assert later.at is not None

    done = services.restore_code(services.owner_scope(owner), CODE, later.at)

    assert (done.files, done.batches) == (5, (batch.id,))
    assert open_count(owner) == 5
    assert services.restore_code(services.owner_scope(owner), CODE, later.at).files == 0
    assert_counters_match(batch)


@pytest.mark.parametrize("scope", [services.owner_scope, services.operator_scope])
def test_dismissal_is_not_undone_by_other_users(owner: User, other: User, scope: Callable[[User], Scope]) -> None:
    failed_batch(owner, 1)
    done = services.dismiss_code(services.owner_scope(owner), CODE, timezone.now())
    assert done.at is not None

    with suppress(services.NotFound):
        assert services.restore_code(scope(other), CODE, done.at).files == 0

    assert open_count(owner) == 0


def test_dismissed_failure_reappears_when_it_fails_again(owner: User) -> None:
    batch = make_batch(owner, 1)
    item = fail_stored(batch)
    services.dismiss_code(services.owner_scope(owner), CODE, timezone.now())
    services.retry_item(services.owner_scope(owner), item.id)
    assert open_count(owner) == 0

    fail_stored(batch)

    assert open_count(owner) == 1


def test_dismissed_file_that_succeeds_later_is_not_a_failure(owner: User) -> None:
    batch = make_batch(owner, 1)
    item = fail_stored(batch)
    services.dismiss_code(services.owner_scope(owner), CODE, timezone.now())
    services.retry_item(services.owner_scope(owner), item.id)
    claimed = claiming.claim_item(batch.id, LOST_WORKER)
    assert claimed is not None

    assert finish_item.complete_item(claimed)

    item.refresh_from_db()
    assert (item.status, item.dismissed_at) == (ItemStatus.COMPLETED, None)
