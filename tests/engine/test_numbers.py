"""A process that goes on under another number takes its claims along, however often the database fails it meanwhile."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches.engine import claim
from batches.engine.liveness import WORKER_LOCK_CLASS, Identity, connection_parameters
from batches.models import BatchItem
from batches.models.states import ItemStatus
from tests.support.batches import fill
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
REFUSE = "ALTER TABLE batches_batchitem ADD CONSTRAINT refuse CHECK (worker <= {0})"
ALLOW = "ALTER TABLE batches_batchitem DROP CONSTRAINT IF EXISTS refuse"


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def identity(transactional_db: None) -> Iterator[Identity]:
    """A process that lives."""
    identity = Identity()
    assert identity.acquire()
    yield identity
    execute(ALLOW)
    identity.release()


@pytest.fixture
def number(identity: Identity, owner: User) -> int:
    """Its number, with which it has a file in hand."""
    assert identity.id is not None
    assert claim.claim_item(fill(owner, files=1).id, identity.id) is not None
    return identity.id


@pytest.fixture
def believed_in(identity: Identity, number: int) -> Iterator[None]:
    """Its connection is lost, and the server still believes in the session: the number's lock is held."""
    with closing(psycopg.connect(**connection_parameters(), autocommit=True)) as session:
        assert identity._connection is not None
        identity._connection.close()
        take = "SELECT pg_try_advisory_lock(%s, %s)"
        wait_until(lambda: (session.execute(take, [WORKER_LOCK_CLASS, number]).fetchone() or [False])[0])
        yield


def test_claims_come_along_at_a_later_try_when_the_first_failed(
    identity: Identity, number: int, believed_in: None
) -> None:
    execute(REFUSE.format(number))
    assert not identity.acquire()
    execute(ALLOW)

    assert identity.acquire()

    assert identity.id != number
    assert BatchItem.objects.get().worker == identity.id


def test_files_taken_back_under_the_former_number_have_no_death_to_come(
    identity: Identity, number: int, believed_in: None
) -> None:
    BatchItem.objects.update(
        status=ItemStatus.PENDING, queue_position=1, claim=None, worker=None, claimed_until=None, lost_worker=number
    )

    assert identity.acquire()

    assert BatchItem.objects.get().lost_worker is None
