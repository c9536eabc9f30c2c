"""While `complete_batches` waits for a locked batch, it keeps no other batch locked."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.engine.complete_batch import complete_batches
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import make_batch
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def complete_all() -> int:
    try:
        return complete_batches()
    finally:
        connection.close()


def test_waiting_for_a_locked_batch_locks_no_other(owner: User) -> None:
    ended = [make_batch(owner, files=0) for _ in range(3)]
    UploadBatch.objects.update(sealed_at=timezone.now())
    parameters = connection.get_connection_params()

    with ThreadPoolExecutor() as pool, psycopg.connect(**parameters) as other:
        other.execute("SELECT FROM batches_uploadbatch WHERE id = %s FOR UPDATE", [ended[1].id])
        completing = pool.submit(complete_all)
        wait_until(lambda: UploadBatch.objects.get(id=ended[0].id).status == BatchStatus.COMPLETED)
        job = UploadBatch.objects.get(id=ended[2].id).status
        other.rollback()

        assert completing.result(60) == 3
    assert job == BatchStatus.PENDING
