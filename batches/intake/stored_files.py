"""Find out which files on a user's device are already stored, by their SHA-256 and size. Reads only the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef

from batches.models import BatchItem
from batches.models.item import KEEPS_PICTURE
from batches.models.scope import Scope
from batches.models.states import ItemResult
from uploads.models import MediaKind, Upload


class StoredState(StrEnum):
    """Whether the bytes of a file are stored. A sidecar is kept with its import; an archive is not kept."""

    STORED = "stored"
    SIDECAR = "sidecar"
    TRASH = "trash"
    DAMAGED = "damaged"
    ARCHIVE = "archive"
    MISSING = "missing"


SAFE_STATES = frozenset({StoredState.STORED, StoredState.SIDECAR})
"""The states in which the owner no longer needs the local copy of a file."""


@dataclass(frozen=True, slots=True)
class FileDigest:
    """A file as described by the client: the hex digest of its bytes, and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The state of a file, and when its stored bytes were last verified."""

    state: StoredState
    verified_at: datetime | None = None


_MISSING = StoredFile(StoredState.MISSING)
_KEPT_OR_NOT = {ItemResult.SIDECAR: StoredState.SIDECAR, ItemResult.ARCHIVE: StoredState.ARCHIVE}


def find_stored(scope: Scope, files: Sequence[FileDigest]) -> list[StoredFile]:
    """Look up each of `files` among the scope's uploads, sidecars and archives; return the results in the same order.

    Files of imports that are being deleted count as missing. Runs at most two queries, which use the indexes
    upload_once_per_owner and item_digest.
    """
    found = _uploads(scope, {file.sha256 for file in files})
    found |= _other_items(scope, {file.sha256 for file in files if (file.sha256, file.size) not in found})
    return [found.get((file.sha256, file.size), _MISSING) for file in files]


def _uploads(scope: Scope, digests: set[str]) -> dict[tuple[str, int], StoredFile]:
    """Return the states of uploads by digest and size, except uploads that will be deleted together with an import."""
    items = BatchItem.objects.filter(KEEPS_PICTURE, upload_id=OuterRef("pk"))
    deleting, keeping = (items.filter(batch__deleting_since__isnull=kept) for kept in (False, True))
    uploads = Upload.objects.filter(~Exists(deleting) | Exists(keeping), sha256__in=digests)
    rows = scope.filter(uploads.exclude(kind=MediaKind.ARCHIVE))
    found = {}
    columns = ("sha256", "size", "verified_at", "trashed_at", "damage__reason")
    for sha256, size, verified_at, trashed_at, damage in rows.values_list(*columns):
        state = StoredState.DAMAGED if damage else StoredState.TRASH if trashed_at else StoredState.STORED
        found[sha256, size] = StoredFile(state, verified_at)
    return found


def _other_items(scope: Scope, digests: set[str]) -> dict[tuple[str, int], StoredFile]:
    """Return the states of sidecars and archives, which have no upload, by digest and size.

    A sidecar takes precedence over an archive.
    """
    items = scope.items().filter(result__in=_KEPT_OR_NOT, sha256__gt="", sha256__in=digests).order_by("result")
    rows = items.values_list("sha256", "size", "result")
    return {(sha256, size): StoredFile(_KEPT_OR_NOT[ItemResult(result)]) for sha256, size, result in rows}
