"""Commands on all failures with one error code change the right failures and keep the counters correct."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.utils import timezone

from batches import services
from batches.engine import cancel
from batches.engine.refusals import Refused
from batches.failures import queries
from batches.models import BatchItem
from batches.models.states import BatchStatus, ItemStatus
from batches.services import CommandResult, Scope
from tests.services.failed_batches import CODE, failed_batch, open_count
from tests.support.batches import assert_counters_match, make_batch
from tests.support.failures import fail_stored, reject_file
from tests.support.users import make_staff

pytestmark = pytest.mark.django_db
Command = Callable[[Scope, str, datetime], CommandResult]


def test_retry_queues_the_failures_of_all_batches(owner: User) -> None:
    one, two = failed_batch(owner, 2, "One"), failed_batch(owner, 1, "Two")
    reject_file(two, "a.txt")

    done = services.retry_code(services.owner_scope(owner), CODE, timezone.now())

    assert (done.files, done.batches, done.refused) == (3, (one.id, two.id), 0)
    assert open_count(owner) == 1
    for batch in (one, two):
        assert_counters_match(batch)


def test_repeated_retry_changes_nothing(owner: User) -> None:
    failed_batch(owner, 2)
    seen = timezone.now()
    services.retry_code(services.owner_scope(owner), CODE, seen)

    assert services.retry_code(services.owner_scope(owner), CODE, seen).files == 0


def test_retry_skips_failures_newer_than_the_page(owner: User) -> None:
    batch = failed_batch(owner, 1)
    seen = timezone.now()
    fail_stored(batch)

    assert services.retry_code(services.owner_scope(owner), CODE, seen).files == 1

    assert open_count(owner) == 1


def test_retry_in_chunks_reaches_all_failures(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batches.engine.retry.CHUNK", 2)
    batch = failed_batch(owner, 5)

    assert services.retry_code(services.owner_scope(owner), CODE, timezone.now()).files == 5

    assert_counters_match(batch)


def test_retry_of_permanent_failures_is_refused(owner: User) -> None:
    failed_batch(owner, 1, code="image.truncated")

    with pytest.raises(Refused) as refusal:
        services.retry_code(services.owner_scope(owner), "image.truncated", timezone.now())

    assert refusal.value.code == "failures.permanent"
    assert open_count(owner) == 1


def test_retry_skips_a_cancelled_batch(owner: User) -> None:
    cancelled, running = failed_batch(owner, 1, "Gone"), failed_batch(owner, 1, "There")
    cancel.cancel_batch(cancelled.id)

    done = services.retry_code(services.owner_scope(owner), CODE, timezone.now())

    assert (done.files, done.batches, done.refused) == (1, (running.id,), 1)
    assert_counters_match(cancelled)


def test_failures_of_a_deleted_batch_are_hidden(owner: User) -> None:
    batch = failed_batch(owner, 2)

    services.delete_batch(services.owner_scope(owner), batch.id)

    assert open_count(owner) == 0
    assert queries.read_groups(services.owner_scope(owner)) == []
    assert services.retry_code(services.owner_scope(owner), CODE, timezone.now()).files == 0


@pytest.mark.parametrize("command", [services.retry_code, services.dismiss_code])
class TestScope:
    """Which users' failures a command changes."""

    def test_command_reaches_no_failures_of_other_users(self, owner: User, other: User, command: Command) -> None:
        batch = failed_batch(owner, 1)

        assert self.run(command, services.owner_scope(other)) == 0

        assert BatchItem.objects.filter(batch=batch, status=ItemStatus.FAILED, dismissed_at=None).count() == 1

    def test_operator_scope_requires_the_permission(self, owner: User, other: User, command: Command) -> None:
        failed_batch(owner, 1)

        for person in (other, make_staff("viewer", "view_batchitem"), AnonymousUser()):
            with pytest.raises(services.NotFound):
                self.run(command, services.operator_scope(person))

    def test_operator_reaches_the_failures_of_all_owners(self, owner: User, other: User, command: Command) -> None:
        failed_batch(owner, 1)
        failed_batch(other, 1)

        assert self.run(command, services.operator_scope(make_staff("op", "change_uploadbatch"))) == 2

    def run(self, command: Command, scope: Scope) -> int:
        """Run the command and return the number of files it changed."""
        return command(scope, CODE, timezone.now()).files


@pytest.mark.django_db(transaction=True)
def test_concurrent_commands_change_each_file_once(owner: User) -> None:
    batches = [failed_batch(owner, 6, name) for name in ("One", "Two")]
    seen = timezone.now()

    def command(number: int) -> int:
        try:
            order = services.dismiss_code if number % 2 else services.retry_code
            return order(services.owner_scope(owner), CODE, seen).files
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(command, range(4)))

    assert sum(counts) == 12
    assert not BatchItem.objects.filter(status=ItemStatus.PENDING, dismissed_at__isnull=False).exists()
    for batch in batches:
        assert_counters_match(batch)


def test_retry_reopens_a_completed_batch(owner: User) -> None:
    batch = make_batch(owner, 1)
    fail_stored(batch)
    services.finish_without_missing(services.owner_scope(owner), batch.id)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.COMPLETED

    services.retry_code(services.owner_scope(owner), CODE, timezone.now())

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING
    assert_counters_match(batch)
