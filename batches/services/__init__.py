"""The single door for commands by people: authorise, then call the engine."""

from batches.services.batches import (
    NotFound,
    cancel_batch,
    find_batch,
    is_operator,
    may_cancel_all,
    pause_batch,
    process_now,
    reanalyse_batch,
    rename_batch,
    resume_batch,
    retry_failed,
    retry_item,
)
from batches.services.deletion import (
    MOST_PICTURES,
    delete_batch,
    delete_pictures,
    extent_of,
    may_delete_batches,
    may_delete_pictures,
)
from batches.services.failures import CommandResult, dismiss_code, retry_code
from batches.services.last_seen import mark_all_seen, mark_batch_seen

__all__ = [
    "MOST_PICTURES",
    "CommandResult",
    "NotFound",
    "cancel_batch",
    "delete_batch",
    "delete_pictures",
    "dismiss_code",
    "extent_of",
    "find_batch",
    "is_operator",
    "mark_all_seen",
    "mark_batch_seen",
    "may_cancel_all",
    "may_delete_batches",
    "may_delete_pictures",
    "pause_batch",
    "process_now",
    "reanalyse_batch",
    "rename_batch",
    "resume_batch",
    "retry_code",
    "retry_failed",
    "retry_item",
]
