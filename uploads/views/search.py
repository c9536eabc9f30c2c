"""The search page."""

import re
from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from uploads.models import Upload
from uploads.pagination import paginate_by_id
from uploads.search.encoders import owner_encoders
from uploads.search.filters import filter_pictures
from uploads.search.language import MAX_LENGTH, Query, QueryError, parse_query
from uploads.search.results import PICTURES_PER_PAGE, SHOWN, Hit, search

LATEST_PICTURES = 200
EXAMPLE_LABELS = 5


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Show the pictures that answer `q`; without words in it, those that meet its filters, newest first."""
    text = request.GET.get("q", "").strip()
    context: dict[str, Any] = {"searched": text, "max_length": MAX_LENGTH}
    try:
        query = parse_query(text)
    except QueryError as error:
        context["error"] = str(error)
    else:
        context |= {"query": query, "chips": _chips(query)} | _find(request, query)
    if not context.get("hits"):
        context["examples"] = _example_queries(request.user.pk or 0)
    return render(request, "uploads/search.html", context)


def _find(request: HttpRequest, query: Query) -> dict[str, Any]:
    owner_id = request.user.pk or 0
    if not query:
        return {}
    if query.alternatives:
        found = search(owner_id, query, owner_encoders(owner_id), _page_number(request))
        return {"page": found.page, "hits": found.hits, "closest": found.closest, "total": found.total}
    # Only the ids are read of rows that do not meet the filters, from an index.
    pictures = filter_pictures(owner_id, query)
    page = paginate_by_id(pictures.only("id"), request.GET, PICTURES_PER_PAGE, newest_first=True, keep=("q",))
    uploads = pictures.only(*SHOWN).in_bulk([row.pk for row in page.rows])
    return {"page": page, "hits": [Hit(uploads[row.pk], None) for row in page.rows if row.pk in uploads]}


def _chips(query: Query) -> list[tuple[str, str]]:
    """Return each filter and excluded term as text, with the query that remains without it."""
    excluded = [(f"-{term}", str(query.without(term))) for term in query.excluded]
    return [*excluded, *((str(one), str(query.without(one))) for one in query.filters)]


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 1


def _example_queries(owner_id: int) -> list[str]:
    """Return queries that find something: frequent labels, a camera, a year and a place, if pictures have them."""
    latest = Upload.objects.filter(owner_id=owner_id, processed_at__isnull=False, part_of=None).order_by("-id")
    rows = list(latest.only("labels", "camera", "taken_at", "utc_offset", "latitude", "longitude")[:LATEST_PICTURES])
    labels = Counter(str(label["name"]) for row in rows for label in row.labels)
    cameras = Counter(row.camera.replace('"', " ") for row in rows if row.camera)
    years = Counter(row.camera_time.year for row in rows if row.camera_time)
    examples = [name for name, _ in labels.most_common(EXAMPLE_LABELS)]
    examples += [f'camera:"{name}"' for name, _ in cameras.most_common(1)]
    examples += [f"taken:{year:04}" for year, _ in years.most_common(1)]
    if any(row.latitude is not None and row.longitude is not None for row in rows):
        examples.append("has:place")
    return examples
