"""Brings deletions to their end: rows of deleted batches, files of deleted pictures; now and then sweeps and tidies.

Runs in every worker process, on a thread of its own: a large deletion takes minutes, storage may be away, and recovery
must not wait for either. Every step may be cut off anywhere, and run beside itself.
"""

from batches.engine.delete_batch import delete_chunk, deleting_batches, finish_deletion
from batches.intake.discard import discard_if_unneeded
from batches.intake.partial_cleanup import partial_cleaner
from batches.worker.prune_rows import prune_daily
from uploads.storage.file_deletion import purge_deleted_files


def clean_up() -> None:
    """Work until nothing is left that is due. Where nothing is, two looks into small indexes are all of it.

    In turns, a step of each batch and then a chunk of files: no deletion waits for another's end, not even one that
    began meanwhile, and a full disk has room soon.
    """
    while any([_step(batch_id) for batch_id in deleting_batches()] + [purge_deleted_files() > 0]):
        pass
    # The deletions of people go first.
    partial_cleaner.clean_if_due()
    prune_daily()


def _step(batch_id: int) -> bool:
    """Delete some of what is left of a batch, at last the batch; False: other processes are at it."""
    items, cut_off = delete_chunk(batch_id)
    for item_id in cut_off:
        discard_if_unneeded(item_id)
    return items > 0 or finish_deletion(batch_id)
