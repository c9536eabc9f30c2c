"""The history of a file's attempts: what is about to be overwritten in its row is kept.

Only what went wrong is written, so a file that is described at once costs nothing here.
"""

from collections.abc import Collection

from django.db import connection

from batches.models import Attempt
from batches.models.states import AttemptEnd

KEEP = """
INSERT INTO batches_attempt (item_id, "end", started_at, ended_at, worker, error_code, error_message)
SELECT id, %(end)s, started_at, coalesce(finished_at, clock_timestamp()), worker, error_code, error_message
  FROM batches_batchitem WHERE id = ANY(%(items)s)
"""


def record_failures(items: Collection[int]) -> None:
    """Note that these files failed, before they are tried again. The caller has their rows locked."""
    _keep(items, AttemptEnd.FAILED)


def record_losses(items: Collection[int]) -> None:
    """Note that these files were taken from a worker that is missing or hangs. The caller has their rows locked."""
    _keep(items, AttemptEnd.LOST)


def delete_history(items: Collection[int]) -> None:
    """Delete the history of files that are deleted in the same transaction."""
    Attempt.objects.filter(item_id__in=items).delete()


def _keep(items: Collection[int], end: AttemptEnd) -> None:
    if items:
        with connection.cursor() as cursor:
            cursor.execute(KEEP, {"end": end.value, "items": list(items)})
