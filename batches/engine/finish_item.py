"""Complete or fail one claimed item, if the claim is still valid."""

from collections.abc import Callable

from django.db import transaction

from batches.engine.complete_batch import complete_batches
from batches.engine.finish_sql import finish_statement
from batches.engine.in_flight import Claim
from batches.messaging import live_events
from batches.models.error_codes import default_message
from batches.models.states import ItemResult, ItemStatus
from uploads.database import fetch_row
from uploads.text import storable

# The statements do not check the item's status: the constraint item_claimed_while_processing guarantees that a claimed
# item is `processing`, and a condition on the status could make the planner use the index item_processing instead of
# the primary key.
CLAIMED = "claim = %(token)s"
COMPLETE = finish_statement(ItemStatus.COMPLETED, CLAIMED)
FAIL = finish_statement(ItemStatus.FAILED, CLAIMED)
SELECT_CLAIMED = f"SELECT id FROM batches_batchitem WHERE id = %(item)s AND {CLAIMED}"
# The commit is asynchronous, because it would otherwise wait for the disk once per file. If a power failure loses the
# commit, the item is still claimed, and recovery processes it again. Files are removed only after a later, synchronous
# commit, so files that the lost commit no longer needed still exist.
LOCK_CLAIMED = f"""
SELECT id, set_config('synchronous_commit', 'off', true)
  FROM batches_batchitem WHERE id = %(item)s AND {CLAIMED} FOR UPDATE
"""


def holds_claim(claim: Claim) -> bool:
    """Return whether the claim is still valid, that is, whether the item's row still has the claim's token."""
    return fetch_row(SELECT_CLAIMED, {"item": claim.item_id, "token": claim.token}) is not None


def complete_item(claim: Claim, save: Callable[[], None] | None = None, result: ItemResult = ItemResult.NEW) -> bool:
    """Complete an item. Return False and change nothing if the claim is no longer valid.

    If the picture was already processed, the result is always `duplicate`. `save` writes the results of processing. It
    runs in the same transaction and may only access the database.
    """
    if claim.already_processed:
        result = ItemResult.DUPLICATE
    if save is None:
        return _finish(COMPLETE, claim, result=result)
    with transaction.atomic():
        # Lock the item first and the batch last, so that other threads wait for the batch's row as briefly as possible.
        if fetch_row(LOCK_CLAIMED, {"item": claim.item_id, "token": claim.token}) is None:
            return False
        save()
        return _finish(COMPLETE, claim, result=result)


def fail_item(claim: Claim, code: str, message: str | None = None) -> bool:
    """Fail an item with a stable code and a message for its owner. Return False if the claim is no longer valid."""
    return _finish(FAIL, claim, code=code, message=default_message(code) if message is None else message)


def _finish(statement: str, claim: Claim, *, result: str = "", code: str = "", message: str = "") -> bool:
    row = fetch_row(
        statement,
        {
            "item": claim.item_id,
            "token": claim.token,
            "result": result,
            "code": storable(code)[:50],
            "message": storable(message)[:500],
        },
    )
    if row is None:
        return False
    _batch_id, last = row
    live_events.notify_batch_changed(claim.batch_id)
    if last:
        complete_batches(claim.batch_id)
    return True
