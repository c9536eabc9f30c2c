"""What needs a person's look: failures that were not dismissed, grouped by cause over all of somebody's batches.

`owner_id` is whose; None means everybody's, for staff. Nothing here asks who may see it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from batches.causes import CAUSES, Words, words_for
from batches.models import BatchItem
from batches.presence import in_present_batches
from batches.states import BatchStatus, ItemStatus
from uploads.prepared import fetch_row

GROUPS_SHOWN = 30
EXAMPLES_SHOWN = 4
MOST_COUNTED = 100
"""As far as the number in the navigation counts: it is on every page."""

# Walks batch_owner_newest and, for batches with failures alone, item_needs_a_look; both ends stop at the limit.
COUNT = """
SELECT count(*) FROM (
    SELECT FROM batches_uploadbatch batch CROSS JOIN LATERAL (
        SELECT FROM batches_batchitem WHERE batch_id = batch.id AND status = 'failed' AND dismissed_at IS NULL
         LIMIT %(most)s
    ) item WHERE batch.owner_id = %(owner)s AND batch.failed > 0 AND batch.deleting_since IS NULL LIMIT %(most)s
) found
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Failures of one cause. `until` is the end of the newest: a command for this group means no later one."""

    code: str
    count: int
    retryable: int
    until: datetime
    words: Words
    examples: tuple[BatchItem, ...]

    @property
    def more(self) -> int:
        """How many files are not among the examples."""
        return self.count - len(self.examples)


def open_failures(owner_id: int | None) -> QuerySet[BatchItem]:
    """Return the failures that were not dismissed, of batches that are not being deleted."""
    failed = in_present_batches(BatchItem.objects.filter(status=ItemStatus.FAILED, dismissed_at=None))
    return failed if owner_id is None else failed.filter(batch__owner_id=owner_id)


def count_failures(owner_id: int) -> int:
    """Count somebody's failures, up to MOST_COUNTED."""
    row = fetch_row(COUNT, {"owner": owner_id, "most": MOST_COUNTED})
    return int(row[0]) if row else 0


def read_groups(owner_id: int | None) -> list[Group]:
    """Return the causes with the most failures, the largest first; at most GROUPS_SHOWN."""
    return [_group(owner_id, **cause) for cause in causes(owner_id)]


def causes(owner_id: int | None) -> QuerySet[BatchItem, Any]:
    """Return the numbers of each cause."""
    stored = Q(upload__isnull=False) & ~Q(batch__status=BatchStatus.CANCELLED)
    found = open_failures(owner_id).values("error_code")
    counted = found.annotate(
        count=Count("id"),
        stored=Count("id", filter=stored),
        until=Max("finished_at"),
    )
    return counted.order_by("-count", "error_code")[:GROUPS_SHOWN]


def _group(owner_id: int | None, *, error_code: str, count: int, stored: int, until: datetime) -> Group:
    some = tuple(examples(owner_id, error_code))
    words = words_for(error_code, some[0].error_message if some and error_code not in CAUSES else "")
    return Group(error_code, count, stored if words.may_pass else 0, until, words, some)


def examples(owner_id: int | None, code: str) -> QuerySet[BatchItem]:
    """Return a few files of a cause: of one owner from the newest batches, of all the newest files."""
    same = open_failures(owner_id).filter(error_code=code).select_related("batch__owner")
    # In the order of item_needs_a_look or item_cause, so that neither has to read all failures.
    order = ["-id"] if owner_id is None else ["-batch_id", "-id"]
    return same.order_by(*order)[:EXAMPLES_SHOWN]


def batches_with(owner_id: int | None, code: str, until: datetime) -> list[int]:
    """Return the ids of the batches that hold failures of this cause, in order."""
    same = open_failures(owner_id).filter(error_code=code, finished_at__lte=until)
    return list(same.order_by("batch_id").values_list("batch_id", flat=True).distinct())
