"""Create completed batches for the e-mail tests."""

from django.contrib.auth.models import User

from batches.engine import claim, finish_item, lifecycle
from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.failures import LOST_WORKER, fail_stored


def make_completed_batch(owner: User, name: str = "Iceland", described: int = 2, failed: int = 1) -> UploadBatch:
    batch = make_batch(owner, described + failed, name)
    for _ in range(failed):
        fail_stored(batch)
    for _ in range(described):
        claimed = claim.claim_item(batch.id, LOST_WORKER)
        assert claimed is not None
        assert finish_item.complete_item(claimed)
    lifecycle.seal_batch(batch.id)
    batch.refresh_from_db()
    return batch
