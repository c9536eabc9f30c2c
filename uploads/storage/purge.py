"""Removing the files of deleted pictures, for which tombstones are left.

A round takes some that are due and puts them off before it touches a file: so rounds run beside each other, none holds
a lock meanwhile, and what a crash or an outage leaves is tried again, each time later.
"""

import json
import logging
from datetime import timedelta
from typing import Any

from django.core.files.storage import FileSystemStorage, default_storage

from uploads.database import fetch_rows
from uploads.errors import EnvironmentalError
from uploads.media.previews import SIZES
from uploads.models import FileDeletion
from uploads.storage import delete_files, preview_name, storage_answers

logger = logging.getLogger(__name__)

CHUNK = 100
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_DOUBLINGS = 6
"""Between two tries lie 1, 2, 4 … 64 minutes."""

# Walks filedeletion_due and the unique index on the uploads' keys; a key that has a row again is nobody's to remove.
TAKE = """
UPDATE uploads_filedeletion
   SET tries = least(tries + 1, 1000), due_at = clock_timestamp() + %(pause)s * power(2, least(tries, %(doublings)s))
 WHERE id = ANY(ARRAY(SELECT id FROM uploads_filedeletion WHERE due_at <= clock_timestamp()
                       ORDER BY due_at LIMIT %(chunk)s FOR UPDATE SKIP LOCKED))
RETURNING id, key, previews, EXISTS (SELECT FROM uploads_upload WHERE uploads_upload.key = uploads_filedeletion.key)
"""


class Outage:
    """What the last round met, for one line in the log per outage: storage away, or files that could not be removed."""

    away = False
    stuck = False


def purge_due() -> int:
    """Remove the files of one chunk of tombstones that are due, then the tombstones; returns how many are done.

    0: nothing is due, none could be removed, or storage is away; what is left is tried again later. One that cannot be
    removed keeps no other.
    """
    taken = fetch_rows(TAKE, {"pause": FIRST_PAUSE, "doublings": LONGEST_DOUBLINGS, "chunk": CHUNK})
    if not taken:
        return 0
    done: list[int] = []
    try:
        _look_for_storage()
        _remove(taken, done)
    except (OSError, EnvironmentalError) as error:
        _report(error)
    else:
        _report(None)
    FileDeletion.objects.filter(id__in=done).delete()
    return len(done)


def _remove(taken: list[tuple[Any, ...]], done: list[int]) -> None:
    """Remove what can be removed, and note in `done` which are. Raises OSError where storage does not answer."""
    stuck: list[OSError] = []
    for id, key, previews, alive in taken:
        try:
            if not alive:
                # The usual previews as well: a process that died after writing them has told no row.
                delete_files(key, {str(side): preview_name(key, side) for side in SIZES} | json.loads(previews))
        except OSError as error:
            if not storage_answers():
                raise
            stuck.append(error)
        else:
            done.append(id)
    if stuck and not Outage.stuck:
        words = "Files of %d deleted pictures cannot be removed and are tried again, others go. The first: %s"
        logger.warning(words, len(stuck), stuck[0])
    Outage.stuck = bool(stuck)


def _look_for_storage() -> None:
    """On a disk that is not mounted every file seems gone already. Raises EnvironmentalError."""
    if isinstance(default_storage, FileSystemStorage) and not storage_answers():
        raise EnvironmentalError("storage.away", "The stored files cannot be reached. Is the media disk mounted?")


def _report(error: Exception | None) -> None:
    """Log one line when storage goes away and one when it is back."""
    if error is not None and not Outage.away:
        logger.warning("Files of deleted pictures stay for now, storage is away: %s", error)
    if error is None and Outage.away:
        logger.info("Storage is back: files of deleted pictures are removed again.")
    Outage.away = error is not None
