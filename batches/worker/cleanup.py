"""Delete what is no longer needed, and index new pictures.

Each round deletes the rows of deleted batches and the files of deleted pictures; it also deletes archives that are no
longer needed and pictures whose time in the trash is over. After the last round, partial files and old rows are cleaned
up if that is due. The cleanup runs on a separate thread of every worker process, because recovery must not wait for it:
a large deletion takes minutes, and the storage may be down. Each step can be interrupted at any point and can run in
several processes at once.
"""

from batches.engine.delete_archives import delete_unneeded_archives
from batches.engine.delete_batch import delete_chunk, deleting_batches, finish_deletion
from batches.engine.empty_trash import delete_expired_trash
from batches.intake.discard import discard_if_unneeded
from batches.intake.partial_cleanup import partial_cleaner
from batches.worker.prune_rows import prune_daily
from uploads.similar.due import MAX_INDEXED, index_due_pictures
from uploads.storage.file_deletion import purge_deleted_files


def clean_up() -> None:
    """Run rounds until nothing is left to delete or index. With nothing to do, this takes a few cheap queries.

    Each round deletes one chunk from each of up to 100 batches, and one chunk each of archives, expired pictures and
    files; it also indexes some new pictures. So no deletion waits for another one to finish, and space on a full
    disk is soon freed.
    """
    while any([
        *map(_delete_some, deleting_batches()),
        delete_unneeded_archives() > 0,
        delete_expired_trash() > 0,
        purge_deleted_files() > 0,
        index_due_pictures() == MAX_INDEXED,
    ]):  # fmt: skip
        pass
    # Partial files come last, because users may be waiting for the deletions above.
    partial_cleaner.clean_if_due()
    prune_daily()


def _delete_some(batch_id: int) -> bool:
    """Delete a chunk of a batch's items or, once it has none, the batch. Return whether anything was deleted.

    Nothing is deleted if other processes have locked the remaining rows.
    """
    items, was_receiving = delete_chunk(batch_id)
    for item_id in was_receiving:
        discard_if_unneeded(item_id)
    return items > 0 or finish_deletion(batch_id)
