"""The end of batches that nobody adds to any more."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from batches.engine.arrive import refuse_item, seal_batch
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus


def seal_abandoned() -> int:
    """Seal batches without activity for ABANDONED_SECONDS that still wait for files, and fail what never came.

    A sealed batch waits too while a file is `receiving`. Parts already received are kept until they expire: choosing
    the folder again reopens the batch.
    """
    since = timezone.now() - timedelta(seconds=settings.ABANDONED_SECONDS)
    receives = Exists(BatchItem.objects.filter(batch_id=OuterRef("id"), status=ItemStatus.RECEIVING))
    abandoned = UploadBatch.objects.filter(
        Q(sealed_at=None) | receives,
        updated_at__lt=since,
        status__in=[BatchStatus.PENDING, BatchStatus.PROCESSING, BatchStatus.PAUSED],
    )
    ids = list(abandoned.values_list("id", flat=True))
    for batch_id in ids:
        receiving = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.RECEIVING)
        for item_id in list(receiving.values_list("id", flat=True)):
            refuse_item(item_id, "item.abandoned", "It was never sent to its end. Choose the folder again to add it.")
        seal_batch(batch_id)
    return len(ids)
