"""Record when owners last viewed their batches. This module is the only writer of OwnerLastSeen."""

from datetime import UTC, datetime

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from batches.messaging import live_events
from batches.models import OwnerLastSeen, UploadBatch
from batches.models.scope import Scope
from batches.models.states import LISTED_KINDS, BatchStatus

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def mark_all_seen(scope: Scope) -> None:
    """Record that the user saw the list of their batches. Writes only if a batch in it was still unseen."""
    if unseen_batches(scope.user_id).exists():
        _record_last_seen(scope.user_id, timezone.now())


def mark_batch_seen(scope: Scope, batch: UploadBatch) -> None:
    """Record that the user saw a completed batch, unless another one that completed earlier is still unseen."""
    if batch.status != BatchStatus.COMPLETED or batch.completed_at is None:
        return
    oldest = unseen_batches(scope.user_id).order_by("completed_at").values_list("id", flat=True).first()
    if oldest == batch.id:
        _record_last_seen(scope.user_id, batch.completed_at)


def _record_last_seen(owner_id: int, at: datetime) -> None:
    """Advance the time of the owner's last visit. If several calls run concurrently, the latest time wins."""
    _, created = OwnerLastSeen.objects.get_or_create(owner_id=owner_id, defaults={"last_seen_at": at})
    if created or OwnerLastSeen.objects.filter(owner_id=owner_id, last_seen_at__lt=at).update(last_seen_at=at):
        live_events.notify_owner_changed(owner_id)


def unseen_batches(owner_id: int) -> QuerySet[UploadBatch]:
    """Return the owner's batches that completed after the owner's last visit."""
    last_seen = OwnerLastSeen.objects.filter(owner_id=owner_id).values("last_seen_at")
    completed = UploadBatch.objects.filter(owner_id=owner_id, kind__in=LISTED_KINDS, status=BatchStatus.COMPLETED)
    return completed.filter(completed_at__gt=Coalesce(Subquery(last_seen), LONG_AGO))
