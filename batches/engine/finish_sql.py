"""The SQL statement that completes or fails an item and counts it in its batch."""

from batches.engine.item_fields import FINISHED_SQL
from batches.models.batch import ENDED_ITEMS_SQL
from batches.models.states import COUNTERS, ItemStatus


def finish_statement(target: ItemStatus, assignments: str, condition: str) -> str:
    """Return a statement that sets the state of item %(item)s to `target` if it meets the condition, and counts it.

    The condition must hold only in states from which an edge to `target` is declared. The statement returns no row if
    the condition is not met; otherwise it returns the batch's id and whether this was the last live item of a sealed
    batch. Its other parameters are %(code)s, %(message)s, and those of `assignments` and `condition`.
    """
    counter = COUNTERS[target]
    return f"""
WITH finished AS (
    UPDATE batches_batchitem
       SET status = '{target.value}', {FINISHED_SQL}, {assignments}, error_code = %(code)s, error_message = %(message)s
     WHERE id = %(item)s AND {condition}
    RETURNING batch_id
)
UPDATE batches_uploadbatch SET {counter} = {counter} + 1, updated_at = clock_timestamp()
  FROM finished WHERE id = finished.batch_id
RETURNING id, sealed_at IS NOT NULL AND {ENDED_ITEMS_SQL} = total
"""
