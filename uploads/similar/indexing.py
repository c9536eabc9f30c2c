"""Index new pictures in the background: find their near duplicates, and add their terms to the vocabulary.

Processing a picture only marks it as due, so imports are not slowed down. One process indexes at a time. An
interruption only causes a delay, because pictures stay due until the results are saved.
"""

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from uploads.database import fetch_row, fetch_rows
from uploads.models import Appearance, NearDuplicate, Upload
from uploads.search.vocabulary import add_terms
from uploads.similar.codes import Codes
from uploads.similar.due import INDEX_CHUNK
from uploads.similar.rules import PAGES, candidates, is_near_duplicate

_LOCK = 0x76756D69
# Compute cosines only for candidates: features are long, and most pictures do not look alike.
COSINES = """
SELECT one.upload_id, other.upload_id, 1 - (one.features <=> other.features)
  FROM unnest(%(ones)s::bigint[], %(others)s::bigint[]) AS pair (one, other)
  JOIN uploads_appearance one ON one.upload_id = pair.one
  JOIN uploads_appearance other ON other.upload_id = pair.other
"""
# Lock the uploads, so that none is deleted before its pairs are saved. All transactions lock uploads in order of id.
LOCK_UPLOADS = "SELECT id FROM uploads_upload WHERE id = ANY(%(ids)s) ORDER BY id FOR KEY SHARE"
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%(lock)s)"
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


Pair = tuple[int, int]
"""The ids of two pictures, the smaller one first."""


def index_chunk() -> int:
    """Index up to INDEX_CHUNK due pictures. Return how many were indexed, or 0 if another process is indexing."""
    with transaction.atomic():
        if not (fetch_row(TRY_LOCK, {"lock": _LOCK}) or [False])[0]:
            return 0
        due = [_Due(id, owner, bytes(code), at) for id, owner, code, at in due_rows()[:INDEX_CHUNK]]
        if not due:
            return 0
        pairs = {owner: _find_pairs(owner, list(group)) for owner, group in groupby(due, lambda one: one.owner_id)}
        involved = {one.upload_id for one in due}.union(*(id for found in pairs.values() for id in found))
        existing = {id for (id,) in fetch_rows(LOCK_UPLOADS, {"ids": sorted(involved)})}
        add_terms(existing & {one.upload_id for one in due})
        _save(pairs, existing)
        fetch_rows(INDEXED, {"ids": [one.upload_id for one in due], "due": [one.due_at for one in due]})
    return len(due)


def due_rows() -> QuerySet[Appearance, Any]:
    """Return (upload id, owner id, code, `due_at`) for each due picture, ordered by owner."""
    rows = Appearance.objects.filter(due_at__isnull=False).order_by("owner_id", "upload_id")
    return rows.values_list("upload_id", "owner_id", "code", "due_at")


def codes_of(owner_id: int) -> QuerySet[Appearance, Any]:
    """Return (upload id, code) for each picture of an owner that has a code."""
    return Appearance.objects.filter(owner_id=owner_id).exclude(code=b"").values_list("upload_id", "code")


def _find_pairs(owner_id: int, due: list[_Due]) -> list[Pair]:
    """Return the owner's pairs of near duplicates that contain at least one picture in `due`."""
    rows = list(codes_of(owner_id))
    ids, codes = [id for id, _ in rows], Codes.read([bytes(code) for _, code in rows])
    distances: dict[Pair, int] = {}
    for one in due:
        if one.code:
            for row, distance in candidates(one.code, codes):
                if ids[row] != one.upload_id:
                    distances[min(one.upload_id, ids[row]), max(one.upload_id, ids[row])] = distance
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


def _save(pairs: dict[int, list[Pair]], existing: Collection[int]) -> None:
    found = [
        NearDuplicate(owner_id=owner, first_id=first, second_id=second)
        for owner, some in pairs.items()
        for first, second in sorted(some)
        if first in existing and second in existing
    ]
    NearDuplicate.objects.bulk_create(found, ignore_conflicts=True)
