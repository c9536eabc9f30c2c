"""The search page, its suggestions, and saved searches."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from uploads.models import live_photos
from uploads.pagination import page_number, paginate_by_id
from uploads.search.encoders import owner_encoders
from uploads.search.filters import filter_pictures
from uploads.search.interpretation import Interpretation, interpret
from uploads.search.language import MAX_LENGTH, QueryError
from uploads.search.offers import find_offers
from uploads.search.query import Query
from uploads.search.results import PICTURES_PER_PAGE, SHOWN, Hit, search
from uploads.search.saved import forget_search, save_search, saved_searches
from uploads.search.transaction import SearchTooSlow, search_transaction
from uploads.search.vocabulary import suggest
from uploads.text import storable
from uploads.views.htmx_request import HtmxRequest

COUNTED = 1_000
"""The maximum number of pictures to count for a query that contains only filters."""

KEPT = ("sort", "exact")


@require_safe
@vary_on_headers("HX-Request")
def search_page(request: HtmxRequest) -> HttpResponse:
    """Show the pictures that match the query `q`. For htmx, return only the results.

    If `q` contains only filters, the newest pictures come first. Otherwise, the best hits come first or, with
    `sort=date`, the latest. With `exact=1`, no word is corrected.
    """
    owner_id, text = request.user.pk or 0, request.GET.get("q", "").strip()
    offers = find_offers(owner_id)
    context: dict[str, Any] = {"searched": text, "max_length": MAX_LENGTH, "by_date": _by_date(request)}
    try:
        found = interpret(owner_id, text, exact=request.GET.get("exact") == "1")
        context |= _describe(found) | {"offers": offers.filters(found.searched)}
        in_search = {"in": f"search:{found.searched}"} | ({"sort": "date"} if _by_date(request) else {})
        context["list_parameters"] = urlencode(in_search)
        context |= _find(request, found.searched)
        context["live"] = live_photos(hit.upload for name in ("hits", "closest") for hit in context.get(name, ()))
    except QueryError as error:
        context["error"] = str(error)
    except SearchTooSlow as error:
        context["error"] = error.message
    saved = list(saved_searches(owner_id))
    context |= {"saved": saved, "is_saved": any(one.query == str(context.get("query")) for one in saved)}
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


@require_POST
def change_saved_search(request: HttpRequest) -> HttpResponse:
    """Save the search `q`, or delete it if the parameter `forget` is present."""
    text = storable(request.POST.get("q", ""))
    if "forget" in request.POST:
        forget_search(request.user.pk or 0, text)
    elif not _try_to_save(request, text):
        messages.warning(request, _("This search cannot be saved. Shorten it, or delete a saved search first."))
    return redirect(f"{reverse('search')}?{urlencode({'q': text})}")


def _try_to_save(request: HttpRequest, text: str) -> bool:
    try:
        return save_search(request.user.pk or 0, text)
    except QueryError:
        return False


def _describe(found: Interpretation) -> dict[str, Any]:
    return {
        "query": found.searched,
        "typed": found.typed if found.is_corrected else None,
        "chips": _chips(found.searched),
    }


def _find(request: HttpRequest, query: Query) -> dict[str, Any]:
    owner_id = request.user.pk or 0
    if not query:
        return {}
    if query.alternatives:
        kept = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
        encoders = owner_encoders(owner_id)
        found = search(owner_id, query, encoders, page_number(request.GET), by_date=_by_date(request), kept=kept)
        return {
            "page": found.page,
            "hits": found.hits,
            "closest": found.closest,
            "total": found.total,
            "uncounted": found.more,
            "incomplete": found.incomplete,
        }
    pictures = filter_pictures(owner_id, query)
    with search_transaction():
        # Query only the ids first, so that PostgreSQL can skip pictures that do not match without reading whole rows.
        page = paginate_by_id(pictures.only("id"), request.GET, PICTURES_PER_PAGE, newest_first=True, keep=("q",))
        shown = pictures.only(*SHOWN).in_bulk([row.pk for row in page.rows])
        total = len(pictures.order_by("-id").values_list("id")[: COUNTED + 1])
    return {
        "page": page,
        "hits": [Hit(shown[row.pk], None) for row in page.rows if row.pk in shown],
        "total": min(total, COUNTED),
        "uncounted": total > COUNTED,
    }


def _chips(query: Query) -> list[tuple[str, str]]:
    """Return each filter and excluded term as text, with the query that remains without it."""
    excluded = [(f"-{term}", str(query.without(term))) for term in query.excluded]
    return [*excluded, *((str(one), str(query.without(one))) for one in query.filters)]


def _by_date(request: HttpRequest) -> bool:
    return request.GET.get("sort") == "date"
