"""The owner's last look: what was completed before it is no news. Nobody else writes it."""

from datetime import datetime

from django.utils import timezone

from batches import events
from batches.models import OwnerLook, UploadBatch
from batches.own import unseen
from batches.states import BatchStatus


def look_at_all(owner_id: int) -> None:
    """The owner sees the list of batches: nothing in it is news any more. Writes only when there was news."""
    if unseen(owner_id).exists():
        _looked(owner_id, timezone.now())


def look_at_one(batch: UploadBatch) -> None:
    """The owner sees a batch's page; its end is no news any more, unless another one ended before it unseen."""
    if batch.status != BatchStatus.COMPLETED or batch.completed_at is None:
        return
    oldest = unseen(batch.owner_id).order_by("completed_at").values_list("id", flat=True).first()
    if oldest == batch.id:
        _looked(batch.owner_id, batch.completed_at)


def _looked(owner_id: int, at: datetime) -> None:
    """A look never goes back: of two at a time the later one stays."""
    _, first = OwnerLook.objects.get_or_create(owner_id=owner_id, defaults={"looked_at": at})
    if first or OwnerLook.objects.filter(owner_id=owner_id, looked_at__lt=at).update(looked_at=at):
        events.owner_changed(owner_id)
