"""Which users' batches a command may change."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser, User

from batches import services
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from batches.services import Scope, operator_scope, owner_scope
from tests.support.batches import make_batch, next_batch_id
from tests.support.users import make_staff, make_user

pytestmark = pytest.mark.django_db

Command = Callable[[Scope, int], object]
COMMANDS = [
    services.pause_batch,
    services.resume_batch,
    services.cancel_batch,
    services.retry_failed,
    services.seal_batch,
    services.finish_without_missing,
    services.prioritize_batch,
    services.reanalyse_batch,
]


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner")


@pytest.fixture
def other(db: None) -> User:
    return make_user("other")


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """A running batch of one pending file."""
    return make_batch(owner, files=1)


@pytest.fixture
def operator(db: None) -> User:
    """Staff who may change and cancel all users' batches."""
    return make_staff("operator", "change_uploadbatch", "cancel_uploadbatch")


def assert_not_found(command: Command, scope: Scope, batch: UploadBatch) -> None:
    before = UploadBatch.objects.values().get(id=batch.id)
    with pytest.raises(services.NotFound):
        command(scope, batch.id)
    assert UploadBatch.objects.values().get(id=batch.id) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_other_users_batch_is_not_found(batch: UploadBatch, other: User, operator: User, command: Command) -> None:
    for scope in (owner_scope(other), operator_scope(other), owner_scope(AnonymousUser()), owner_scope(operator)):
        assert_not_found(command, scope, batch)


@pytest.mark.parametrize("command", [*COMMANDS, services.retry_item])
def test_missing_row_is_not_found(owner: User, operator: User, command: Command) -> None:
    for scope in (owner_scope(owner), operator_scope(operator)):
        for missing in (4_000_000_000, 10**30):
            with pytest.raises(services.NotFound):
                command(scope, missing)


def test_other_users_file_is_not_found(batch: UploadBatch, other: User) -> None:
    with pytest.raises(services.NotFound):
        services.retry_item(owner_scope(other), batch.items.get().id)


@pytest.mark.parametrize(
    ("command", "permissions"),
    [
        (services.pause_batch, ["view_uploadbatch"]),
        (services.cancel_batch, ["change_uploadbatch"]),
        (services.cancel_batch, ["cancel_uploadbatch"]),
    ],
)
def test_staff_without_the_permissions_find_nothing(
    batch: UploadBatch, command: Command, permissions: list[str]
) -> None:
    assert_not_found(command, operator_scope(make_staff("viewer", *permissions)), batch)


def test_permissions_of_a_user_who_is_not_staff_find_nothing(batch: UploadBatch, operator: User) -> None:
    operator.is_staff = False

    assert_not_found(services.pause_batch, operator_scope(operator), batch)


@pytest.mark.parametrize("command", [services.pause_batch, services.cancel_batch])
def test_operator_commands_any_batch(batch: UploadBatch, operator: User, command: Command) -> None:
    assert command(operator_scope(operator), batch.id)

    batch.refresh_from_db()
    assert batch.status in {BatchStatus.PAUSED, BatchStatus.CANCELLED}


def test_user_without_permissions_is_limited_to_their_own_in_the_operator_scope(
    batch: UploadBatch, owner: User
) -> None:
    assert services.pause_batch(operator_scope(owner), batch.id)


def test_prioritized_batch_is_served_next(owner: User, other: User, operator: User) -> None:
    first, second = make_batch(owner, files=2), make_batch(other, files=2)
    assert [next_batch_id() for _ in range(4)] == [first.id, second.id, first.id, second.id]

    assert services.prioritize_batch(operator_scope(operator), second.id)

    assert next_batch_id() == second.id


def test_owner_finishes_a_batch_without_priority_over_others(owner: User, other: User) -> None:
    first, second = make_batch(owner, files=2), make_batch(other, files=2)
    assert [next_batch_id() for _ in range(2)] == [first.id, second.id]

    assert services.finish_without_missing(owner_scope(other), second.id)
    assert not services.finish_without_missing(owner_scope(other), second.id)

    second.refresh_from_db()
    assert second.sealed_at is not None
    assert next_batch_id() == first.id
