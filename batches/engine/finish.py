"""The end of one file's processing: guard the finish, not the start."""

from collections.abc import Callable

from django.db import transaction

from batches.engine.complete import complete_batches
from batches.engine.in_flight import Claim
from batches.messaging import live_events
from batches.models.error_codes import default_message
from uploads.database import fetch_row
from uploads.text import storable

# One statement, so one transaction: the item's row first, then its batch's counter, and neither without the other. It
# tells whether this was the last file of a sealed batch.
# Only the holder of the claim gets a row back; only a row in processing carries one (item_claimed_while_processing).
FINISH = """
WITH finished AS (
    UPDATE batches_batchitem
       SET status = %(status)s, stage = '', claim = NULL, worker = NULL, claimed_until = NULL,
           finished_at = clock_timestamp(), duplicate = duplicate OR %(known)s,
           error_code = %(code)s, error_message = %(message)s
     WHERE id = %(item)s AND claim = %(token)s
    RETURNING batch_id, status
)
UPDATE batches_uploadbatch
   SET successful = successful + (finished.status = 'completed')::int,
       failed = failed + (finished.status = 'failed')::int,
       updated_at = clock_timestamp()
  FROM finished WHERE id = finished.batch_id
RETURNING sealed_at IS NOT NULL AND successful + failed + cancelled = total
"""

LOOK = "SELECT id FROM batches_batchitem WHERE id = %(item)s AND claim = %(token)s"
GUARD = f"{LOOK} FOR UPDATE"


def holds_claim(claim: Claim) -> bool:
    """Whether a finish would change anything by now: the file was not taken back, its picture not deleted."""
    return fetch_row(LOOK, {"item": claim.item_id, "token": claim.token}) is not None


def complete_item(claim: Claim, save: Callable[[], None] | None = None) -> bool:
    """Finish a file well. `save` writes its results in the same transaction, and waits for nothing but the database.

    False: somebody else has it, nothing changed.
    """
    if save is None:
        return _finish(claim, "completed")
    with transaction.atomic():
        # The item is locked first and the batch last, whose row all threads share: it is held as briefly as can be.
        if fetch_row(GUARD, {"item": claim.item_id, "token": claim.token}) is None:
            return False
        save()
        return _finish(claim, "completed")


def fail_item(claim: Claim, code: str, message: str | None = None) -> bool:
    """Finish a file badly, with a stable code and words for its owner, from wherever. False as for `complete`."""
    return _finish(claim, "failed", code, default_message(code) if message is None else message)


def _finish(claim: Claim, status: str, code: str = "", message: str = "") -> bool:
    row = fetch_row(
        FINISH,
        {
            "item": claim.item_id,
            "token": claim.token,
            "status": status,
            "known": claim.already_processed and status == "completed",
            "code": storable(code)[:50],
            "message": storable(message)[:500],
        },
    )
    if row is None:
        return False
    live_events.notify_batch_changed(claim.batch_id)
    if row[0]:
        complete_batches(claim.batch_id)
    return True
