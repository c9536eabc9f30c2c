"""Whose batches a user may command."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser, User

from batches import services
from batches.models.states import BatchStatus
from tests.support.batches import fill, served
from tests.support.users import make_staff, make_user

pytestmark = pytest.mark.django_db

COMMANDS = [
    services.pause_batch,
    services.resume_batch,
    services.cancel_batch,
    services.retry_failed,
    services.process_now,
    services.reanalyse_batch,
]


@pytest.fixture
def owner(db: None) -> User:
    """A person; these tests need no committed rows."""
    return make_user("owner")


@pytest.fixture
def other(db: None) -> User:
    """A person; these tests need no committed rows."""
    return make_user("other")


@pytest.mark.parametrize("command", COMMANDS)
def test_foreign_batch_is_not_found_and_not_changed(owner: User, other: User, command: Callable[..., object]) -> None:
    batch = fill(owner, files=1)

    with pytest.raises(services.NotFound):
        command(other, batch.id, everybody=True)

    batch.refresh_from_db()
    assert (batch.status, batch.sealed_at) == (BatchStatus.PROCESSING, None)


@pytest.mark.parametrize("command", [*COMMANDS, services.retry_item])
def test_missing_row_is_not_found(owner: User, command: Callable[[User, int], object]) -> None:
    with pytest.raises(services.NotFound):
        command(owner, 4_000_000_000)


def test_foreign_file_is_not_found(owner: User, other: User) -> None:
    item = fill(owner, files=1).items.get()

    with pytest.raises(services.NotFound):
        services.retry_item(other, item.id)


def test_nobody_signed_in_finds_nothing(owner: User) -> None:
    batch = fill(owner, files=1)

    with pytest.raises(services.NotFound):
        services.pause_batch(AnonymousUser(), batch.id)


def test_staff_without_the_permission_finds_nothing(owner: User) -> None:
    batch = fill(owner, files=1)
    staff = make_staff("viewer", "view_uploadbatch")

    with pytest.raises(services.NotFound):
        services.cancel_batch(staff, batch.id, everybody=True)


def test_permission_without_being_staff_finds_nothing(owner: User) -> None:
    batch = fill(owner, files=1)
    former = make_staff("former", "change_uploadbatch")
    former.is_staff = False
    former.save()

    with pytest.raises(services.NotFound):
        services.pause_batch(former, batch.id, everybody=True)


def test_staff_with_the_permission_commands_any_batch(owner: User) -> None:
    batch = fill(owner, files=1)
    staff = make_staff("operator", "change_uploadbatch")

    assert services.pause_batch(staff, batch.id, everybody=True)

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PAUSED


@pytest.mark.parametrize("command", COMMANDS)
def test_operator_commands_as_an_owner_what_is_their_own_alone(owner: User, command: Callable[..., object]) -> None:
    batch = fill(owner, files=1)

    with pytest.raises(services.NotFound):
        command(make_staff("operator", "change_uploadbatch", "cancel_uploadbatch"), batch.id)


@pytest.mark.parametrize("permissions", [["change_uploadbatch"], ["cancel_uploadbatch"]])
def test_cancelling_everybodys_takes_its_own_permission_too(owner: User, permissions: list[str]) -> None:
    batch = fill(owner, files=1)

    with pytest.raises(services.NotFound):
        services.cancel_batch(make_staff("operator", *permissions), batch.id, everybody=True)


def test_operator_with_the_permission_cancels_any_batch(owner: User) -> None:
    batch = fill(owner, files=1)
    staff = make_staff("operator", "change_uploadbatch", "cancel_uploadbatch")

    assert services.cancel_batch(staff, batch.id, everybody=True)


def test_process_now_by_staff_seals_and_serves_before_the_others(owner: User, other: User) -> None:
    first, wanted = fill(owner, files=2), fill(other, files=2)
    assert [served() for _ in range(3)] == [first.id, wanted.id, first.id]
    assert served() == wanted.id

    services.process_now(make_staff("operator", "change_uploadbatch"), wanted.id, everybody=True)

    wanted.refresh_from_db()
    assert wanted.sealed_at is not None
    assert served() == wanted.id


def test_process_now_by_the_owner_seals_and_takes_no_turn_of_others(owner: User, other: User) -> None:
    first, second = fill(owner, files=2), fill(other, files=2)
    assert [served() for _ in range(2)] == [first.id, second.id]

    assert services.process_now(other, second.id)
    assert not services.process_now(other, second.id)

    second.refresh_from_db()
    assert second.sealed_at is not None
    assert served() == first.id
