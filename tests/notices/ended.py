"""Batches that are done."""

from django.contrib.auth.models import User

from batches.engine import arrive, claim, finish
from batches.models import UploadBatch
from tests.failing import NOBODY, fail_stored
from tests.rows import fill


def done(owner: User, name: str = "Iceland", described: int = 2, failed: int = 1) -> UploadBatch:
    """A completed batch."""
    batch = fill(owner, described + failed, name)
    for _ in range(failed):
        fail_stored(batch)
    for _ in range(described):
        taken = claim.claim_item(batch.id, NOBODY)
        assert taken is not None
        assert finish.complete(taken)
    arrive.seal_batch(batch.id)
    batch.refresh_from_db()
    return batch
