"""The commands that users and guests can run on batches and pictures."""

from batches.models.scope import (
    CANCEL_BATCHES,
    CHANGE_BATCHES,
    DELETE_BATCHES,
    DELETE_PICTURES,
    NotFound,
    Scope,
    operator_scope,
    owner_scope,
)
from batches.services.batch_commands import (
    cancel_batch,
    create_album_of_batch,
    finish_without_missing,
    open_batch,
    pause_batch,
    prioritize_batch,
    rename_batch,
    resume_batch,
    seal_batch,
)
from batches.services.deletion import delete_batch, delete_pictures, deletion_extent
from batches.services.failure_commands import CommandResult, dismiss_code, restore_code, retry_code
from batches.services.guest_links import (
    create_guest_link,
    find_guest_link,
    receive_from_guest,
    receive_part_from_guest,
    revoke_guest_link,
)
from batches.services.last_seen import mark_all_seen, mark_batch_seen
from batches.services.picture_edits import (
    edit_description,
    edit_pictures,
    remove_label,
    restore_label,
    undo_edit,
)
from batches.services.reprocessing import (
    count_library,
    reanalyse_batch,
    reanalyse_library,
    reanalyse_pictures,
    retry_failed,
    retry_item,
)
from batches.services.trash import delete_trashed, empty_trash, restore_pictures, trash_pictures, undo_trash
from uploads.button_requests import MAX_PICTURES
from uploads.picture_edits import EditResult

__all__ = [
    "CANCEL_BATCHES",
    "CHANGE_BATCHES",
    "DELETE_BATCHES",
    "DELETE_PICTURES",
    "MAX_PICTURES",
    "CommandResult",
    "EditResult",
    "NotFound",
    "Scope",
    "cancel_batch",
    "count_library",
    "create_album_of_batch",
    "create_guest_link",
    "delete_batch",
    "delete_pictures",
    "delete_trashed",
    "deletion_extent",
    "dismiss_code",
    "edit_description",
    "edit_pictures",
    "empty_trash",
    "find_guest_link",
    "finish_without_missing",
    "mark_all_seen",
    "mark_batch_seen",
    "open_batch",
    "operator_scope",
    "owner_scope",
    "pause_batch",
    "prioritize_batch",
    "reanalyse_batch",
    "reanalyse_library",
    "reanalyse_pictures",
    "receive_from_guest",
    "receive_part_from_guest",
    "remove_label",
    "rename_batch",
    "restore_code",
    "restore_label",
    "restore_pictures",
    "resume_batch",
    "retry_code",
    "retry_failed",
    "retry_item",
    "revoke_guest_link",
    "seal_batch",
    "trash_pictures",
    "undo_edit",
    "undo_trash",
]
