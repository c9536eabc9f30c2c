"""Find stored files that belong to no upload, because of a crash or because an older database backup was restored.

Files less than a day old are never reported, because a file is stored shortly before its row is committed. Received
bytes also stay in a partial file until that commit and can be stored again, so no unfinished upload is lost.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils import timezone

from uploads.models import Upload

FOLDERS = ("originals", "previews")
MIN_AGE = timedelta(days=1)
CHUNK = 500
FILE_NAME = re.compile(r"([0-9a-f]{32})(-[0-9]+\.jpg)?")


@dataclass(frozen=True, slots=True)
class OrphanedFile:
    """A file that belongs to no upload; `size` is in bytes."""

    name: str
    size: int


def find_orphaned_files() -> Iterator[OrphanedFile]:
    """Yield the stored files that no row refers to and that are older than a day.

    Folders are listed one at a time, and the database is queried for CHUNK files at a time. The age is checked last, so
    that a file replaced in the meantime counts as new. On disk, a missing top folder counts as empty, and OSError is
    raised if a folder or file cannot be read.
    """
    names = _stored_names()
    while chunk := list(islice(names, CHUNK)):
        keys = {name: _upload_key(name) for name in chunk}
        known = set(Upload.objects.filter(key__in={key for key in keys.values() if key}).values_list("key", flat=True))
        for name, key in keys.items():
            if key not in known and (file := _orphan_if_old(name)):
                yield file


def _stored_names() -> Iterator[str]:
    for top in FOLDERS:
        try:
            folders, _files = default_storage.listdir(top)
        except FileNotFoundError:
            continue
        for folder in folders:
            _folders, files = default_storage.listdir(f"{top}/{folder}")
            for file in files:
                yield f"{top}/{folder}/{file}"


def _upload_key(name: str) -> UUID | None:
    """Return the key in the name of an original or preview, or None for other files, such as temporary ones."""
    match = FILE_NAME.fullmatch(name.rpartition("/")[2])
    return UUID(match[1]) if match else None


def _orphan_if_old(name: str) -> OrphanedFile | None:
    try:
        since = default_storage.get_modified_time(name)
        since = max(since, _created_time(name) or since)
        return OrphanedFile(name, default_storage.size(name)) if timezone.now() - since > MIN_AGE else None
    except FileNotFoundError:
        return None


def _created_time(name: str) -> datetime | None:
    """Return when the file got its name, if known. The modification time is unsuitable: renaming does not change it."""
    try:
        return default_storage.get_created_time(name)
    except NotImplementedError:
        return None
