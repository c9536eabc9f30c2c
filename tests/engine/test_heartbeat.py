"""The heartbeat writes the stage of each in-flight job, renews its lease, and tells jobs of paused batches to stop."""

import pytest
from django.contrib.auth.models import User

from batches.engine import claim, pause
from batches.engine.heartbeat import beat
from batches.engine.in_flight import JobStopped, in_flight
from batches.models import BatchItem
from batches.models.states import Stage
from tests.support.batches import make_batch
from tests.support.users import make_user

# The tests run outside a transaction, as a worker does.
pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user("ada")


def test_heartbeat_writes_the_stage(ada: User) -> None:
    claimed = claim.claim_item(make_batch(ada, files=1).id, WORKER)
    assert claimed is not None

    with in_flight.track(claimed) as job:
        job.enter(Stage.DESCRIBING)
        beat(WORKER)

    assert BatchItem.objects.get().stage == Stage.DESCRIBING


def test_lease_is_renewed_when_a_third_of_it_is_used_up(ada: User) -> None:
    claimed = claim.claim_item(make_batch(ada, files=1).id, WORKER)
    assert claimed is not None
    with in_flight.track(claimed) as job:
        job.enter(Stage.DESCRIBING)
        beat(WORKER)
        fresh = BatchItem.objects.get().claimed_until
        beat(WORKER)
        assert BatchItem.objects.get().claimed_until == fresh
        BatchItem.objects.update(claimed_until=BatchItem.objects.get().started_at)

        beat(WORKER)

    renewed = BatchItem.objects.get().claimed_until
    assert renewed is not None
    assert fresh is not None
    assert renewed > fresh


def test_job_of_a_paused_batch_stops_before_its_next_stage(ada: User) -> None:
    batch = make_batch(ada, files=1)
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    with in_flight.track(claimed) as job:
        pause.pause_batch(batch.id)
        beat(WORKER)

        with pytest.raises(JobStopped):
            job.enter(Stage.DESCRIBING)


def test_lost_claim_is_not_renewed(ada: User) -> None:
    claimed = claim.claim_item(make_batch(ada, files=1).id, WORKER)
    assert claimed is not None
    with in_flight.track(claimed) as job:
        job.enter(Stage.DESCRIBING)
        BatchItem.objects.update(claim="00000000-0000-4000-8000-000000000000")
        beat(WORKER)

    assert BatchItem.objects.get().stage == ""
