"""The search page and its suggestions."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from uploads.models import SavedSearch, Upload, live_photos
from uploads.pagination import Page, page_number, paginate_by_id, paginate_by_instant
from uploads.search.by_date import pictures_by_date
from uploads.search.encoders import owner_encoders
from uploads.search.filters import filter_pictures
from uploads.search.interpretation import Interpretation, interpret
from uploads.search.language import MAX_LENGTH, QueryError
from uploads.search.offers import find_offers
from uploads.search.options import SearchOptions
from uploads.search.query import Query
from uploads.search.results import PICTURES_PER_PAGE, SHOWN, Hit, search
from uploads.search.saved import saved_searches
from uploads.search.suggestions import suggest
from uploads.search.transaction import SearchTooSlow, search_transaction
from uploads.text import storable
from uploads.views.htmx_request import HtmxRequest

COUNTED = 1_000
"""The maximum number of pictures to count for a query that contains only filters."""


@require_safe
@vary_on_headers("HX-Request")
def search_page(request: HtmxRequest) -> HttpResponse:
    """Show the pictures that match the query `q`. For htmx, return only the results.

    The best hits come first or, if `q` contains only filters, the most recently added pictures. With `sort=date`, the
    latest come first. With `exact=1`, no word is corrected.
    """
    owner_id, text, options = request.user.pk or 0, request.GET.get("q", "").strip(), SearchOptions.of(request.GET)
    offers, saved = find_offers(owner_id), list(saved_searches(owner_id))
    context: dict[str, Any] = {"searched": text, "max_length": MAX_LENGTH, "options": options, "saved": saved}
    try:
        found = interpret(owner_id, text, exact=options.exact)
        context |= _describe(found, options, saved) | {"offers": offers.filters(found.searched)}
        context |= _find(request, found.searched, options)
        context["live"] = live_photos(hit.upload for name in ("hits", "closest") for hit in context.get(name, ()))
    except QueryError as error:
        context["error"] = str(error)
    except SearchTooSlow as error:
        context["error"] = error.message
    if not context.get("hits"):
        context["examples"] = offers.examples()
    template = "uploads/_search_results.html" if request.htmx else "uploads/search.html"
    return render(request, template, context)


@require_safe
def search_suggestions(request: HttpRequest) -> HttpResponse:
    """Return search terms from the user's pictures that complete `q`, as an HTML fragment for the search box."""
    typed = storable(request.GET.get("q", "")[:MAX_LENGTH])
    try:
        with search_transaction():
            found = suggest(request.user.pk or 0, typed)
    except SearchTooSlow:
        found = []
    return render(request, "uploads/_suggestions.html", {"suggestions": found})


def _describe(found: Interpretation, options: SearchOptions, saved: Sequence[SavedSearch]) -> dict[str, Any]:
    query = str(found.searched)
    return {
        "query": found.searched,
        "typed": found.typed if found.is_corrected else None,
        "chips": _chips(found.searched),
        "is_saved": any((one.query, one.exact) == (query, options.exact) for one in saved),
        "list_parameters": urlencode({"in": f"search:{query}", **options.parameters}),
    }


def _find(request: HttpRequest, query: Query, options: SearchOptions) -> dict[str, Any]:
    if query.alternatives:
        return _find_by_words(request, query, options)
    return _find_by_filters(request, query, options) if query else {}


def _find_by_words(request: HttpRequest, query: Query, options: SearchOptions) -> dict[str, Any]:
    owner_id, number = request.user.pk or 0, page_number(request.GET)
    encoders, kept = owner_encoders(owner_id), options.parameters
    found = search(owner_id, query, encoders, number, by_date=options.by_date, kept=kept)
    return {
        "page": found.page,
        "hits": found.hits,
        "closest": found.closest,
        "total": found.total,
        "uncounted": found.more,
        "incomplete": found.incomplete,
    }


def _find_by_filters(request: HttpRequest, query: Query, options: SearchOptions) -> dict[str, Any]:
    pictures = filter_pictures(request.user.pk or 0, query)
    with search_transaction():
        # Query only the ids first, so that PostgreSQL can skip pictures that do not match without reading whole rows.
        page = _filtered_page(request, query, options)
        shown = pictures.only(*SHOWN).in_bulk([row.pk for row in page.rows])
        total = len(pictures.order_by("-id").values_list("id")[: COUNTED + 1])
    return {
        "page": page,
        "hits": [Hit(shown[row.pk], None) for row in page.rows if row.pk in shown],
        "total": min(total, COUNTED),
        "uncounted": total > COUNTED,
    }


def _filtered_page(request: HttpRequest, query: Query, options: SearchOptions) -> Page[Upload]:
    owner_id, size, keep = request.user.pk or 0, PICTURES_PER_PAGE, ("q", *options.parameters)
    if options.by_date:
        rows = pictures_by_date(owner_id, query).only("id")
        return paginate_by_instant(rows, request.GET, size, F("clock"), keep=keep)
    return paginate_by_id(filter_pictures(owner_id, query).only("id"), request.GET, size, newest_first=True, keep=keep)


def _chips(query: Query) -> list[tuple[str, str]]:
    """Return each filter and excluded term as text, with the query that remains without it."""
    excluded = [(f"-{term}", str(query.without(term))) for term in query.excluded]
    return [*excluded, *((str(one), str(query.without(one))) for one in query.filters)]
