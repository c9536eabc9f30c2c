"""The SQL statement that completes, fails or ignores an item and counts it in its batch."""

from batches.engine.item_fields import FINISHED_SQL
from batches.models.batch import ENDED_ITEMS_SQL
from batches.models.states import COUNTERS, RESULT_COUNTERS, ItemStatus


def finish_statement(target: ItemStatus, condition: str, *assignments: str) -> str:
    """Return a statement that moves item %(item)s to `target` if it meets `condition`, and counts it in its batch.

    `condition` must allow only states from which states.py declares an edge to `target`. If the item does not meet
    it, the statement returns no row; otherwise, it returns the batch's id and whether this was the last live item of a
    sealed batch. The statement's other parameters are %(code)s, %(message)s, those of `assignments` and `condition`,
    and, if the target is `completed`, %(result)s.
    """
    assigned = [FINISHED_SQL, "error_code = %(code)s", "error_message = %(message)s", *assignments]
    counted = f"{COUNTERS[target]} = {COUNTERS[target]} + 1"
    if target == ItemStatus.IGNORED:
        # Neither `total` nor `expected_items` includes ignored items.
        counted += ", total = total - 1, expected_items = expected_items - LEAST(expected_items, 1)"
    if target == ItemStatus.COMPLETED:
        assigned.append("result = %(result)s")
        for result, counter in RESULT_COUNTERS.items():
            counted += f", {counter} = {counter} + (finished.result = '{result.value}')::int"
    return f"""
WITH finished AS (
    UPDATE batches_batchitem
       SET status = '{target.value}', {", ".join(assigned)}
     WHERE id = %(item)s AND {condition}
    RETURNING batch_id, result
)
UPDATE batches_uploadbatch SET {counted}, updated_at = clock_timestamp()
  FROM finished WHERE id = finished.batch_id
RETURNING id, sealed_at IS NOT NULL AND {ENDED_ITEMS_SQL} = total
"""
