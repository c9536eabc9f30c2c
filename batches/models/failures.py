"""Query the failures that still need attention."""

from django.db.models import QuerySet

from batches.models.item import BatchItem
from batches.models.managers import in_visible_batches
from batches.models.states import ItemStatus


def open_failures(owner_id: int | None) -> QuerySet[BatchItem]:
    """Return the failed items in visible batches whose failures were not dismissed.

    If `owner_id` is None, return those of all owners.
    """
    failed = in_visible_batches(BatchItem.objects.filter(status=ItemStatus.FAILED, dismissed_at=None))
    return failed if owner_id is None else failed.filter(batch__owner_id=owner_id)
