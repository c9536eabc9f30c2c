"""Brings deletions to their end: rows of deleted batches, files of deleted pictures; now and then sweeps and tidies.

Runs in every worker process, on a thread of its own: a large deletion takes minutes, storage may be away, and recovery
must not wait for either. Every step may be cut off anywhere, and run beside itself.
"""

from batches.engine.delete import batches_to_delete, delete_step, end_deletion
from batches.intake.dropping import drop_part
from batches.intake.sweep import sweeper
from batches.tidying import tidy_at_times
from uploads.burial import bury_due


def clean() -> None:
    """Work until nothing is left that is due. Where nothing is, two looks into small indexes are all of it.

    In turns, a step of each batch and then a chunk of files: no deletion waits for another's end, not even one that
    began meanwhile, and a full disk has room soon.
    """
    while any([_step(batch_id) for batch_id in batches_to_delete()] + [bury_due() > 0]):
        pass
    # The deletions of people go first.
    sweeper.sweep_at_times()
    tidy_at_times()


def _step(batch_id: int) -> bool:
    """Delete some of what is left of a batch, at last the batch; False: other processes are at it."""
    items, cut_off = delete_step(batch_id)
    for item_id in cut_off:
        drop_part(item_id)
    return items > 0 or end_deletion(batch_id)
