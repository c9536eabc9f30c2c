"""Delete uploads from the database, and remove their files after the commit.

The transaction that deletes an upload also creates a FileDeletion row, so a crash leaves neither a picture without
files nor files that are never removed. `purge_deleted_files` removes the files later. Each call first claims due rows
by postponing them, so calls can run in parallel without holding locks. Removals that a crash or an outage interrupts
are retried with growing delays.
"""

import json
import logging
from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.core.files.storage import FileSystemStorage, default_storage

from uploads.database import fetch_rows
from uploads.errors import EnvironmentalError
from uploads.media import PREVIEW_SIZES, ZOOM_SIDE
from uploads.models import FileDeletion
from uploads.outage_log import OutageLog
from uploads.storage import delete_files, preview_name, storage_available

logger = logging.getLogger(__name__)

DELAY = timedelta(seconds=3)
"""Files are kept this long after their row is deleted: a request that has just read the row can still open them."""

CHUNK = 100
RETRY_DELAY = timedelta(minutes=1)
MAX_DOUBLINGS = 6
"""Retries wait 1, 2, 4 … 64 minutes."""

storage_outage = OutageLog(
    logger,
    "Files of deleted pictures cannot be removed, because the storage is unavailable: %s",
    "The storage is available again: files of deleted pictures are being removed.",
)
failed_removals = OutageLog(
    logger,
    "Some files of deleted pictures cannot be removed and will be retried; others are not affected. First error: %s",
    "The last removal of files of deleted pictures had no errors.",
)

# Also lock parts, because they lose their picture if they are not deleted with it.
LOCK_UPLOADS = """
SELECT id FROM uploads_upload
 WHERE id = ANY(ARRAY(SELECT unnest(%(ids)s::bigint[])
                UNION SELECT id FROM uploads_upload WHERE part_of_id = ANY(%(ids)s::bigint[])))
 ORDER BY id FOR UPDATE
"""
RELEASE_PARTS = """
UPDATE uploads_upload SET part_of_id = NULL, part_role = '' WHERE part_of_id = ANY(%(ids)s) AND id <> ALL(%(ids)s)
RETURNING id
"""
DELETE_RESULTS = """
WITH embeddings AS (DELETE FROM uploads_embedding WHERE upload_id = ANY(%(ids)s)),
     appearances AS (DELETE FROM uploads_appearance WHERE upload_id = ANY(%(ids)s)),
     damages AS (DELETE FROM uploads_damagedfile WHERE upload_id = ANY(%(ids)s)),
     album_entries AS (DELETE FROM uploads_albumentry WHERE upload_id = ANY(%(ids)s))
DELETE FROM uploads_nearduplicate WHERE first_id = ANY(%(ids)s) OR second_id = ANY(%(ids)s) RETURNING id
"""
# When a key is scheduled again, its row gets a new id. A concurrent purge that claimed the old id may have removed
# files before the new ones were written. It deletes only the old id, so the new row stays, and the new files are
# removed later.
DELETE_UPLOADS = """
WITH deleted AS (
    DELETE FROM uploads_upload WHERE id = ANY(%(ids)s) RETURNING id, key, previews
), scheduled AS (
    INSERT INTO uploads_filedeletion (key, previews, tries, due_at)
    SELECT key, previews, 0, clock_timestamp() + %(delay)s FROM deleted
    ON CONFLICT (key) DO UPDATE SET id = excluded.id, previews = excluded.previews, due_at = excluded.due_at
)
SELECT id FROM deleted
"""
SCHEDULE = """
INSERT INTO uploads_filedeletion (key, previews, tries, due_at)
SELECT key, '{}', 0, clock_timestamp() + %(delay)s FROM unnest(%(keys)s::uuid[]) AS given (key)
 WHERE NOT EXISTS (SELECT FROM uploads_upload WHERE uploads_upload.key = given.key)
ON CONFLICT (key) DO UPDATE SET id = excluded.id, due_at = excluded.due_at
RETURNING id
"""
# Uses the index filedeletion_due and the unique index on the uploads' keys.
CLAIM_DUE = """
UPDATE uploads_filedeletion
   SET tries = least(tries + 1, 1000), due_at = clock_timestamp() + %(delay)s * power(2, least(tries, %(doublings)s))
 WHERE id = ANY(ARRAY(SELECT id FROM uploads_filedeletion WHERE due_at <= clock_timestamp()
                       ORDER BY due_at LIMIT %(chunk)s FOR UPDATE SKIP LOCKED))
RETURNING id, key, previews, EXISTS (SELECT FROM uploads_upload WHERE uploads_upload.key = uploads_filedeletion.key)
"""


class _DueDeletion(NamedTuple):
    """A claimed FileDeletion. If `key_in_use` is true, an upload has this key again, so the files must stay."""

    id: int
    key: UUID
    previews: str
    key_in_use: bool


def lock_uploads(ids: Collection[int]) -> list[int]:
    """Lock uploads and their parts in order of id, so that no new row can refer to them. Return the `ids` that exist.

    Call this in a transaction that has already locked the items involved, but has not locked a batch.
    """
    wanted = set(ids)
    return [id for (id,) in fetch_rows(LOCK_UPLOADS, {"ids": sorted(ids)}) if id in wanted]


def delete_uploads(ids: Collection[int]) -> int:
    """Delete uploads and their results. Return how many uploads were deleted.

    Parts that are not deleted with their picture become separate pictures. The caller must have locked the uploads, and
    no item may refer to them. The statement that deletes the uploads also schedules the removal of their files.
    """
    if not ids:
        return 0
    fetch_rows(RELEASE_PARTS, {"ids": list(ids)})
    fetch_rows(DELETE_RESULTS, {"ids": list(ids)})
    return len(fetch_rows(DELETE_UPLOADS, {"ids": list(ids), "delay": DELAY}))


def schedule_deletion(keys: Collection[UUID], delay: timedelta = DELAY) -> int:
    """Schedule the removal of any files stored under these keys, not before `delay` has passed.

    Keys that belong to an upload are ignored. Return the number of other keys.
    """
    return len(fetch_rows(SCHEDULE, {"keys": list(keys), "delay": delay})) if keys else 0


def purge_deleted_files() -> int:
    """Remove the files of up to CHUNK due deletions, then delete their rows. Return how many were completed.

    A result of 0 means that no deletion is due, that none could be completed, or that the storage is unavailable.
    Incomplete deletions are retried later. A file that cannot be removed does not delay the other deletions.
    """
    rows = fetch_rows(CLAIM_DUE, {"delay": RETRY_DELAY, "doublings": MAX_DOUBLINGS, "chunk": CHUNK})
    if not rows:
        return 0
    done: list[int] = []
    try:
        _require_storage()
        _remove_files([_DueDeletion(*row) for row in rows], done)
    except (OSError, EnvironmentalError) as error:
        storage_outage.report(error)
    else:
        storage_outage.report(None)
    FileDeletion.objects.filter(id__in=done).delete()
    return len(done)


def _remove_files(deletions: list[_DueDeletion], done: list[int]) -> None:
    """Remove files and add the ids of completed deletions to `done`. Raises OSError if the storage is unavailable."""
    first_error: OSError | None = None
    for deletion in deletions:
        try:
            if not deletion.key_in_use:
                # Include the default preview names, because a process may have crashed before it saved them.
                previews = {str(side): preview_name(deletion.key, side) for side in (*PREVIEW_SIZES, ZOOM_SIDE)}
                delete_files(deletion.key, previews | json.loads(deletion.previews))
        except OSError as error:
            if not storage_available():
                raise
            first_error = first_error or error
        else:
            done.append(deletion.id)
    failed_removals.report(first_error)


def _require_storage() -> None:
    """Raise EnvironmentalError if the media disk is not mounted, because removing files would then seem to succeed."""
    if isinstance(default_storage, FileSystemStorage) and not storage_available():
        raise EnvironmentalError("storage.away")
