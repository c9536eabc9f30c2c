"""Find the pictures before and after a picture in a list, for example in the library or in the results of a search."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from uploads.albums import album_pictures
from uploads.models import UNDATED, Album, Upload, library_pictures
from uploads.pagination import Cursor, compare
from uploads.search.by_date import pictures_by_date
from uploads.search.encoders import owner_encoders
from uploads.search.filters import filter_pictures
from uploads.search.interpretation import interpret
from uploads.search.language import QueryError
from uploads.search.query import Query
from uploads.search.results import ranked_ids
from uploads.search.transaction import SearchTooSlow, search_transaction
from uploads.similar.neighbours import similar_pictures
from uploads.timeline import before_cursor, from_cursor, place_of, timeline_of
from uploads.trash import trashed_pictures

BEFORE, AFTER = 6, 12
"""How many pictures are read before and after the current one."""

_SHOWN = ("id", "owner_id", "key", "kind", "previews", "processed_at", "filename", "duration", "timeline_at",
          "description", "description_model", "description_edited")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The pictures just before and after a picture in a list, in the order of the list.

    `position` is the place of that picture, counted from 1, and `total` is the length of the list. Both are None if
    they are unknown.
    """

    before: list[Upload] = field(default_factory=list)
    after: list[Upload] = field(default_factory=list)
    position: int | None = None
    total: int | None = None

    @property
    def previous(self) -> Upload | None:
        """The previous picture, or None at the beginning of the list."""
        return self.before[-1] if self.before else None

    @property
    def next(self) -> Upload | None:
        """The next picture, or None at the end of the list."""
        return self.after[0] if self.after else None


def in_timeline(upload: Upload) -> Neighbours:
    """Return the neighbours of a picture in its owner's timeline; none if the timeline does not show it."""
    if upload.timeline_at is None:
        return Neighbours()
    rows, cursor = timeline_of(upload.owner_id).only(*_SHOWN), place_of(upload)
    newer, older = before_cursor(rows, cursor)[:BEFORE], from_cursor(rows, cursor)[1 : AFTER + 1]
    return Neighbours(list(newer)[::-1], list(older))


def in_search(text: str, upload: Upload, *, by_date: bool) -> Neighbours:
    """Run the search again, and return the neighbours of a picture in its results, in the order of the pages.

    Return no neighbours if the search is invalid, takes too long, or does not find the picture.
    """
    owner_id = upload.owner_id
    try:
        query = interpret(owner_id, text, exact=True).searched
        if query.alternatives:
            ids = ranked_ids(owner_id, query, owner_encoders(owner_id), by_date=by_date)
            return in_ids(owner_id, ids, upload.pk)
        with search_transaction():
            return _filtered(query, upload, by_date=by_date) if query else Neighbours()
    except (QueryError, SearchTooSlow):
        return Neighbours()


def in_album(album: Album, upload: Upload) -> Neighbours:
    """Return the neighbours of a picture in an album; none if the album does not show it."""
    return in_ids(album.owner_id, list(album_pictures(album).values_list("id", flat=True)), upload.pk)


def in_trash(upload: Upload) -> Neighbours:
    """Return the neighbours of a picture in its owner's trash, the most recently trashed first."""
    if upload.trashed_at is None:
        return Neighbours()
    rows, cursor = trashed_pictures(upload.owner_id).only(*_SHOWN), Cursor(upload.trashed_at, upload.pk)
    newer = rows.filter(compare("trashed_at", ">", cursor)).order_by("trashed_at", "id")[:BEFORE]
    older = rows.filter(compare("trashed_at", "<", cursor)).order_by("-trashed_at", "-id")[:AFTER]
    return Neighbours(list(newer)[::-1], list(older))


def in_similar(first: Upload, upload: Upload) -> Neighbours:
    """Return the neighbours of `upload` in the list that consists of `first` and the pictures similar to `first`."""
    try:
        similar = similar_pictures(first)
    except SearchTooSlow:
        return Neighbours()
    return in_ids(first.owner_id, [first.pk, *(one.pk for one in similar)], upload.pk)


def in_ids(owner_id: int, ids: Sequence[int], upload_id: int) -> Neighbours:
    """Return the neighbours of a picture in the list `ids`. Pictures that the library no longer shows are left out."""
    if upload_id not in ids:
        return Neighbours()
    place = ids.index(upload_id)
    newer, older = ids[max(0, place - BEFORE) : place], ids[place + 1 : place + 1 + AFTER]
    found = library_pictures(owner_id).only(*_SHOWN).in_bulk([*newer, *older])
    return Neighbours(
        [found[id] for id in newer if id in found], [found[id] for id in older if id in found], place + 1, len(ids)
    )


def _filtered(query: Query, upload: Upload, *, by_date: bool) -> Neighbours:
    """Return the neighbours of a picture in the list of pictures that match a query without words."""
    if by_date:
        rows, cursor = pictures_by_date(upload.owner_id, query), Cursor(upload.camera_clock or UNDATED, upload.pk)
        newer, older = rows.filter(compare("clock", ">", cursor)).reverse(), rows.filter(compare("clock", "<", cursor))
    else:
        rows = filter_pictures(upload.owner_id, query).order_by("-id")
        newer, older = rows.filter(id__gt=upload.pk).reverse(), rows.filter(id__lt=upload.pk)
    # Query only the ids first, so that PostgreSQL can skip pictures that do not match without reading whole rows.
    before, after = newer.values_list("id", flat=True)[:BEFORE], older.values_list("id", flat=True)[:AFTER]
    ids = [*reversed(before), upload.pk, *after]
    return replace(in_ids(upload.owner_id, ids, upload.pk), position=None, total=None)
