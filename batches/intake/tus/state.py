"""The state of an upload: its offset, expiry and outcome."""

import time
from dataclasses import dataclass

from django.conf import settings

from batches.intake.discard import expects_bytes
from batches.intake.outcome import IntakeOutcome
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import PartialFacts, partial_facts
from batches.intake.tus.protocol_error import TusError, expired
from batches.models import BatchItem
from batches.models.states import BatchStatus

STATUS_BY_CODE = {"file.too_large": 413, "upload.expired": 410, "file.withdrawn": 410}


@dataclass(frozen=True, slots=True)
class UploadState:
    """An upload's item and offset.

    `expires` is when the upload expires, in seconds since 1970, or None if the upload is finished. `note` is a message
    for the user.
    """

    item: BatchItem
    offset: int
    expires: float | None = None
    note: str = ""


def accepts_bytes(item: BatchItem) -> bool:
    """Return whether the client may send more bytes: the item expects bytes and its batch is not cancelled."""
    return item.batch.status != BatchStatus.CANCELLED and expects_bytes(item)


def incomplete_state(item: BatchItem, facts: PartialFacts | None) -> UploadState:
    return UploadState(item, facts.size if facts else 0, expires_at(item, facts))


def finished_state(item: BatchItem, outcome: IntakeOutcome) -> UploadState:
    """Return the state of a finished upload. Raises TusError if the file was refused.

    A refused empty file raises no error; the state's `note` gives the reason instead.
    """
    if outcome.state != "refused":
        return UploadState(item, item.size)
    if item.size:
        raise TusError(STATUS_BY_CODE.get(outcome.code, 422), outcome.code, outcome.message)
    return UploadState(item, item.size, note=f"{outcome.code}: {outcome.message}")


def expires_at(item: BatchItem, facts: PartialFacts | None) -> float:
    """Return when the upload expires, in seconds since 1970: PARTIAL_SECONDS after its last change.

    Without a partial file, the period begins when the item was abandoned, or now if the item is `receiving`.
    """
    if facts is not None:
        return facts.changed + settings.PARTIAL_SECONDS
    abandoned = item.finished_at.timestamp() if item.finished_at else time.time()
    return abandoned + settings.PARTIAL_SECONDS


def refuse_expired(item: BatchItem, facts: PartialFacts | None) -> None:
    """Raise TusError 410 if the upload has expired; see `expires_at`."""
    if expires_at(item, facts) < time.time():
        raise expired()


def restart_if_expired(item: BatchItem) -> None:
    """If the upload has expired, empty its partial file, so that the client can start again. Raises PartialFileBusy."""
    facts = partial_facts(item.id)
    if facts is not None and expires_at(item, facts) < time.time():
        with locked_partial(item.id) as locked:
            if locked.size and expires_at(item, locked.facts()) < time.time():
                locked.truncate(0)
