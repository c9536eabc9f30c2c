"""Create failed files through the engine."""

from batches.engine import claim, finish_item, incoming
from batches.models import BatchItem, UploadBatch
from tests.support.batches import digest

LOST_WORKER = 4711


def fail_stored(batch: UploadBatch, code: str = "item.internal", message: str = "It failed.") -> BatchItem:
    """Claim the first pending item of a batch and fail it. Unlike a rejected file, it has an upload."""
    claimed = claim.claim_item(batch.id, LOST_WORKER)
    assert claimed is not None
    assert finish_item.fail_item(claimed, code, message)
    return BatchItem.objects.get(id=claimed.item_id)


def reject_file(
    batch: UploadBatch, name: str, code: str = "file.unsupported", message: str = "It is a text."
) -> BatchItem:
    """Register a file and reject it. No upload is created."""
    item, _ = incoming.register_item(batch.id, incoming.NewFile(name, name, digest(batch.id, name), 1))
    assert incoming.reject_item(item.id, code, message)
    return BatchItem.objects.get(id=item.id)
