"""The end of a batch."""

from django.db.models import F
from django.utils import timezone

from batches.engine.announce import batches_stand_otherwise
from batches.models import UploadBatch
from batches.states import BatchStatus, batch_sources


def settle(batch_id: int | None = None) -> int:
    """Complete the batch (or every batch) that is sealed and has no live item; returns how many became completed.

    The counters are exact, so they alone decide. Repeating it changes nothing.
    """
    now = timezone.now()
    batches = UploadBatch.objects.filter(
        status__in=batch_sources(BatchStatus.COMPLETED),
        sealed_at__isnull=False,
        total=F("successful") + F("failed") + F("cancelled"),
    )
    if batch_id is not None:
        batches = batches.filter(id=batch_id)
        ids = [batch_id]
    else:
        ids = list(batches.values_list("id", flat=True))
        batches = batches.filter(id__in=ids)
    completed = batches.update(status=BatchStatus.COMPLETED, completed_at=now, updated_at=now)
    if completed:
        batches_stand_otherwise(ids, final=True)
    return completed
