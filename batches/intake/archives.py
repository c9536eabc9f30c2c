"""Process an item: run the pipeline on a picture, read its text, or unpack an archive.

An archive is unpacked in two steps. First, a job reads its directory; the transaction that completes the archive's item
also inserts an item for each file. Then each of these items is claimed like any other. Its job unpacks the bytes into a
partial file and finalizes it like an upload, which returns the item to the queue. A crash at any point therefore
neither loses nor duplicates a file, and the scheduler needs no special rules for archives.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from batches.engine.archive_items import ArchivedFile, ArchivedFiles, insert_archived_files
from batches.engine.finish_item import holds_claim
from batches.engine.in_flight import Job, JobStopped
from batches.engine.incoming import NewFile
from batches.engine.process_upload import process_upload
from batches.engine.read_text import read_text
from batches.engine.refusals import BatchClosed, FileRefused
from batches.intake import quota
from batches.intake.disk_space import require_space
from batches.intake.file_name import FileName
from batches.intake.finalize import finalize_item
from batches.intake.ignored_files import ignored_code
from batches.intake.outcome import NotReceiving
from batches.intake.partial_file import PartialFile, PartialFileBusy, locked_partial
from batches.intake.size_limits import file_rejection
from batches.models import ArchiveEntry, BatchItem
from batches.models.error_codes import default_message
from batches.models.states import ItemResult, Stage
from uploads.archives.zip_directory import ReadAt, ZipEntry, read_directory
from uploads.archives.zip_file import unpack
from uploads.archives.zip_limits import check_entries, is_unsafe
from uploads.errors import EnvironmentalError, PermanentError
from uploads.models import MediaKind, Upload
from uploads.storage import error_code, open_original

CHECK_STOP_ENTRIES = 1000
CHECK_STOP_BYTES = 32 * 2**20


def process_item(job: Job) -> Callable[[], None] | None:
    """Process a claimed item of any kind, like `process_upload`. Return None if the job has already ended the claim."""
    if job.claim.reads_text:
        return read_text(job)
    if job.claim.upload_kind == MediaKind.ARCHIVE:
        return unpack_archive(job)
    if job.claim.upload_id is None:
        entry = ArchiveEntry.objects.filter(item_id=job.claim.item_id).select_related("archive").first()
        if entry is not None:
            receive_entry(job, entry)
            return None
    return process_upload(job)


def unpack_archive(job: Job) -> Callable[[], None]:
    """Read an archive's directory. Return a function that inserts an item for each of its files into the same batch."""
    job.enter(Stage.CHECKING)
    item = BatchItem.objects.select_related("batch").get(id=job.claim.item_id)
    upload = Upload.objects.filter(id=job.claim.upload_id or 0).first()
    if upload is None:
        raise PermanentError("item.gone", default_message("item.gone"))
    # An archive may contain 100,000 files, so its directory is read twice instead of being kept in memory.
    check_entries(_read_entries(job, upload), upload.size, settings.MAX_UNPACKED_BYTES)
    files = ArchivedFiles()
    with _storage_errors():
        for number, entry in enumerate(_read_entries(job, upload)):
            files.add(_archived_file(item, number, entry))
    _require_quota(item.batch.owner_id, files.pending_bytes)
    job.result = ItemResult.ARCHIVE
    return partial(insert_archived_files, item, upload.id, files, settings.MAX_BATCH_FILES)


def receive_entry(job: Job, entry: ArchiveEntry) -> None:
    """Unpack one file of an archive and finalize it like an upload. This ends the job's claim."""
    job.enter(Stage.CHECKING)
    item = BatchItem.objects.select_related("batch").filter(id=entry.item_id, claim=job.claim.token).first()
    if item is None:
        raise JobStopped
    try:
        require_space(item.size)
        with quota.usage.reserve(item.batch.owner_id, item.size) as reservation, locked_partial(item.id) as partial:
            _copy(job, item, entry, partial)
            finalize_item(item, item.batch.owner_id, partial)
            reservation.confirmed = True
    except NotReceiving as error:
        if holds_claim(job.claim):
            raise
        raise JobStopped from error  # the item was cancelled, or another worker has recovered it
    except (BatchClosed, PartialFileBusy) as error:
        raise JobStopped from error
    except FileRefused as refused:
        raise PermanentError(refused.code, refused.message) from refused
    except OSError as error:
        raise EnvironmentalError(error_code(error)) from error


def _copy(job: Job, item: BatchItem, entry: ArchiveEntry, partial: PartialFile) -> None:
    """Write the entry's bytes to the partial file, replacing those that an interrupted attempt may have left."""
    partial.truncate(0)
    place = ZipEntry(
        str(item), entry.offset, entry.compressed, item.size, entry.crc, entry.method, encrypted=entry.encrypted
    )
    checked = 0
    try:
        with open_original(entry.archive.key, entry.offset) as stream:
            for piece in unpack(stream, place):
                partial.append(piece)
                if partial.size - checked >= CHECK_STOP_BYTES:
                    checked = partial.size
                    job.enter(Stage.CHECKING)
    except PermanentError:
        partial.truncate(0)
        raise


def _read_entries(job: Job, upload: Upload) -> Iterator[ZipEntry]:
    with _storage_errors():
        entries = read_directory(_reader(upload.key), upload.size, settings.MAX_ARCHIVE_FILES)
        for number, entry in enumerate(entries):
            if number % CHECK_STOP_ENTRIES == 0:
                job.enter(Stage.CHECKING)
            yield entry


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentalError(error_code(error)) from error


def _reader(key: UUID) -> ReadAt:
    def read_at(offset: int, length: int) -> bytes:
        found = bytearray()
        with open_original(key, offset) as stream:
            while len(found) < length and (piece := stream.read(length - len(found))):
                found += piece
        return bytes(found)

    return read_at


def _archived_file(item: BatchItem, number: int, entry: ZipEntry) -> ArchivedFile:
    """Return an entry as a file in the archive's folder, with the reason in `code` if it is not imported."""
    folder = str(item).rpartition("/")[0]
    path = f"{folder}/{entry.path}" if folder else entry.path
    name = FileName(path.rpartition("/")[2], entry.size, path).as_new_file()
    digest = hashlib.sha256(f"{item.fingerprint}\0{number}".encode()).hexdigest()
    file = NewFile(name.filename, name.relative_path, digest, entry.size)
    if code := _refusal(entry):
        return ArchivedFile(file, entry, code)
    if code := ignored_code(f"/{entry.path}", entry.size):
        return ArchivedFile(file, entry, code)
    return ArchivedFile(file, entry, *(file_rejection(file) or ()))


def _refusal(entry: ZipEntry) -> str:
    if is_unsafe(entry.path):
        return "archive.unsafe_path"
    if entry.is_link:
        return "archive.link"
    return "archive.encrypted" if entry.encrypted else ""


def _require_quota(owner_id: int, size: int) -> None:
    """Raise PermanentError `archive.quota` if the unpacked files would exceed the owner's quota."""
    limit = settings.OWNER_BYTES
    used = quota.usage.used(owner_id) if limit else 0
    if limit and used + size > limit:
        sizes = {"size": filesizeformat(size), "used": filesizeformat(used), "limit": filesizeformat(limit)}
        raise PermanentError("archive.quota", **sizes)
