"""Files of this machine: looked at first, page by page; only what is not here yet is read, only new bytes are copied.

The source is never moved and never linked to: what we keep is a copy, so that a later change of the source cannot reach
it. The hash is taken of what is written, in the same pass.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.db import IntegrityError
from django.db.models import Q

from batches.engine.incoming import NewFile
from batches.intake.discard import discard_if_unneeded
from batches.intake.disk_space import disk_fault, require_space
from batches.intake.file_name import FileName
from batches.intake.finalize import IntakeOutcome, NotReceiving, finalize_item, finalize_known, recorded_outcome
from batches.intake.partial_file import READ_BYTES, PartialFile, locked_partial
from batches.intake.receive import CHANGED, UnreadableStream, copy_stream, reject
from batches.intake.register import register_file
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES
from batches.models.states import ItemStatus
from uploads.models import Upload
from uploads.storage import is_stored

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file as it stood when it was looked at; `trouble` says why it cannot be read."""

    path: Path
    file: NewFile
    modified_ns: int = 0
    trouble: str = ""


@dataclass
class KnownPage:
    """What is known of many files before they are read: which of them have ended, and the sizes their owner has."""

    ended: set[str] = field(default_factory=set)
    sizes: set[int] = field(default_factory=set)


def inspect_file(path: Path, relative_path: str) -> LocalFile:
    """Look at a file without opening it."""
    try:
        facts = path.stat()
    except OSError as error:
        return _unread(path, relative_path, f"The file cannot be read: {error.strerror}.")
    if not stat.S_ISREG(facts.st_mode):
        return _unread(path, relative_path, "This is not a regular file. Leave it out.")
    name = FileName(path.name, facts.st_size, relative_path, str(facts.st_mtime_ns // 1_000_000))
    return LocalFile(path, name.as_new_file(), facts.st_mtime_ns)


def look_up_page(batch: UploadBatch, files: Sequence[LocalFile]) -> KnownPage:
    """Ask the rows about many files, in two queries; parts that a crash left of ended ones are removed."""
    ended = (
        BatchItem.objects.filter(batch=batch, fingerprint__in=[one.file.fingerprint for one in files])
        .exclude(status=ItemStatus.RECEIVING)
        .exclude(Q(status=ItemStatus.FAILED, upload=None, error_code__in=RESENDABLE_CODES))
    )
    page = KnownPage()
    for item_id, fingerprint in ended.values_list("id", "fingerprint"):
        discard_if_unneeded(item_id)
        page.ended.add(fingerprint)
    sizes = {one.file.size for one in files if one.file.fingerprint not in page.ended}
    known = Upload.objects.filter(owner_id=batch.owner_id, size__in=sizes)
    page.sizes.update(known.values_list("size", flat=True).distinct())
    return page


def receive_local_file(batch: UploadBatch, one: LocalFile, page: KnownPage) -> IntakeOutcome:
    """Take a file in that was looked at; bytes that its owner has already are read once and not copied.

    Goes on where an earlier try stopped. Known bytes need no room in the owner's quota. A file that cannot be read, or
    changes meanwhile, and a disk that is full or cannot be written refuse the file. Raises Refused (`batch.full`,
    `quota.exceeded`), BatchClosed, PartBusy.
    """
    try:
        with _open(one) as stream:
            known = _find(batch.owner_id, one, stream) if one.file.size in page.sizes else None
            item = register_file(batch, one.file, counted=known is None)
            if item.status != ItemStatus.RECEIVING:
                return recorded_outcome(item)
            page.sizes.add(one.file.size)
            return _take(item, batch.owner_id, one, stream, known)
    except UnreadableStream as error:
        item = register_file(batch, one.file)
        if item.status != ItemStatus.RECEIVING:
            return recorded_outcome(item)
        return reject(item, error.code, error.message)


def receive_path(batch: UploadBatch, path: Path, relative_path: str) -> IntakeOutcome:
    """Look at one file and take it in; see `receive_looked_at`."""
    one = inspect_file(path, relative_path)
    return receive_local_file(batch, one, look_up_page(batch, [one]))


def _take(item: BatchItem, owner_id: int, one: LocalFile, stream: BinaryIO, known: Upload | None) -> IntakeOutcome:
    try:
        with locked_partial(item.id) as part:
            return _fill(item, owner_id, one, stream, part, known)
    except OSError as error:
        logger.warning("The disk refused %s: %s", item, error)
        fault = disk_fault(error)
        return reject(item, fault.code, fault.message)


def _fill(
    item: BatchItem, owner_id: int, one: LocalFile, stream: BinaryIO, part: PartialFile, known: Upload | None
) -> IntakeOutcome:
    try:
        _check_at_rest(stream, one)
        if known is not None and (outcome := _known(item, known)):
            part.delete()
            return outcome
        # What an earlier run has copied of this very file (its path, size and time are the item's) is not copied again.
        stream.seek(part.size)
        require_space(item.size - part.size)
        copy_stream(stream, part, item.size)
        _check_at_rest(stream, one)
        return finalize_item(item, owner_id, part)
    except UnreadableStream as error:
        part.truncate(0)
        return reject(item, error.code, error.message)
    except NotReceiving:
        item.refresh_from_db()
        return recorded_outcome(item)


def _find(owner_id: int, one: LocalFile, stream: BinaryIO) -> Upload | None:
    """Read a file to its end and find its bytes in its owner's library. Raises Unusable."""
    _check_at_rest(stream, one)
    return Upload.objects.filter(owner_id=owner_id, sha256=_sha256(stream)).first()


def _known(item: BatchItem, upload: Upload) -> IntakeOutcome | None:
    """End a file whose bytes its owner has; None: they have to be copied. Raises OSError of the storage."""
    if upload.size != item.size or not is_stored(upload.key):
        return None
    try:
        return finalize_known(item, upload)
    except IntegrityError:
        return None  # the picture was deleted under our hands


def _check_at_rest(stream: BinaryIO, one: LocalFile) -> None:
    facts = os.fstat(stream.fileno())
    if not stat.S_ISREG(facts.st_mode) or facts.st_mtime_ns != one.modified_ns:
        raise UnreadableStream(*CHANGED)


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    try:
        while piece := stream.read(READ_BYTES):
            digest.update(piece)
    except OSError as error:
        raise UnreadableStream("file.unreadable", f"The file cannot be read to its end: {error.strerror}.") from error
    return digest.hexdigest()


def _open(one: LocalFile) -> BinaryIO:
    """Open it; a pipe that was put in the file's place since must not hold us. Raises Unusable."""
    if one.trouble:
        raise UnreadableStream("file.unreadable", one.trouble)
    try:
        file = os.open(one.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableStream("file.unreadable", f"The file cannot be read: {error.strerror}.") from error
    return os.fdopen(file, "rb", buffering=0)


def _unread(path: Path, relative_path: str, words: str) -> LocalFile:
    """A size that no file has keeps it from being taken for an empty one."""
    return LocalFile(path, FileName(path.name, 1, relative_path, "unread").as_new_file(), trouble=words)
