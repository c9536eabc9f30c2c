"""Which files their owner has already, so that their bytes need not be sent.

The sender asks in two steps: for sizes, which cost it nothing, and for the digests of the files whose size was found.
Only the asker's own uploads are ever looked at. What is sent after all is hashed here: that digest is the truth.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from batches.engine.errors import BatchClosed, Refused
from batches.intake.announce import announce
from batches.intake.dropping import drop_part
from batches.intake.ending import NotReceiving, Outcome, end_without_bytes, past_outcome
from batches.intake.names import FileName
from batches.models import BatchItem, UploadBatch
from batches.states import ItemStatus
from uploads.models import Upload
from uploads.storage import is_stored


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file that its sender has read: `sha256` are the 64 hex digits of its bytes."""

    name: FileName
    sha256: str


def known_sizes(owner_id: int, sizes: Collection[int]) -> list[int]:
    """Return those of the sizes, in bytes, that a file of this owner has; read from an index alone."""
    mine = Upload.objects.filter(owner_id=owner_id, size__in=sizes)
    return list(mine.order_by("size").values_list("size", flat=True).distinct())


def take_known(batch: UploadBatch, files: Sequence[HashedFile]) -> list[Outcome | None]:
    """End the files whose bytes the batch's owner has; None for each whose bytes must be sent.

    Such a file is completed as a duplicate, or queued when its picture was never worked on to the end, exactly as if
    its bytes had come. Repeating it is safe. Raises BatchClosed and database errors; what was ended before stays.
    """
    mine = Upload.objects.filter(owner_id=batch.owner_id, sha256__in={file.sha256 for file in files})
    uploads = {upload.sha256: upload for upload in mine.only("sha256", "size", "key", "processed_at")}
    return [_take(batch, file, uploads.get(file.sha256)) for file in files]


def _take(batch: UploadBatch, file: HashedFile, upload: Upload | None) -> Outcome | None:
    if upload is None or upload.size != file.name.size or not is_stored(upload.key):
        return None
    try:
        item = announce(batch, file.name.as_new_file())
    except BatchClosed:
        raise
    except Refused:
        return None  # the batch is full: the announcement by tus says so in words
    return past_outcome(item) if item.status != ItemStatus.RECEIVING else _end(item, upload)


def _end(item: BatchItem, upload: Upload) -> Outcome | None:
    try:
        outcome = end_without_bytes(item, upload)
    except NotReceiving:
        item.refresh_from_db()
        return past_outcome(item)
    except IntegrityError:
        return None  # the picture was deleted under our hands
    drop_part(item.id)
    return outcome
