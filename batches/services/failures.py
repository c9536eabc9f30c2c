"""What people may command of failures of one cause, over many batches: try them again, or hear no more of them.

Both mean the failures that the person has seen: those that had happened `until` then. Each batch is done by itself and
in chunks, so a command that was cut off is simply given again; given twice, the second finds nothing to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _

from batches.engine.dismiss import dismiss_failures as dismiss_in_batches
from batches.engine.refusals import Refused
from batches.engine.retry import retry_code as retry_in_batch
from batches.models import error_codes
from batches.models.failures import open_failures
from batches.services.batches import NotFound, is_operator

BATCHES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command changed: files, their batches by id, and in how many other batches it was not possible."""

    files: int
    batches: tuple[int, ...]
    refused: int


def retry_code(user: User | AnonymousUser, code: str, until: datetime, *, everybody: bool = False) -> CommandResult:
    """Queue one's own stored failures of a cause again, or everybody's for an operator. Raises NotFound, Refused."""
    owner_id = _whose(user, everybody=everybody)
    if not error_codes.is_retryable(code):
        raise Refused("failures.permanent", _("Trying again cannot help. Mend the files and add them once more."))
    return _each(_batches_with(owner_id, code, until), lambda batch: retry_in_batch(batch, code, until))


def dismiss_code(user: User | AnonymousUser, code: str, until: datetime, *, everybody: bool = False) -> CommandResult:
    """Take one's own failures of a cause out of the inbox, or everybody's for an operator. Raises NotFound."""
    owner_id = _whose(user, everybody=everybody)
    batches = _batches_with(owner_id, code, until)
    files = sum(dismiss_in_batches(some, code, until) for some in _groups(batches))
    return CommandResult(files, tuple(batches) if files else (), 0)


def _groups(batches: list[int]) -> list[list[int]]:
    return [batches[start : start + BATCHES_AT_ONCE] for start in range(0, len(batches), BATCHES_AT_ONCE)]


def _whose(user: User | AnonymousUser, *, everybody: bool) -> int | None:
    if user.pk is None or (everybody and not is_operator(user)):
        raise NotFound
    return None if everybody else user.pk


def _each(batches: list[int], command: Callable[[int], int]) -> CommandResult:
    """Do it batch by batch in the order of their ids; one that refuses, such as a cancelled one, stops no other."""
    files, changed, refused = 0, [], 0
    for batch_id in batches:
        try:
            count = command(batch_id)
        except Refused:
            refused += 1
        else:
            files += count
            changed += [batch_id] if count else []
    return CommandResult(files, tuple(changed), refused)


def _batches_with(owner_id: int | None, code: str, until: datetime) -> list[int]:
    """Return the ids of the batches that hold failures of this cause, in order."""
    same = open_failures(owner_id).filter(error_code=code, finished_at__lte=until)
    return list(same.order_by("batch_id").values_list("batch_id", flat=True).distinct())
