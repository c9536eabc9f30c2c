"""The owner's last look: what was completed before it is no news. Nobody else writes it."""

from datetime import UTC, datetime

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from batches.messaging import live_events
from batches.models import OwnerLastSeen, UploadBatch
from batches.models.states import BatchStatus

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def mark_all_seen(owner_id: int) -> None:
    """The owner sees the list of batches: nothing in it is news any more. Writes only when there was news."""
    if unseen_batches(owner_id).exists():
        _looked(owner_id, timezone.now())


def mark_batch_seen(batch: UploadBatch) -> None:
    """The owner sees a batch's page; its end is no news any more, unless another one ended before it unseen."""
    if batch.status != BatchStatus.COMPLETED or batch.completed_at is None:
        return
    oldest = unseen_batches(batch.owner_id).order_by("completed_at").values_list("id", flat=True).first()
    if oldest == batch.id:
        _looked(batch.owner_id, batch.completed_at)


def _looked(owner_id: int, at: datetime) -> None:
    """A look never goes back: of two at a time the later one stays."""
    _, first = OwnerLastSeen.objects.get_or_create(owner_id=owner_id, defaults={"last_seen_at": at})
    if first or OwnerLastSeen.objects.filter(owner_id=owner_id, last_seen_at__lt=at).update(last_seen_at=at):
        live_events.notify_owner_changed(owner_id)


def unseen_batches(owner_id: int) -> QuerySet[UploadBatch]:
    """Return the batches that were completed since their owner last looked."""
    look = OwnerLastSeen.objects.filter(owner_id=owner_id).values("last_seen_at")
    return UploadBatch.objects.filter(
        owner_id=owner_id, status=BatchStatus.COMPLETED, completed_at__gt=Coalesce(Subquery(look), LONG_AGO)
    )
