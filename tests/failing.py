"""Failures for tests, made through the engine."""

from batches.engine import arrive, claim, finish
from batches.models import BatchItem, UploadBatch
from tests.rows import digest

NOBODY = 4711


def fail_stored(batch: UploadBatch, code: str = "item.internal", message: str = "It failed.") -> BatchItem:
    """Let the first waiting file of a batch fail; its bytes are stored."""
    taken = claim.claim_item(batch.id, NOBODY)
    assert taken is not None
    assert finish.fail(taken, code, message)
    return BatchItem.objects.get(id=taken.item_id)


def refuse(batch: UploadBatch, name: str, code: str = "file.unsupported", message: str = "It is a text.") -> BatchItem:
    """Refuse a new file of a batch; its bytes are not kept."""
    item, _ = arrive.add_item(batch.id, arrive.NewFile(name, name, digest(batch.id, name), 1))
    assert arrive.refuse_item(item.id, code, message)
    return BatchItem.objects.get(id=item.id)
