"""An item does not fail if PostgreSQL ends the session while the item is being finished."""

import pytest
from django.contrib.auth.models import User

from batches.engine import claim, runner
from batches.engine.circuit_breaker import breaker
from batches.engine.heartbeat import beat
from batches.engine.runner import run_job
from batches.models.states import ItemStatus
from tests.support import processors
from tests.support.batches import assert_counters_match, make_batch

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711


def test_item_whose_finish_lost_its_session_is_pending_again(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "process", processors.ended_by_server)
    batch = make_batch(owner, files=1)
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None

    run_job(claimed)
    stalled_by = breaker.open_cause()[0]
    breaker.reset("database.away")
    beat(WORKER)

    assert stalled_by == "database.away"
    assert batch.items.get().status == ItemStatus.PENDING
    assert_counters_match(batch)
