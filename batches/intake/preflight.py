"""Find files that need not be sent, because the owner already has them or their type is not supported.

The client makes two requests. First, it sends the sizes of its files, which it knows without reading them. Then it
sends the digest of each file whose size matches one of the owner's uploads, and the first bytes of every other file.
Only the owner's own uploads are searched. The server checks and hashes every file it receives, so stored files never
depend on a digest computed by the client.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from batches.engine.refusals import FileRefused
from batches.intake.discard import discard_if_unneeded
from batches.intake.duplicates import finalize_duplicate
from batches.intake.file_name import FileName
from batches.intake.outcome import IntakeOutcome, NotReceiving, recorded_outcome
from batches.intake.partial_file import PartialFileBusy
from batches.intake.prefilter import reject_by_head
from batches.intake.register import register_file
from batches.models import UploadBatch
from batches.models.scope import Scope
from batches.models.states import ItemStatus
from uploads.models import Upload
from uploads.storage import is_stored

SAMPLE_BYTES = 512
"""How many first bytes tell whether a file's type is supported. M2TS needs the start of its third 192-byte packet."""


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file that the client has read completely; `sha256` is the hex digest of its bytes."""

    name: FileName
    sha256: str


@dataclass(frozen=True, slots=True)
class SampledFile:
    """A file that the client has only sampled: `head` is its first SAMPLE_BYTES bytes, or all of a shorter file."""

    name: FileName
    head: bytes


def library_sizes(scope: Scope, sizes: Collection[int]) -> list[int]:
    """Return those of `sizes` (in bytes) that match at least one of the scope's uploads. Uses an index-only scan."""
    uploads = scope.filter(Upload.objects.filter(size__in=sizes))
    return list(uploads.order_by("size").values_list("size", flat=True).distinct())


def register_unsent(batch: UploadBatch, files: Sequence[HashedFile | SampledFile]) -> list[IntakeOutcome | None]:
    """Finish the files that need not be sent; return one outcome per file, or None for a file that must be sent.

    A file need not be sent if its type is not supported or the owner already has an undamaged copy of it. If the owner
    has the bytes, the item is completed as a duplicate, or queued if its picture was never fully processed, exactly as
    if the client had sent them. Safe to repeat. Raises BatchClosed, DiskSpaceLow, OSError from the storage, and
    database errors; files finished before the error stay finished.
    """
    digests = {file.sha256 for file in files if isinstance(file, HashedFile)}
    found = Upload.objects.filter(owner_id=batch.owner_id, sha256__in=digests, damage=None)
    uploads = {upload.sha256: upload for upload in found.only("sha256", "size", "key", "processed_at", "trashed_at")}
    return [_register(batch, file, uploads) for file in files]


def _register(
    batch: UploadBatch, file: HashedFile | SampledFile, uploads: Mapping[str, Upload]
) -> IntakeOutcome | None:
    try:
        if isinstance(file, HashedFile):
            return _complete_duplicate(batch, file, uploads.get(file.sha256))
        if len(file.head) != min(file.name.size, SAMPLE_BYTES):
            return None  # the file has changed since the user chose it
        return reject_by_head(batch, file.name.as_new_file(), file.head)
    except (FileRefused, PartialFileBusy):
        return None  # a limit is reached or another request is writing; the tus creation request will report this


def _complete_duplicate(batch: UploadBatch, file: HashedFile, upload: Upload | None) -> IntakeOutcome | None:
    if upload is None or upload.size != file.name.size or not is_stored(upload.key):
        return None
    item = register_file(batch, file.name.as_new_file(), reserve=False, remote=True)
    if item.status != ItemStatus.RECEIVING:
        return recorded_outcome(item)
    try:
        outcome = finalize_duplicate(item, upload)
    except NotReceiving:
        item.refresh_from_db()
        return recorded_outcome(item)
    except IntegrityError:
        return None  # the picture was deleted in the meantime
    discard_if_unneeded(item.id)
    return outcome
