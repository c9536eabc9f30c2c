"""Finish deletions: rows of deleted batches and files of deleted pictures; then remove old partial files and old rows.

Runs on a separate thread of every worker process: a large deletion takes minutes, the storage may be down, and recovery
must not wait for either. Every step may be interrupted at any point and may run in several processes at once.
"""

from batches.engine.delete_batch import delete_chunk, deleting_batches, finish_deletion
from batches.intake.discard import discard_if_unneeded
from batches.intake.partial_cleanup import partial_cleaner
from batches.worker.prune_rows import prune_daily
from uploads.storage.file_deletion import purge_deleted_files


def clean_up() -> None:
    """Work until nothing is due. Without work this costs two queries over small indexes.

    Each round takes one chunk of each batch and one of files, so that no deletion waits until another is finished and a
    full disk gets space soon.
    """
    while any([_delete_some(batch_id) for batch_id in deleting_batches()] + [purge_deleted_files() > 0]):
        pass
    # Only after the deletions that people wait for.
    partial_cleaner.clean_if_due()
    prune_daily()


def _delete_some(batch_id: int) -> bool:
    """Delete a chunk of a batch's items, and finally the batch; return False if other processes are busy with it."""
    items, was_receiving = delete_chunk(batch_id)
    for item_id in was_receiving:
        discard_if_unneeded(item_id)
    return items > 0 or finish_deletion(batch_id)
