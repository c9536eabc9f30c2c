"""Index new pictures in the background: find their near duplicates, and add their terms to the vocabulary.

Processing a picture only marks it as due, so imports are not slowed down. An interruption only causes a delay, because
pictures stay due until the results are saved.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import QuerySet

from uploads.database import fetch_row, fetch_rows
from uploads.models import Appearance, NearDuplicate, Upload
from uploads.search.vocabulary import add_terms
from uploads.similar.codes import Codes
from uploads.similar.due import MAX_INDEXED
from uploads.similar.rules import PAGES, candidates, is_near_duplicate

CHUNK = 100
"""Pictures per transaction. With more, it would stay open for too long while pictures are compared."""

LOCK = 0x76756D69
# The lock only avoids doing work twice. It belongs to a transaction, so that PostgreSQL frees it soon if the process is
# suspended.
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%(lock)s)"
# One row with all codes takes a fraction of the time and memory of one row per picture.
LIBRARY = """
SELECT string_agg(int8send(upload_id), '' ORDER BY upload_id), string_agg(code, '' ORDER BY upload_id)
  FROM uploads_appearance WHERE owner_id = %(owner)s AND code <> ''
"""
# Compute cosines only for candidates: features are long, and most pictures do not look alike.
COSINES = """
SELECT one.upload_id, other.upload_id, 1 - (one.features <=> other.features)
  FROM unnest(%(ones)s::bigint[], %(others)s::bigint[]) AS pair (one, other)
  JOIN uploads_appearance one ON one.upload_id = pair.one
  JOIN uploads_appearance other ON other.upload_id = pair.other
"""
# Lock the uploads, so that none is deleted before its pairs are saved. All transactions lock uploads in order of id.
LOCK_UPLOADS = "SELECT id FROM uploads_upload WHERE id = ANY(%(ids)s) ORDER BY id FOR KEY SHARE"
INDEXED = """
UPDATE uploads_appearance SET due_at = NULL
  FROM unnest(%(ids)s::bigint[], %(due)s::timestamptz[]) AS done (id, due)
 WHERE upload_id = done.id AND due_at = done.due RETURNING upload_id
"""


class _Due(NamedTuple):
    upload_id: int
    owner_id: int
    code: bytes
    due_at: datetime


class _Library(NamedTuple):
    """The ids and the codes of an owner's pictures."""

    ids: npt.NDArray[np.int64]
    codes: Codes


Pair = tuple[int, int]
"""The ids of two pictures, the smaller one first."""


def index_pictures() -> int:
    """Index up to MAX_INDEXED due pictures, and return how many were indexed. Stop while another process is indexing.

    The codes of an owner's library are read once for all of the owner's due pictures, after these. A picture that is
    processed later is due too, so it will be compared with them.
    """
    if not _try_lock():
        return 0
    due = [_Due(id, owner, bytes(code), at) for id, owner, code, at in due_rows()[:MAX_INDEXED]]
    indexed = 0
    for owner_id, rows in groupby(due, lambda one: one.owner_id):
        library, pictures = _read_library(owner_id), list(rows)
        for start in range(0, len(pictures), CHUNK):
            chunk = pictures[start : start + CHUNK]
            if not _index(owner_id, chunk, library):
                return indexed
            indexed += len(chunk)
    return indexed


def _try_lock() -> bool:
    """Return whether no other process is indexing. In a transaction, this also keeps others from beginning."""
    [locked] = fetch_row(TRY_LOCK, {"lock": LOCK}) or [False]
    return bool(locked)


def _index(owner_id: int, due: Sequence[_Due], library: _Library) -> bool:
    """Index pictures of one owner. Return False if another process is indexing."""
    ids = [one.upload_id for one in due]
    with transaction.atomic():
        if not _try_lock():
            return False
        pairs = _find_pairs(due, library)
        involved = {*ids, *(id for pair in pairs for id in pair)}
        existing = {id for (id,) in fetch_rows(LOCK_UPLOADS, {"ids": sorted(involved)})}
        add_terms(existing & set(ids))
        _save(owner_id, pairs, existing)
        fetch_rows(INDEXED, {"ids": ids, "due": [one.due_at for one in due]})
    return True


def due_rows() -> QuerySet[Appearance, Any]:
    """Return (upload id, owner id, code, `due_at`) for each due picture, ordered by owner."""
    rows = Appearance.objects.filter(due_at__isnull=False).order_by("owner_id", "upload_id")
    return rows.values_list("upload_id", "owner_id", "code", "due_at")


def _read_library(owner_id: int) -> _Library:
    ids, codes = fetch_row(LIBRARY, {"owner": owner_id}) or (None, None)
    return _Library(np.frombuffer(ids or b"", ">i8").astype(np.int64), Codes.read(codes or b""))


def _find_pairs(due: Sequence[_Due], library: _Library) -> list[Pair]:
    """Return the pairs of near duplicates in an owner's library that contain at least one picture in `due`."""
    distances: dict[Pair, int] = {}
    for one in due:
        if one.code:
            for row, distance in candidates(one.code, library.codes):
                other = int(library.ids[row])
                if other != one.upload_id:
                    distances[min(one.upload_id, other), max(one.upload_id, other)] = distance
    if not distances:
        return []
    parameters = {"ones": [one for one, _ in distances], "others": [other for _, other in distances]}
    pages = _pages({id for pair in distances for id in pair})
    return [
        (one, other)
        for one, other, cosine in fetch_rows(COSINES, parameters)
        if is_near_duplicate(distances[one, other], cosine, pages=bool({one, other} & pages))
    ]


def _pages(ids: Collection[int]) -> set[int]:
    rows = Upload.objects.filter(id__in=ids).values_list("id", "labels")
    return {id for id, labels in rows if PAGES.intersection(label["name"] for label in labels)}


def _save(owner_id: int, pairs: Sequence[Pair], existing: Collection[int]) -> None:
    found = [
        NearDuplicate(owner_id=owner_id, first_id=first, second_id=second)
        for first, second in sorted(pairs)
        if first in existing and second in existing
    ]
    NearDuplicate.objects.bulk_create(found, ignore_conflicts=True)
