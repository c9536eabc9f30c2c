"""Record the attempts at a file that failed or were lost, before its row is overwritten.

A file that succeeds at the first attempt has no rows here.
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
    """Record that these items failed, before they are retried. The caller has locked their rows."""
    _record(items, AttemptEnd.FAILED)


def record_losses(items: Collection[int]) -> None:
    """Record that these items were taken from a worker that is missing or hangs. The caller has locked their rows."""
    _record(items, AttemptEnd.LOST)


def delete_history(items: Collection[int]) -> None:
    """Delete the attempts of items that are deleted in the same transaction."""
    Attempt.objects.filter(item_id__in=items).delete()


def _record(items: Collection[int], end: AttemptEnd) -> None:
    if items:
        with connection.cursor() as cursor:
            cursor.execute(INSERT_ATTEMPTS, {"end": end.value, "items": list(items)})
