"""Which files need not be sent: their owner has them already, or their first bytes say that they are not taken.

The sender asks in two steps: for sizes, which cost it nothing, and for the digests of the files whose size was found.
Of a file that it takes for none of ours it sends the first bytes instead. Only the asker's own uploads are ever looked
at. What is sent after all is looked at and hashed here: that is the truth.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from batches.engine.refusals import BatchClosed, Refused
from batches.intake.discard import discard_if_unneeded
from batches.intake.file_name import FileName
from batches.intake.finalize import IntakeOutcome, NotReceiving, finalize_known, recorded_outcome
from batches.intake.partial_lock import PartialFileBusy
from batches.intake.prefilter import reject_by_head
from batches.intake.register import register_file
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from uploads.models import Upload
from uploads.storage import is_stored

ASKED_BYTES = 256
"""So many first bytes tell all kinds that are taken from all others."""


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file that its sender has read: `sha256` are the 64 hex digits of its bytes."""

    name: FileName
    sha256: str


@dataclass(frozen=True, slots=True)
class SampledFile:
    """A file of which its sender has read the first ASKED_BYTES, or all if it has fewer: the `head`."""

    name: FileName
    head: bytes


def known_sizes(owner_id: int, sizes: Collection[int]) -> list[int]:
    """Return those of the sizes, in bytes, that a file of this owner has; read from an index alone."""
    mine = Upload.objects.filter(owner_id=owner_id, size__in=sizes)
    return list(mine.order_by("size").values_list("size", flat=True).distinct())


def register_known(batch: UploadBatch, files: Sequence[HashedFile | SampledFile]) -> list[IntakeOutcome | None]:
    """End the files whose bytes the batch's owner has or that are not taken; None for each whose bytes must be sent.

    Such a file is completed as a duplicate, queued when its picture was never worked on to the end, or refused, exactly
    as if its bytes had come. Repeating it is safe. Raises BatchClosed, OSError of the storage and database errors; what
    was ended before stays.
    """
    digests = {file.sha256 for file in files if isinstance(file, HashedFile)}
    mine = Upload.objects.filter(owner_id=batch.owner_id, sha256__in=digests)
    uploads = {upload.sha256: upload for upload in mine.only("sha256", "size", "key", "processed_at")}
    return [_answer(batch, file, uploads) for file in files]


def _answer(batch: UploadBatch, file: HashedFile | SampledFile, uploads: Mapping[str, Upload]) -> IntakeOutcome | None:
    try:
        if isinstance(file, SampledFile):
            return _look(batch, file)
        return _take(batch, file, uploads.get(file.sha256))
    except BatchClosed:
        raise
    except (Refused, PartialFileBusy):
        return None  # the batch is full, or somebody is at the file: the announcement by tus says so in words


def _look(batch: UploadBatch, file: SampledFile) -> IntakeOutcome | None:
    if len(file.head) != min(file.name.size, ASKED_BYTES):
        return None  # it changed since it was chosen
    return reject_by_head(batch, file.name.as_new_file(), file.head)


def _take(batch: UploadBatch, file: HashedFile, upload: Upload | None) -> IntakeOutcome | None:
    if upload is None or upload.size != file.name.size or not is_stored(upload.key):
        return None
    item = register_file(batch, file.name.as_new_file(), counted=False)
    return recorded_outcome(item) if item.status != ItemStatus.RECEIVING else _end(item, upload)


def _end(item: BatchItem, upload: Upload) -> IntakeOutcome | None:
    try:
        outcome = finalize_known(item, upload)
    except NotReceiving:
        item.refresh_from_db()
        return recorded_outcome(item)
    except IntegrityError:
        return None  # the picture was deleted under our hands
    discard_if_unneeded(item.id)
    return outcome
