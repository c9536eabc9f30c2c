"""Find files that need not be sent: their owner already has them, or their first bytes show an unsupported type.

The client asks in two steps: for sizes, which it knows without reading, and for the digests of the files whose size was
found. For a file that cannot be a duplicate it sends the first bytes instead. Only the caller's own uploads are
searched. Bytes that are sent are checked and hashed again on arrival: stored files never rely on the client's digest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from batches.engine.refusals import BatchClosed, Refused
from batches.intake.discard import discard_if_unneeded
from batches.intake.file_name import FileName
from batches.intake.finalize import finalize_known
from batches.intake.outcome import IntakeOutcome, NotReceiving, recorded_outcome
from batches.intake.partial_file import PartialFileBusy
from batches.intake.prefilter import reject_by_head
from batches.intake.register import register_file
from batches.models import UploadBatch
from batches.models.states import ItemStatus
from uploads.models import Upload
from uploads.storage import is_stored

SAMPLE_BYTES = 256
"""This many first bytes suffice to distinguish supported types from all others."""


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file that its client has read completely: `sha256` is the hex digest of its bytes."""

    name: FileName
    sha256: str


@dataclass(frozen=True, slots=True)
class SampledFile:
    """A file of which its client has read the first SAMPLE_BYTES, or all if it has fewer: the `head`."""

    name: FileName
    head: bytes


def known_sizes(owner_id: int, sizes: Collection[int]) -> list[int]:
    """Return those of the sizes, in bytes, that occur among the owner's uploads. Index-only scan."""
    uploads = Upload.objects.filter(owner_id=owner_id, size__in=sizes)
    return list(uploads.order_by("size").values_list("size", flat=True).distinct())


def register_known(batch: UploadBatch, files: Sequence[HashedFile | SampledFile]) -> list[IntakeOutcome | None]:
    """Finish the files whose bytes the owner has or that are not supported; None for each that must be sent.

    A known file is completed as a duplicate, or queued if its picture was never fully processed, exactly as if its
    bytes had been sent. Safe to repeat. Raises BatchClosed, OSError of the storage and database errors; files finished
    before the error stay finished.
    """
    digests = {file.sha256 for file in files if isinstance(file, HashedFile)}
    found = Upload.objects.filter(owner_id=batch.owner_id, sha256__in=digests)
    uploads = {upload.sha256: upload for upload in found.only("sha256", "size", "key", "processed_at")}
    return [_register(batch, file, uploads) for file in files]


def _register(
    batch: UploadBatch, file: HashedFile | SampledFile, uploads: Mapping[str, Upload]
) -> IntakeOutcome | None:
    try:
        if isinstance(file, HashedFile):
            return _complete_known(batch, file, uploads.get(file.sha256))
        if len(file.head) != min(file.name.size, SAMPLE_BYTES):
            return None  # the file changed since it was chosen
        return reject_by_head(batch, file.name.as_new_file(), file.head)
    except BatchClosed:
        raise
    except (Refused, PartialFileBusy):
        return None  # batch full, or another request is writing: the creation by tus reports it


def _complete_known(batch: UploadBatch, file: HashedFile, upload: Upload | None) -> IntakeOutcome | None:
    if upload is None or upload.size != file.name.size or not is_stored(upload.key):
        return None
    item = register_file(batch, file.name.as_new_file(), reserve=False)
    if item.status != ItemStatus.RECEIVING:
        return recorded_outcome(item)
    try:
        outcome = finalize_known(item, upload)
    except NotReceiving:
        item.refresh_from_db()
        return recorded_outcome(item)
    except IntegrityError:
        return None  # the picture was deleted in the meantime
    discard_if_unneeded(item.id)
    return outcome
