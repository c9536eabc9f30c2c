"""`manage.py reconcile --once` recovers lost files and wakes up workers."""

import io

import pytest
import redis
from django.core.management import call_command
from pytest_django import Settings

from batches.engine import claim
from batches.messaging.wake_ups import QUEUE
from batches.models import BatchItem
from batches.models.states import ItemStatus
from tests.support.batches import assert_counters_match, make_batch
from tests.support.users import make_user

pytestmark = pytest.mark.django_db(transaction=True)
DEAD = 4711


def run_once() -> str:
    out = io.StringIO()
    call_command("reconcile", "--once", stdout=out)
    return out.getvalue()


def test_reconcile_recovers_files_of_a_dead_worker_and_wakes_workers(
    settings: Settings, redis_client: "redis.Redis"
) -> None:
    settings.GRACE_SECONDS = 0
    batch = make_batch(make_user("ada"), files=1)
    assert claim.claim_item(batch.id, DEAD) is not None

    output = run_once()

    assert output == "Done.\n"
    assert BatchItem.objects.get().status == ItemStatus.PENDING
    assert redis_client.llen(f"dramatiq:{QUEUE}") >= 1
    assert_counters_match(batch)
