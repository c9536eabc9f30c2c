"""What needs a person's look: failures that were not dismissed, grouped by cause over all of somebody's batches.

`owner_id` is whose; None means everybody's, for staff. Nothing here asks who may see it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from batches.models import BatchItem
from batches.models.error_codes import ERROR_CODES, ErrorText, error_text
from batches.models.failures import open_failures
from batches.models.states import BatchStatus
from uploads.database import fetch_row

GROUPS_SHOWN = 30
EXAMPLES_SHOWN = 4
MOST_COUNTED = 100
"""As far as the number in the navigation counts: it is on every page."""

# Walks batch_owner_newest and, for batches with failures alone, item_open_failure; both ends stop at the limit.
COUNT = """
SELECT count(*) FROM (
    SELECT FROM batches_uploadbatch batch CROSS JOIN LATERAL (
        SELECT FROM batches_batchitem WHERE batch_id = batch.id AND status = 'failed' AND dismissed_at IS NULL
         LIMIT %(most)s
    ) item WHERE batch.owner_id = %(owner)s AND batch.failed > 0 AND batch.deleting_since IS NULL LIMIT %(most)s
) found
"""


@dataclass(frozen=True, slots=True)
class ErrorCodeGroup:
    """Failures of one cause. `until` is the end of the newest: a command for this group means no later one."""

    code: str
    count: int
    retryable: int
    until: datetime
    words: ErrorText
    examples: tuple[BatchItem, ...]

    @property
    def more(self) -> int:
        """How many files are not among the examples."""
        return self.count - len(self.examples)


def count_failures(owner_id: int) -> int:
    """Count somebody's failures, up to MOST_COUNTED."""
    row = fetch_row(COUNT, {"owner": owner_id, "most": MOST_COUNTED})
    return int(row[0]) if row else 0


def read_groups(owner_id: int | None) -> list[ErrorCodeGroup]:
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


def _group(owner_id: int | None, *, error_code: str, count: int, stored: int, until: datetime) -> ErrorCodeGroup:
    some = tuple(examples(owner_id, error_code))
    words = error_text(error_code, some[0].error_message if some and error_code not in ERROR_CODES else "")
    return ErrorCodeGroup(error_code, count, stored if words.retryable else 0, until, words, some)


def examples(owner_id: int | None, code: str) -> QuerySet[BatchItem]:
    """Return a few files of a cause: of one owner from the newest batches, of all the newest files."""
    same = open_failures(owner_id).filter(error_code=code).select_related("batch__owner")
    # In the order of item_open_failure or item_error_code, so that neither has to read all failures.
    order = ["-id"] if owner_id is None else ["-batch_id", "-id"]
    return same.order_by(*order)[:EXAMPLES_SHOWN]
