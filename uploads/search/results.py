"""Search an owner's pictures, and prepare one page of the result."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import JSONField

from uploads.analysis.base import QueryEncoder
from uploads.database import fetch_rows
from uploads.errors import ProcessingError
from uploads.models import CLOCK, Upload
from uploads.pagination import Page
from uploads.search.candidates import find_candidates
from uploads.search.filters import AnyOf
from uploads.search.query import Query
from uploads.search.ranking import Candidate, Ranking, fuse, rank_alternatives
from uploads.search.reasons import Reason, explain

logger = logging.getLogger(__name__)

PICTURES_PER_PAGE = 60
SHOWN = ("key", "kind", "previews", "processed_at", "duration", "width", "height", "tint", "taken_at", "utc_offset",
         "title", "caption", "description", "description_model", "description_edited", "labels", "keywords",
         "filename", "camera", "place", "text_found")  # fmt: skip
"""The columns of an upload that a page of results shows. The other columns are several times as large."""
# Model.from_db requires the order of the model's fields. With the ORM, loading a page would take half as long again.
_FIELDS = [field for field in Upload._meta.concrete_fields if field.primary_key or field.attname in SHOWN]
_COLUMNS = [field.attname for field in _FIELDS]
_LOADED = frozenset(_COLUMNS)  # from_db() looks up every field of the model, which in a list takes longer
_JSON = {field.attname for field in _FIELDS if isinstance(field, JSONField)}
_LOAD = f"SELECT {', '.join(_COLUMNS)} FROM uploads_upload WHERE owner_id = %(owner)s AND id = ANY(%(ids)s)"  # noqa: S608
# The `hit_fit` of searches without an encoder. There are no cosines, so only pictures with all words are hits.
_ONLY_WORDS = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A picture in the result. `reason` is None if it was found only by its appearance."""

    upload: Upload
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Results:
    """One page of hits and the total number of hits. If there are none, `closest` has the closest pictures.

    If `more`, there are probably more hits than `total`. If `incomplete`, a model did not answer, so pictures that
    match only by appearance may be missing.
    """

    page: Page[Upload]
    hits: list[Hit]
    closest: list[Hit]
    total: int
    more: bool
    incomplete: bool


def search(
    owner_id: int,
    query: Query,
    encoders: Sequence[QueryEncoder],
    page_number: int,
    *,
    by_date: bool = False,
    kept: Mapping[str, str] = MappingProxyType({}),
) -> Results:
    """Return a page of the owner's pictures that match `query`, best first. `query` must contain words.

    `encoders` are the encoders of all models that can search the owner's pictures. If there are none, or while their
    servers fail, only words are searched. If `by_date`, the same hits are sorted by date, the latest first. `kept` are
    the parameters to keep in links to other pages.
    """
    order = _order(owner_id, query, encoders, by_date=by_date)
    total = len(order.hits)
    pages = max(1, -(-total // PICTURES_PER_PAGE))
    number = min(max(1, page_number), pages)
    start = (number - 1) * PICTURES_PER_PAGE
    hits = _load(owner_id, query, order.hits[start : start + PICTURES_PER_PAGE])
    older, newer = (urlencode({"q": str(query), **kept, "page": other}) for other in (number + 1, number - 1))
    page = Page([hit.upload for hit in hits], older if number < pages else "", newer if number > 1 else "")
    closest = _load(owner_id, query, order.ranking.closest)
    return Results(page, hits, closest, total, order.ranking.more, order.incomplete)


def ranked_ids(owner_id: int, query: Query, encoders: Sequence[QueryEncoder], *, by_date: bool) -> list[int]:
    """Return the ids of all hits in their order or, if nothing matches, of the closest pictures. See search()."""
    order = _order(owner_id, query, encoders, by_date=by_date)
    return [one.upload_id for one in order.hits or order.ranking.closest]


class _Order(NamedTuple):
    """A ranking, its hits in the order in which they are shown, and whether a model did not answer."""

    ranking: Ranking
    hits: Sequence[Candidate]
    incomplete: bool


def _order(owner_id: int, query: Query, encoders: Sequence[QueryEncoder], *, by_date: bool) -> _Order:
    rankings = [found for encoder in encoders if (found := _rank(owner_id, query, encoder)) is not None]
    ranking = fuse(rankings or [rank_alternatives(find_candidates(owner_id, query, None), _ONLY_WORDS)])
    hits = _latest_first(owner_id, ranking.hits) if by_date else ranking.hits
    return _Order(ranking, hits, len(rankings) < len(encoders))


def _latest_first(owner_id: int, found: Sequence[Candidate]) -> list[Candidate]:
    ids = AnyOf("id", [one.upload_id for one in found])
    rows = Upload.objects.filter(ids, owner_id=owner_id).order_by(CLOCK.desc(), "-id")
    by_id = {one.upload_id: one for one in found}
    return [by_id[id] for id in rows.values_list("id", flat=True)]


def _rank(owner_id: int, query: Query, encoder: QueryEncoder) -> Ranking | None:
    try:
        return rank_alternatives(find_candidates(owner_id, query, encoder), encoder.hit_fit)
    except ProcessingError as error:
        logger.warning("Searching without one of the models: %s", error)
        return None


def _load(owner_id: int, query: Query, found: Iterable[Candidate]) -> list[Hit]:
    """Load pictures in the order of `found`. Pictures deleted in the meantime are left out."""
    words = {one.upload_id: one.words for one in found}
    if not words:
        return []
    uploads = {row[0]: _upload(row) for row in fetch_rows(_LOAD, {"owner": owner_id, "ids": list(words)})}
    return [
        Hit(uploads[id], _reason(query, uploads[id]) if share else None) for id, share in words.items() if id in uploads
    ]


def _upload(row: tuple[Any, ...]) -> Upload:
    values = [json.loads(value) if name in _JSON else value for name, value in zip(_COLUMNS, row, strict=True)]
    return Upload.from_db("default", _LOADED, values)


def _reason(query: Query, upload: Upload) -> Reason | None:
    texts = {
        "title": upload.title,
        "caption": upload.caption,
        "description": upload.description,
        "labels": ", ".join(label["name"] for label in upload.labels),
        "keywords": ", ".join(map(str, upload.keywords)),
        "file": upload.filename,
        "camera": upload.camera,
        "place": upload.place,
        "text": upload.text_found,
    }
    return explain(query, texts)
