"""Commands that retry, dismiss or restore all failures with one error code, across many batches.

Retrying and dismissing change only files that failed at `until` or earlier, because the user has not seen later
failures; restoring undoes one dismissal. Batches are changed in small steps, so an interrupted command can be repeated;
repeating a finished one has no effect.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from batches.engine import dismiss, retry
from batches.engine.refusals import Refused
from batches.models import BatchItem, error_codes
from batches.models.open_failures import dismissed_failures, open_failures
from batches.models.scope import CHANGE_BATCHES, NotFound, Scope

CHUNK_BATCHES = 200


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The number of changed files, the ids of their batches, and the number of batches that refused the command.

    `at` is the time of the dismissal, which is needed to undo it, or None if nothing was dismissed.
    """

    files: int
    batches: tuple[int, ...]
    refused: int = 0
    at: datetime | None = None


def retry_code(scope: Scope, code: str, until: datetime) -> CommandResult:
    """Queue the open failures with this error code whose bytes are stored. Raises NotFound, Refused."""
    batch_ids = _batches_with_open(scope, code, until)
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
    """Hide the failures with this error code from the "Problems" page. Raises NotFound."""
    batch_ids = _batches_with_open(scope, code, until)
    at = timezone.now()
    files = sum(dismiss.dismiss_failures(chunk, code, until, at) for chunk in _chunks(batch_ids))
    return CommandResult(files, tuple(batch_ids) if files else (), at=at if files else None)


def restore_code(scope: Scope, code: str, at: datetime) -> CommandResult:
    """Restore the failures with this error code that were dismissed at the time `at`. Raises NotFound."""
    batch_ids = _batches_of(dismissed_failures(_checked(scope), code, at, CHANGE_BATCHES))
    files = sum(dismiss.restore_failures(chunk, code, at) for chunk in _chunks(batch_ids))
    return CommandResult(files, tuple(batch_ids) if files else ())


def _checked(scope: Scope) -> Scope:
    """Return the scope. Raises NotFound if it is for all owners but the user lacks the permission.

    The command does not fall back to the user's own failures, because the admin page does not count them separately.
    """
    if scope.all_owners and not scope.covers_all():
        raise NotFound
    return scope


def _batches_with_open(scope: Scope, code: str, until: datetime) -> list[int]:
    failures = open_failures(_checked(scope), CHANGE_BATCHES)
    return _batches_of(failures.filter(error_code=code, finished_at__lte=until))


def _batches_of(failures: QuerySet[BatchItem]) -> list[int]:
    """Return the ids of the failures' batches, in ascending order."""
    return list(failures.order_by("batch_id").values_list("batch_id", flat=True).distinct())


def _chunks(batch_ids: list[int]) -> Iterator[list[int]]:
    return (batch_ids[start : start + CHUNK_BATCHES] for start in range(0, len(batch_ids), CHUNK_BATCHES))
