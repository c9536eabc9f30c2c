"""Another name for a batch: the one thing of it that its owner writes."""

from batches import events
from batches.models import UploadBatch


def rename_batch(batch_id: int, name: str) -> bool:
    """Give a batch a name of 1 to 200 signs. False: it is called so already, or is gone."""
    batch = UploadBatch.objects.filter(id=batch_id)
    owner_id = batch.values_list("owner_id", flat=True).first()
    if owner_id is None or not batch.exclude(name=name).update(name=name):
        return False
    events.batch_changed(batch_id)
    events.owner_changed(owner_id)
    return True
