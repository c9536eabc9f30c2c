"""Record a failed or lost attempt in `batches_attempt` before the next attempt overwrites the item's row.

An item whose first attempt succeeds has no rows in this table.
"""

from collections.abc import Collection

from django.db import connection

from batches.models import Attempt
from batches.models.states import AttemptEnd

INSERT_ATTEMPTS = """
INSERT INTO batches_attempt (item_id, "end", started_at, ended_at, worker, error_code, error_message)
SELECT id, %(end)s, started_at, coalesce(finished_at, clock_timestamp()), worker, error_code, error_message
  FROM batches_batchitem WHERE id = ANY(%(items)s)
"""


def record_failures(items: Collection[int]) -> None:
    """Record the failed attempts of `items` before they are retried. The caller must have locked the item rows."""
    _record(items, AttemptEnd.FAILED)


def record_losses(items: Collection[int]) -> None:
    """Record that a missing or hung worker lost `items`. The caller must have locked the item rows."""
    _record(items, AttemptEnd.LOST)


def delete_history(items: Collection[int]) -> None:
    """Delete the recorded attempts of `items`. The caller deletes the items in the same transaction."""
    Attempt.objects.filter(item_id__in=items).delete()


def _record(items: Collection[int], end: AttemptEnd) -> None:
    if items:
        with connection.cursor() as cursor:
            cursor.execute(INSERT_ATTEMPTS, {"end": end.value, "items": list(items)})
