"""Query the failures that still need attention."""

from django.db.models import QuerySet

from batches.models.item import BatchItem
from batches.models.managers import in_visible_batches
from batches.models.states import ItemStatus


def open_failures(owner_id: int | None) -> QuerySet[BatchItem]:
    """Return the owner's failed items, except dismissed failures and items of batches that are being deleted.

    If `owner_id` is None, include the items of all owners.
    """
    failed = in_visible_batches(BatchItem.objects.filter(status=ItemStatus.FAILED, dismissed_at=None))
    return failed if owner_id is None else failed.filter(batch__owner_id=owner_id)
