"""Commands that retry or dismiss all failures with one error code, across many batches.

A command changes only files that failed at `until` or earlier, because the user has not seen later failures. Batches
are changed in small steps, so an interrupted command can be repeated; repeating a finished one changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from batches.engine import dismiss, retry
from batches.engine.refusals import Refused
from batches.models import error_codes
from batches.models.open_failures import open_failures
from batches.models.scope import CHANGE_BATCHES, NotFound, Scope

CHUNK_BATCHES = 200


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The number of changed files, the ids of their batches, and the number of batches that refused the command."""

    files: int
    batches: tuple[int, ...]
    refused: int


def retry_code(scope: Scope, code: str, until: datetime) -> CommandResult:
    """Queue the failed files with an error code again if their bytes are stored. Raises NotFound, Refused."""
    batch_ids = _batches_with(scope, code, until)
    if not error_codes.is_retryable(code):
        raise Refused("failures.permanent")
    files, changed, refused = 0, [], 0
    for batch_id in batch_ids:
        try:
            count = retry.retry_code(batch_id, code, until)
        except Refused:  # for example, because the batch is cancelled
            refused += 1
            continue
        files += count
        changed += [batch_id] if count else []
    return CommandResult(files, tuple(changed), refused)


def dismiss_code(scope: Scope, code: str, until: datetime) -> CommandResult:
    """Hide the failures with an error code from the "Problems" page. Raises NotFound."""
    batch_ids = _batches_with(scope, code, until)
    chunks = (batch_ids[start : start + CHUNK_BATCHES] for start in range(0, len(batch_ids), CHUNK_BATCHES))
    files = sum(dismiss.dismiss_failures(chunk, code, until) for chunk in chunks)
    return CommandResult(files, tuple(batch_ids) if files else (), 0)


def _batches_with(scope: Scope, code: str, until: datetime) -> list[int]:
    """Return the ids of the batches with such failures, in ascending order.

    Raises NotFound if the scope is for all owners but the user lacks the permission. In this case the command does not
    fall back to the user's own failures, because the admin page shows no separate count of them.
    """
    if scope.all_owners and not scope.covers_all():
        raise NotFound
    matching = open_failures(scope, CHANGE_BATCHES).filter(error_code=code, finished_at__lte=until)
    return list(matching.order_by("batch_id").values_list("batch_id", flat=True).distinct())
