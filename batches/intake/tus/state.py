"""Where a file stands: how much is here, until when the rest is waited for, and what became of it at its end."""

import time
from dataclasses import dataclass

from django.conf import settings

from batches.engine.incoming import is_resumable
from batches.engine.refusals import BatchClosed, Refused
from batches.intake import prefilter, register
from batches.intake.discard import discard_if_unneeded, expects_bytes
from batches.intake.finalize import IntakeOutcome, NotReceiving, finalize_item, recorded_outcome
from batches.intake.partial_file import PartialFile, locked_partial
from batches.intake.partial_paths import PartialFacts, partial_facts
from batches.intake.tus.protocol_error import TusError, busy, expired
from batches.models import BatchItem

STATUSES = {"file.too_large": 413, "upload.expired": 410, "file.withdrawn": 410}


@dataclass(frozen=True, slots=True)
class UploadState:
    """Where a file stands: its item, the bytes that are here and all of them; `note` says why it was not taken.

    `expires`: until when the rest is waited for, in seconds since 1970; None when nothing is missing. `metadata` is
    what the file was announced with, as far as it is kept.
    """

    item_id: int
    offset: int
    length: int
    note: str = ""
    expires: float | None = None
    metadata: tuple[tuple[str, str], ...] = ()


def upload_state(item: BatchItem) -> UploadState:
    """Say where the file stands, and finish what a crash left complete but not ended.

    Raises TusError, BatchClosed, PartBusy.
    """
    if not expects_bytes(item):
        discard_if_unneeded(item.id)  # left by a crash after the commit
        return _place_after(item, recorded_outcome(item))
    facts = partial_facts(item.id)
    refuse_expired(item, facts)
    if facts is None or facts.size < item.size:
        return waiting(item, facts)
    with locked_partial(item.id) as part:
        if part.size == item.size:
            return finish(item, part)
    # Between the look and the lock somebody else ended it.
    item.refresh_from_db()
    return waiting(item, partial_facts(item.id)) if expects_bytes(item) else _place_after(item, recorded_outcome(item))


def waiting(item: BatchItem, facts: PartialFacts | None) -> UploadState:
    """Say where a file stands of which more is to come."""
    return UploadState(item.id, facts.size if facts else 0, item.size, "", expires_at(item, facts))


def expires_at(item: BatchItem, facts: PartialFacts | None) -> float:
    """Return until when the rest is waited for at least, in seconds since 1970."""
    if facts is not None:
        return facts.changed + settings.PARTIAL_SECONDS
    given_up = item.finished_at.timestamp() if item.finished_at else time.time()
    return given_up + settings.PARTIAL_SECONDS


def refuse_expired(item: BatchItem, facts: PartialFacts | None) -> None:
    """Raise TusError 410 when the rest came too late, whether or not the part was swept already."""
    if expires_at(item, facts) < time.time():
        raise expired()


def forget_expired(item: BatchItem) -> None:
    """Announced once more, a file whose part expired begins anew. Raises PartBusy."""
    facts = partial_facts(item.id)
    if facts is not None and expires_at(item, facts) < time.time():
        with locked_partial(item.id) as part:
            if part.size and expires_at(item, part.facts()) < time.time():
                part.truncate(0)


def finish(item: BatchItem, part: PartialFile) -> UploadState:
    """End a complete part and say so. Raises TusError 410, 413, 422 for refused content, and what `end_item` raises."""
    owner_id = item.batch.owner_id
    for _ in range(2):
        try:
            if is_resumable(item):
                register.resume_file(item, owner_id)  # given up while the last bytes came: all of it is here now
            return _place_after(item, finalize_item(item, owner_id, part))
        except BatchClosed:
            raise
        except Refused as error:
            raise TusError(413, error.code, error.message) from error
        except NotReceiving:
            item.refresh_from_db()
            if not expects_bytes(item):
                return _place_after(item, recorded_outcome(item))
    raise busy()


def turn_away(item: BatchItem, part: PartialFile) -> None:
    """Raise TusError 422 when the first bytes say that the file is not taken; it is refused then, its part gone."""
    outcome = prefilter.reject_by_content(item, part)
    if outcome is not None:
        _place_after(item, outcome)


def refuse_as_before(item: BatchItem, owner_id: int) -> None:
    """Raise TusError 422 when the same file was refused before: see `early`. One statement."""
    if partial_facts(item.id) is None and (outcome := prefilter.reject_as_before(item, owner_id)):
        _place_after(item, outcome)


def _place_after(item: BatchItem, outcome: IntakeOutcome) -> UploadState:
    """An ended file is all here; one that was refused is an error, except an empty one: all of its bytes came."""
    if outcome.state == "refused" and item.size:
        raise TusError(STATUSES.get(outcome.code, 422), outcome.code, outcome.message)
    note = f"{outcome.code}: {outcome.message}" if outcome.state == "refused" else ""
    return UploadState(item.id, item.size, item.size, note)
