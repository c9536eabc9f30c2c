"""Brings deletions to their end: rows of deleted batches, files of deleted pictures. Runs in every worker process.

On a thread of its own: a large deletion takes minutes, and recovery must not wait for it. Every step may be cut off
anywhere, and run beside itself.
"""

from batches.engine.delete import batches_to_delete, delete_step, end_deletion
from batches.intake.dropping import drop_part
from uploads.burial import bury_due


def clean() -> None:
    """Work until nothing is left that is due. Where nothing is, two looks into small indexes are all of it."""
    for batch_id in batches_to_delete():
        _delete(batch_id)
    while bury_due():
        pass


def _delete(batch_id: int) -> None:
    """Delete what is left of a batch; meanwhile files go too, so that a full disk has room soon."""
    while True:
        items, cut_off = delete_step(batch_id)
        for item_id in cut_off:
            drop_part(item_id)
        if not items:
            break
        bury_due()
    end_deletion(batch_id)
