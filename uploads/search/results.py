"""Search an owner's pictures, and prepare one page of the result."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from uploads.analysis.base import QueryEncoder
from uploads.models import Upload
from uploads.pagination import Page
from uploads.search.candidates import find_candidates
from uploads.search.filters import filter_pictures
from uploads.search.language import Query
from uploads.search.ranking import Candidate, rank
from uploads.search.reasons import Reason, explain

PICTURES_PER_PAGE = 60
# Without an encoder there are no cosines. A picture then has to contain all words, and none fits halfway.
_ONLY_WORDS = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A picture of the result. `reason` is None if only its look was compared."""

    upload: Upload
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Results:
    """One page of hits and the total number of hits. If nothing matches, the closest pictures instead."""

    page: Page[Upload]
    hits: list[Hit]
    closest: list[Hit]
    total: int


def search(owner_id: int, query: Query, encoder: QueryEncoder | None, page_number: int) -> Results:
    """Return a page of the owner's pictures that answer `query`, best first. `query` must contain words."""
    ranking = rank(find_candidates(owner_id, query, encoder), encoder.hit_fit if encoder else _ONLY_WORDS)
    pages = max(1, -(-len(ranking.hits) // PICTURES_PER_PAGE))
    number = min(max(1, page_number), pages)
    start = (number - 1) * PICTURES_PER_PAGE
    hits = _load(owner_id, query, ranking.hits[start : start + PICTURES_PER_PAGE])
    text = str(query)
    page = Page(
        [hit.upload for hit in hits],
        urlencode({"q": text, "page": number + 1}) if number < pages else "",
        urlencode({"q": text, "page": number - 1}) if number > 1 else "",
    )
    return Results(page, hits, _load(owner_id, query, ranking.closest), len(ranking.hits))


def _load(owner_id: int, query: Query, found: Iterable[Candidate]) -> list[Hit]:
    """Load pictures in the order of `found`. One that was deleted since is left out."""
    ids = [one.upload_id for one in found]
    uploads = filter_pictures(owner_id, query).defer("metadata", "sidecars", "words").in_bulk(ids)
    return [Hit(uploads[id], _reason(query, uploads[id])) for id in ids if id in uploads]


def _reason(query: Query, upload: Upload) -> Reason | None:
    texts = {
        "title": upload.title,
        "caption": upload.caption,
        "description": upload.description,
        "labels": ", ".join(label["name"] for label in upload.labels),
        "keywords": ", ".join(map(str, upload.keywords)),
        "file": upload.filename,
        "camera": upload.camera,
    }
    return explain(query, texts)
