"""Files in storage that belong to no picture: left by a crash, or older than the database that was put back.

A file of the last day is never one of them: it may be stored just now, before its row is committed. The bytes of an
unfinished intake lie as a part elsewhere until that commit and are stored anew, so nothing of it is lost.
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
YOUNG = timedelta(days=1)
CHUNK = 500
NAME = re.compile(r"([0-9a-f]{32})(-[0-9]+\.jpg)?")


@dataclass(frozen=True, slots=True)
class OrphanedFile:
    """A file that belongs to no picture; `size` in bytes."""

    name: str
    size: int


def find_orphaned_files() -> Iterator[OrphanedFile]:
    """Yield the files of storage that no row speaks of and that are older than a day.

    Reads one folder of names at a time and asks the database about CHUNK of them. The age is looked at last: a file
    that was stored anew meanwhile is young. Raises OSError when storage is away.
    """
    names = _names()
    while chunk := list(islice(names, CHUNK)):
        keys = {name: _key(name) for name in chunk}
        known = set(Upload.objects.filter(key__in={key for key in keys.values() if key}).values_list("key", flat=True))
        for name, key in keys.items():
            if key not in known and (stray := _old(name)):
                yield stray


def _names() -> Iterator[str]:
    for top in FOLDERS:
        try:
            folders, _files = default_storage.listdir(top)
        except FileNotFoundError:
            continue
        for folder in folders:
            _folders, files = default_storage.listdir(f"{top}/{folder}")
            for file in files:
                yield f"{top}/{folder}/{file}"


def _key(name: str) -> UUID | None:
    """Return the key in the name of an original or a preview; other names, as those of cut off drafts, have none."""
    found = NAME.fullmatch(name.rpartition("/")[2])
    return UUID(found[1]) if found else None


def _old(name: str) -> OrphanedFile | None:
    try:
        since = default_storage.get_modified_time(name)
        since = max(since, _stored(name) or since)
        return OrphanedFile(name, default_storage.size(name)) if timezone.now() - since > YOUNG else None
    except FileNotFoundError:
        return None


def _stored(name: str) -> datetime | None:
    """When the name came to be, where storage knows: a file that is moved keeps the time of its last byte."""
    try:
        return default_storage.get_created_time(name)
    except NotImplementedError:
        return None
