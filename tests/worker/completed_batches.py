"""Batches that are done."""

from django.contrib.auth.models import User

from batches.engine import claim, finish, lifecycle
from batches.models import UploadBatch
from tests.support.batches import fill
from tests.support.failures import LOST_WORKER, fail_stored


def done(owner: User, name: str = "Iceland", described: int = 2, failed: int = 1) -> UploadBatch:
    """A completed batch."""
    batch = fill(owner, described + failed, name)
    for _ in range(failed):
        fail_stored(batch)
    for _ in range(described):
        taken = claim.claim_item(batch.id, LOST_WORKER)
        assert taken is not None
        assert finish.complete_item(taken)
    lifecycle.seal_batch(batch.id)
    batch.refresh_from_db()
    return batch
