"""Add an archive's files to its batch, in the transaction that completes the archive's item."""

import json
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any

from django.db import connection, transaction

from batches.engine.in_flight import JobStopped
from batches.engine.incoming import NewFile, file_columns
from batches.engine.incoming_sql import OPEN, folder_key
from batches.messaging import wake_ups
from batches.models import BatchItem
from batches.models.error_codes import ERROR_CODES, IGNORED_CODES
from batches.models.states import ItemStatus
from uploads.archives.zip_directory import ZipEntry
from uploads.database import fetch_row
from uploads.errors import PermanentError

CHUNK = 1000
SPOOL_BYTES = 2**20

# `queue_position` equals the id, as for every pending item. A file with a code is already finished: ignored or failed.
INSERT = f"""
WITH file AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('batches_batchitem', 'id')) AS id, listed.*
      FROM unnest(%(filenames)s::text[], %(paths)s::text[], %(fingerprints)s::text[], %(sizes)s::bigint[],
                  %(statuses)s::text[], %(codes)s::text[], %(messages)s::text[], %(offsets)s::bigint[],
                  %(compressed)s::bigint[], %(crcs)s::bigint[], %(methods)s::int[], %(encrypted)s::boolean[],
                  %(folder_keys)s::bigint[], %(name_keys)s::bigint[])
           WITH ORDINALITY AS listed (filename, relative_path, fingerprint, size, status, code, message, start,
                                      compressed, crc, method, encrypted, folder, name_key, position)
     ORDER BY position
), items AS (
    INSERT INTO batches_batchitem (id, batch_id, archive_id, filename, relative_path, fingerprint, size, status, stage,
                                   queue_position, attempts, crash_count, error_code, error_message, created_at,
                                   finished_at, folder_key, name_key)
    SELECT id, %(batch)s, %(item)s, filename, relative_path, fingerprint, size, status, '',
           CASE status WHEN '{ItemStatus.PENDING.value}' THEN id END, 0, 0, code, message, clock_timestamp(),
           CASE WHEN status <> '{ItemStatus.PENDING.value}' THEN clock_timestamp() END, {folder_key("folder")}, name_key
      FROM file
)
INSERT INTO batches_archiveentry (item_id, archive_id, "offset", compressed, crc, method, encrypted)
SELECT id, %(upload)s, start, compressed, crc, method, encrypted
  FROM file WHERE status = '{ItemStatus.PENDING.value}'
"""
# Increase `expected_items` too. Otherwise, the archive's files would count towards the files expected from the client,
# and files that the client has not sent yet would seem to have arrived.
COUNT = f"""
UPDATE batches_uploadbatch
   SET total = total + %(added)s, failed = failed + %(failed)s, ignored = ignored + %(ignored)s,
       expected_items = expected_items + %(added)s, updated_at = clock_timestamp()
 WHERE id = %(batch)s AND {OPEN}
RETURNING total + ignored
"""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file in an archive. If `code` is set, the file is not imported but ignored or rejected for that reason."""

    file: NewFile
    entry: ZipEntry
    code: str = ""
    message: str = ""

    @property
    def status(self) -> ItemStatus:
        """The state in which the file's item is created."""
        if not self.code:
            return ItemStatus.PENDING
        return ItemStatus.IGNORED if self.code in IGNORED_CODES else ItemStatus.FAILED


class ArchivedFiles:
    """The files of an archive, in order. If their rows exceed SPOOL_BYTES, they are kept in a temporary file."""

    def __init__(self) -> None:
        self.pending_bytes = 0
        self.statuses: Counter[ItemStatus] = Counter()
        self._last: list[ArchivedFile] = []
        self._spool = SpooledTemporaryFile[bytes](SPOOL_BYTES)
        # Close the temporary file with this object, because the files are never inserted if the item's claim is lost.
        weakref.finalize(self, self._spool.close)

    def add(self, file: ArchivedFile) -> None:
        """Add a file. Raises OSError if the temporary file cannot be written."""
        self.statuses[file.status] += 1
        self.pending_bytes += 0 if file.code else file.file.size
        self._last.append(file)
        if len(self._last) == CHUNK:
            self._spool.write(json.dumps(_columns(self._last)).encode() + b"\n")
            self._last = []

    def chunks(self) -> Iterator[dict[str, list[Any]]]:
        """Yield the columns of up to CHUNK files at a time."""
        self._spool.seek(0)
        yield from map(json.loads, self._spool)
        if self._last:
            yield _columns(self._last)


def insert_archived_files(item: BatchItem, upload_id: int, files: ArchivedFiles, max_files: int) -> None:
    """Insert an item for each file of an archive, and count these items in the batch. On commit, wake workers.

    `item` is the archive's own item, and `upload_id` is its upload. The caller completes `item` in the same transaction
    and rolls the transaction back on an error. Raises PermanentError (`archive.too_many_files`) if the batch would have
    more than `max_files` files, and JobStopped if the batch was cancelled or deleted.
    """
    with connection.cursor() as cursor:
        for columns in files.chunks():
            cursor.execute(INSERT, {"batch": item.batch_id, "item": item.id, "upload": upload_id, **columns})
    count, ignored = files.statuses.total(), files.statuses[ItemStatus.IGNORED]
    counts = {"added": count - ignored, "failed": files.statuses[ItemStatus.FAILED], "ignored": ignored}
    row = fetch_row(COUNT, {"batch": item.batch_id, **counts})
    if row is None:
        raise JobStopped
    if row[0] > max_files:
        raise PermanentError("archive.too_many_files", count=count, limit=max_files)
    pending = files.statuses[ItemStatus.PENDING]
    transaction.on_commit(lambda: wake_ups.notify_workers(min(pending, wake_ups.total_threads())))


def _columns(files: Sequence[ArchivedFile]) -> dict[str, list[Any]]:
    return {
        **file_columns([file.file for file in files]),
        "statuses": [file.status.value for file in files],
        "codes": [file.code for file in files],
        "messages": [file.message or _message(file.code) for file in files],
        "offsets": [file.entry.offset for file in files],
        "compressed": [file.entry.compressed for file in files],
        "crcs": [file.entry.crc for file in files],
        "methods": [file.entry.method for file in files],
        "encrypted": [file.entry.encrypted for file in files],
    }


def _message(code: str) -> str:
    return ERROR_CODES[code].message() if code else ""
