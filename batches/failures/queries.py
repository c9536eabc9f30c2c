"""Queries for the "Problems" page and its count in the navigation. Failures are grouped by error code."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from batches.models import BatchItem
from batches.models.error_codes import ERROR_CODES, ErrorText, error_text
from batches.models.open_failures import dismissed_failures, open_failures
from batches.models.scope import VIEW_ITEMS, Scope
from batches.models.states import BatchStatus
from uploads.database import fetch_row

GROUPS_SHOWN = 30
EXAMPLES_SHOWN = 4
MAX_COUNTED = 100
"""Upper limit of the count in the navigation. The limit keeps the query cheap, because every page runs it."""

# Scans the indexes damagedfile_owner, batch_owner_newest and, only for batches with failures, item_open_failure. All
# scans stop at the limit.
COUNT = """
SELECT (SELECT count(*) FROM (SELECT FROM uploads_damagedfile WHERE owner_id = %(owner)s LIMIT %(limit)s) damaged)
     + count(*) FROM (
    SELECT FROM batches_uploadbatch batch CROSS JOIN LATERAL (
        SELECT FROM batches_batchitem WHERE batch_id = batch.id AND status = 'failed' AND dismissed_at IS NULL
         LIMIT %(limit)s
    ) item WHERE batch.owner_id = %(owner)s AND batch.failed > 0 AND batch.deleting_since IS NULL LIMIT %(limit)s
) found
"""


@dataclass(frozen=True, slots=True)
class ErrorCodeGroup:
    """Failures with one error code. `until` is when the newest one failed; commands on the group skip later ones."""

    code: str
    count: int
    retryable: int
    until: datetime
    text: ErrorText
    examples: tuple[BatchItem, ...]

    @property
    def more(self) -> int:
        """The number of the group's files that are not among the examples."""
        return self.count - len(self.examples)


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Failures with the same error code that were dismissed together and can be restored."""

    code: str
    at: datetime
    count: int


def find_dismissal(scope: Scope, code: str, at: datetime) -> Dismissal | None:
    """Return the dismissal with this code at this time, or None if none of its failures is still dismissed."""
    count = dismissed_failures(scope, code, at).count()
    return Dismissal(code, at, count) if count else None


def count_failures(owner_id: int) -> int:
    """Count the open failures and the damaged files of an owner, up to MAX_COUNTED."""
    row = fetch_row(COUNT, {"owner": owner_id, "limit": MAX_COUNTED})
    return min(int(row[0]), MAX_COUNTED) if row else 0


def read_groups(scope: Scope) -> list[ErrorCodeGroup]:
    """Return the groups with the most failures, largest first, up to GROUPS_SHOWN."""
    return [_group(scope, **counts) for counts in count_by_code(scope)]


def count_by_code(scope: Scope) -> QuerySet[BatchItem, Any]:
    """Return, for each error code, the number of failures, how many files are stored, and when the newest failed.

    Only the GROUPS_SHOWN most common codes are included. `stored` excludes cancelled batches, because their files
    cannot be retried.
    """
    stored = Q(upload__isnull=False) & ~Q(batch__status=BatchStatus.CANCELLED)
    counts = (
        open_failures(scope)
        .values("error_code")
        .annotate(count=Count("id"), stored=Count("id", filter=stored), until=Max("finished_at"))
    )
    return counts.order_by("-count", "error_code")[:GROUPS_SHOWN]


def _group(scope: Scope, *, error_code: str, count: int, stored: int, until: datetime) -> ErrorCodeGroup:
    some = tuple(examples(scope, error_code))
    text = error_text(error_code, some[0].error_message if some and error_code not in ERROR_CODES else "")
    return ErrorCodeGroup(error_code, count, stored if text.retryable else 0, until, text, some)


def examples(scope: Scope, code: str) -> QuerySet[BatchItem]:
    """Return a few failures with an error code: the newest or, for one owner, those in the newest batches."""
    failures = open_failures(scope).filter(error_code=code).select_related("batch__owner")
    # This order matches the index item_open_failure or item_error_code, so the query need not read all failures.
    order = ["-id"] if scope.covers_all(VIEW_ITEMS) else ["-batch_id", "-id"]
    return failures.order_by(*order)[:EXAMPLES_SHOWN]
