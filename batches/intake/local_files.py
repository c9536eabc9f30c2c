"""Add local files to a batch. A file is copied unless the batch's owner already has the same bytes.

The source is never moved or linked. The stored file is a copy, so later changes to the source cannot affect it. The
hash of a copied file is that of the copy.
"""

import hashlib
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
from batches.intake.disk_space import require_space
from batches.intake.duplicates import finalize_duplicate
from batches.intake.file_name import FileName
from batches.intake.finalize import finalize_item
from batches.intake.ignored_files import ignored_code
from batches.intake.outcome import IntakeOutcome, NotReceiving, recorded_outcome
from batches.intake.partial_file import READ_BYTES, PartialFile, locked_partial
from batches.intake.receive import UnreadableStream, copy_stream, reject, reject_for_disk, unreadable
from batches.intake.register import register_file
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES, default_message
from batches.models.states import ItemStatus
from uploads.models import Upload
from uploads.storage import is_stored

IGNORED_UNREADABLE = "ignored.unreadable"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """The result of `inspect_file` or `unreadable_path`.

    `read_error` explains why the file cannot be read. `ignored` is the error code of a file that is left out.
    """

    path: Path
    file: NewFile
    modified_ns: int = 0
    read_error: str = ""
    ignored: str = ""


@dataclass
class ExistingFiles:
    """The fingerprints of files that the batch no longer expects, and sizes of the owner's uploads."""

    finished: set[str] = field(default_factory=set)
    sizes: set[int] = field(default_factory=set)


def inspect_file(path: Path, relative_path: str) -> LocalFile:
    """Return a file's name, size and modification time without opening it."""
    try:
        facts = path.stat()
    except OSError as error:
        return _unreadable_file(path, relative_path, unreadable(error).message)
    if not stat.S_ISREG(facts.st_mode):
        return _unreadable_file(
            path, relative_path, default_message("file.unopened", reason="it is not a regular file")
        )
    name = FileName(path.name, facts.st_size, relative_path, str(facts.st_mtime_ns // 1_000_000))
    ignored = ignored_code(relative_path, facts.st_size)
    return LocalFile(path, name.as_new_file(), facts.st_mtime_ns, ignored=ignored)


def unreadable_path(path: Path, relative_path: str) -> LocalFile:
    """Return a LocalFile for a folder or link that cannot be read, so that the batch lists it as ignored."""
    name = FileName(relative_path.rsplit("/", 1)[-1], 0, relative_path)
    return LocalFile(path, name.as_new_file(), ignored=ignored_code(relative_path, 1) or IGNORED_UNREADABLE)


def find_existing(batch: UploadBatch, files: Sequence[LocalFile]) -> ExistingFiles:
    """Look up which of `files` the batch no longer expects, and which sizes of the others match the owner's uploads.

    Also remove partial files that a crash left behind for files that are no longer expected.
    """
    finished = (
        BatchItem.objects.filter(batch=batch, fingerprint__in=[local.file.fingerprint for local in files])
        .exclude(status__in=[ItemStatus.MISSING, ItemStatus.RECEIVING])
        .exclude(Q(status=ItemStatus.FAILED, upload=None, error_code__in=RESENDABLE_CODES))
    )
    existing = ExistingFiles()
    for item_id, fingerprint in finished.values_list("id", "fingerprint"):
        discard_if_unneeded(item_id)
        existing.finished.add(fingerprint)
    sizes = {local.file.size for local in files if local.file.fingerprint not in existing.finished}
    uploads = Upload.objects.filter(owner_id=batch.owner_id, size__in=sizes)
    existing.sizes.update(uploads.values_list("size", flat=True).distinct())
    return existing


def receive_local_file(batch: UploadBatch, local: LocalFile, existing: ExistingFiles) -> IntakeOutcome:
    """Add an inspected file. If the owner already has its bytes, the file is read once, not copied, and uses no quota.

    If an earlier run copied part of the file, copying resumes there. The file is rejected if it cannot be read, if it
    changes while being read, or if the server's disk is full or not writable. Raises Refused (`batch.full`,
    `quota.exceeded`), BatchClosed, PartialFileBusy.
    """
    try:
        with _open(local) as stream:
            duplicate = _find_duplicate(batch.owner_id, local, stream) if local.file.size in existing.sizes else None
            item = register_file(batch, local.file, reserve=duplicate is None)
            if item.status != ItemStatus.RECEIVING:
                return recorded_outcome(item)
            existing.sizes.add(local.file.size)
            return _receive(item, batch.owner_id, local, stream, duplicate)
    except UnreadableStream as error:
        item = register_file(batch, local.file)
        if item.status != ItemStatus.RECEIVING:
            return recorded_outcome(item)
        return reject(item, error.code, error.message)


def _receive(
    item: BatchItem, owner_id: int, local: LocalFile, stream: BinaryIO, duplicate: Upload | None
) -> IntakeOutcome:
    try:
        with locked_partial(item.id) as partial:
            return _copy_and_finalize(item, owner_id, local, stream, partial, duplicate)
    except OSError as error:
        return reject_for_disk(item, error)


def _copy_and_finalize(
    item: BatchItem, owner_id: int, local: LocalFile, stream: BinaryIO, partial: PartialFile, duplicate: Upload | None
) -> IntakeOutcome:
    try:
        _check_unchanged(stream, local)
        if duplicate is not None and (outcome := _finalize_duplicate(item, duplicate)):
            partial.delete()
            return outcome
        # An earlier run may have copied part of this file to the same partial file, because files with the same path,
        # size and modification time get the same item.
        stream.seek(partial.size)
        require_space(item.size - partial.size)
        copy_stream(stream, partial, item.filename, item.size)
        _check_unchanged(stream, local)
        return finalize_item(item, owner_id, partial)
    except UnreadableStream as error:
        partial.truncate(0)
        return reject(item, error.code, error.message)
    except NotReceiving:
        item.refresh_from_db()
        return recorded_outcome(item)


def _find_duplicate(owner_id: int, local: LocalFile, stream: BinaryIO) -> Upload | None:
    """Hash the whole file and return the owner's intact Upload with the same bytes, or None.

    Raises UnreadableStream.
    """
    _check_unchanged(stream, local)
    digest = hashlib.sha256()
    try:
        while piece := stream.read(READ_BYTES):
            digest.update(piece)
    except OSError as error:
        raise unreadable(error) from error
    return Upload.objects.filter(owner_id=owner_id, sha256=digest.hexdigest(), damage=None).first()


def _finalize_duplicate(item: BatchItem, upload: Upload) -> IntakeOutcome | None:
    """Finalize the item with the owner's existing Upload; return None if the bytes must be copied after all.

    Raises OSError if the storage is unavailable.
    """
    if upload.size != item.size or not is_stored(upload.key):
        return None
    try:
        return finalize_duplicate(item, upload)
    except IntegrityError:
        return None  # the picture was deleted in the meantime


def _check_unchanged(stream: BinaryIO, local: LocalFile) -> None:
    facts = os.fstat(stream.fileno())
    if not stat.S_ISREG(facts.st_mode) or facts.st_mtime_ns != local.modified_ns:
        raise UnreadableStream("file.changed", default_message("file.changed"))


def _open(local: LocalFile) -> BinaryIO:
    """Open the file, without blocking if a pipe has replaced it since it was inspected. Raises UnreadableStream."""
    if local.read_error:
        raise UnreadableStream("file.unopened", local.read_error)
    try:
        descriptor = os.open(local.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(error) from error
    return os.fdopen(descriptor, "rb", buffering=0)


def _unreadable_file(path: Path, relative_path: str, message: str) -> LocalFile:
    """Return a LocalFile with `read_error` set. Its size is 1, so that it is not rejected as empty."""
    return LocalFile(path, FileName(path.name, 1, relative_path, "unread").as_new_file(), read_error=message)
