"""A worker's identity: its heartbeat, and what happens to its claims when it gets a new worker id."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches.engine import claim
from batches.engine.liveness import WORKER_LOCK_CLASS, Identity, connection_parameters, last_heartbeats
from batches.models import BatchItem
from batches.models.states import ItemStatus
from tests.support.batches import make_batch
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
REFUSE = "ALTER TABLE batches_batchitem ADD CONSTRAINT refuse CHECK (worker <= {0})"
ALLOW = "ALTER TABLE batches_batchitem DROP CONSTRAINT IF EXISTS refuse"


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def identity(transactional_db: None) -> Iterator[Identity]:
    """The identity of a process that holds its lock."""
    identity = Identity()
    assert identity.acquire()
    yield identity
    execute(ALLOW)
    identity.release()


@pytest.fixture
def number(identity: Identity, owner: User) -> int:
    """The worker id of the process, which has one claim."""
    assert identity.id is not None
    assert claim.claim_item(make_batch(owner, files=1).id, identity.id) is not None
    return identity.id


@pytest.fixture
def old_session_alive(identity: Identity, number: int) -> Iterator[None]:
    """Close the worker's connection and take its lock in another session, as if the old session were still alive."""
    with closing(psycopg.connect(**connection_parameters(), autocommit=True)) as session:
        assert identity._connection is not None
        identity._connection.close()
        take = "SELECT pg_try_advisory_lock(%s, %s)"
        wait_until(lambda: (session.execute(take, [WORKER_LOCK_CLASS, number]).fetchone() or [False])[0])
        yield


def test_each_check_of_the_lock_is_a_heartbeat(identity: Identity) -> None:
    assert identity.id is not None
    first = last_heartbeats()[identity.id].at

    assert identity.acquire()

    second = last_heartbeats()[identity.id].at
    assert first is not None
    assert second is not None
    assert first < second


def test_claims_are_moved_at_a_later_attempt(identity: Identity, number: int, old_session_alive: None) -> None:
    execute(REFUSE.format(number))
    assert not identity.acquire()
    execute(ALLOW)

    assert identity.acquire()

    assert identity.id != number
    assert BatchItem.objects.get().worker == identity.id


def test_items_recovered_under_a_former_id_have_no_undecided_crash(
    identity: Identity, number: int, old_session_alive: None
) -> None:
    BatchItem.objects.update(
        status=ItemStatus.PENDING, queue_position=1, claim=None, worker=None, claimed_until=None, lost_worker=number
    )

    assert identity.acquire()

    assert BatchItem.objects.get().lost_worker is None
