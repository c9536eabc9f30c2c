"""Record that a batch's uploader is active, so that `batches.engine.missing_files` can detect interrupted uploads."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from batches.models import UploadBatch

RECORD_INTERVAL = timedelta(seconds=5)
"""Minimum time between two updates of a batch's row that record the uploader's activity."""


def record_activity(batch: UploadBatch) -> None:
    """Record, at most once every RECORD_INTERVAL, that the uploader sent a request or bytes for the batch."""
    now = timezone.now()
    since = now - RECORD_INTERVAL
    if batch.uploader_seen_at is not None and batch.uploader_seen_at >= since:
        return
    unrecorded = Q(uploader_seen_at=None) | Q(uploader_seen_at__lt=since)
    UploadBatch.objects.filter(unrecorded, id=batch.id).update(uploader_seen_at=now, updated_at=now)
    batch.uploader_seen_at = now
